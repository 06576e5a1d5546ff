"""Internal faults of reportgen: reported in two lines, with an exit code that no verdict uses."""

from __future__ import annotations

import contextlib
import os
import sys
import traceback
from collections.abc import Iterator
from pathlib import Path
from types import TracebackType

FAULT = 70
"""The exit code of a command that met a fault of ours; EX_SOFTWARE of sysexits.h."""

TRACEBACK = "REPORTGEN_TRACEBACK"
"""The variable with which the whole trace is printed, too."""

FAULT_WORDS = "reportgen: this is a fault of reportgen itself"

DISTRIBUTION = "cnn-reportgen"
"""The name of the distribution: on PyPI the name reportgen belongs to another project."""

_PACKAGE = Path(__file__).resolve().parent
_LONGEST = 300
# Every project labels its addresses as it likes; the best place for a report first.
_TRACKERS = ("issues", "issue tracker", "bug tracker", "bugs", "tracker", "repository", "source", "homepage")
_NOBODY_KNOWN = "whoever maintains your copy (README.md, “Reporting a fault”)"


@contextlib.contextmanager
def telling_faults() -> Iterator[None]:
    """End the process with :data:`FAULT` and two lines if anything but an exit or Ctrl-C is raised."""
    try:
        yield
    # Not BaseException: exits and Ctrl-C are no faults.
    except Exception as error:
        tell_fault(error)
        sys.exit(FAULT)


def tell_fault(error: BaseException) -> None:
    """Print a fault to standard error, with the trace if it was asked for."""
    if os.environ.get(TRACEBACK):
        traceback.print_exception(error)
    sys.stderr.write(f"{FAULT_WORDS} ({describe_fault(error)}).\n  → {report_line()}\n")
    sys.stderr.flush()


def describe_fault(error: BaseException) -> str:
    """The error, and the line of reportgen that it came out of, as one line."""
    words = " ".join(str(error).split())
    text = f"{type(error).__name__}: {words[:_LONGEST]}" if words else type(error).__name__
    location = find_location(error.__traceback__)
    return f"{text}, in {location}" if location else text


def find_location(trace: TracebackType | None) -> str:
    """The innermost of reportgen's own lines in a trace, as ``reportgen/export.py, line 7``; "" if none."""
    for frame in reversed(traceback.extract_tb(trace)):
        file = Path(frame.filename)
        if file.is_relative_to(_PACKAGE):
            return f"{file.relative_to(_PACKAGE.parent).as_posix()}, line {frame.lineno}"
    return ""


def is_ours(trace: TracebackType | None) -> bool:
    """Whether the innermost line of a trace is reportgen's own."""
    frames = traceback.extract_tb(trace)
    return bool(frames) and Path(frames[-1].filename).is_relative_to(_PACKAGE)


def report_line() -> str:
    """Where to report a fault, as a line for the user: what the installed package names, if it does."""
    return (
        f"Please report it to {_find_tracker() or _NOBODY_KNOWN}, with the command and what it prints when "
        f"{TRACEBACK}=1 is set. Nothing that was made before is lost."
    )


def _find_tracker() -> str:
    from importlib import metadata

    try:
        urls = metadata.metadata(DISTRIBUTION).get_all("Project-URL") or []
    # A checkout may run without being installed.
    except metadata.PackageNotFoundError:
        return ""
    named = {label.strip().lower(): url.strip() for label, _, url in (line.partition(",") for line in urls)}
    return next((named[label] for label in _TRACKERS if label in named), "")
