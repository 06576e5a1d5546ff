"""Installs the system packages that the PDF and the tests need, before make computes anything.

``python -m reportgen.system.setup`` is for the Makefile only; the command ``reportgen`` installs nothing.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import shutil
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from reportgen.system.libraries import (
    CHROMIUM,
    POPPLER,
    Manager,
    find_manager,
    find_missing,
    name_wanted,
    propose_remedy,
)

INCOMPLETE = 3
"""The exit code if something is still missing and make should go on all the same."""

_PROGRAMS = {
    CHROMIUM: ("chromium", "chromium-browser", "google-chrome", "chrome"),
    POPPLER: ("pdftotext",),
}
_LAST_LINES = 5

Permission = Literal["", "yes", "no"]


@dataclass(frozen=True)
class SetupOptions:
    """Options of the set-up. ``permission`` is make's SYSTEM: yes, no, or "" for the usual.

    ``tools``: also what the tests look at documents with. ``announce``: say what is missing although nothing
    is done about it. ``memory``: a file that remembers what the user did not want to be asked again.
    """

    permission: Permission = ""
    tools: bool = False
    announce: bool = False
    memory: Path | None = None


def main(arguments: Sequence[str] | None = None) -> int:
    """Set up and return the exit code: 0 if nothing is missing any more, else ``INCOMPLETE``."""
    parser = argparse.ArgumentParser(prog="reportgen.system.setup")
    parser.add_argument("--permission", choices=("", "yes", "no"), default="")
    parser.add_argument("--tools", action="store_true")
    parser.add_argument("--announce", action="store_true")
    parser.add_argument("--memory", type=Path)
    return set_up(SetupOptions(**vars(parser.parse_args(arguments))))


def set_up(wishes: SetupOptions) -> int:
    """Find what is missing, install it if that is allowed, and say so in one line. Nothing is an error."""
    missing = _find_lacking(wishes)
    if not missing:
        return 0
    manager = find_manager()
    packages = manager.choose_packages(missing) if manager else []
    if manager and packages and _is_allowed(manager, packages, wishes):
        _install(manager, packages)
        # Looked for once more: an installation may fail, or bring some of it only.
        if not (missing := _find_lacking(wishes)):
            return 0
    elif wishes.announce:
        _say(f"reportgen: this machine has no {', '.join(missing)}. {propose_remedy(missing)}")
    return INCOMPLETE


def _find_lacking(wishes: SetupOptions) -> list[str]:
    tools = [
        tool for tool, programs in _PROGRAMS.items() if wishes.tools and not any(map(shutil.which, programs))
    ]
    return name_wanted(find_missing()) + tools


def _is_allowed(manager: Manager, packages: Sequence[str], wishes: SetupOptions) -> bool:
    """Whether to install: root may; another user is asked, if there is somebody to ask."""
    is_root = os.geteuid() == 0
    # Without sudo an ordinary user can only be shown the command, even after agreeing.
    able = manager.as_user or is_root or shutil.which("sudo") is not None
    if wishes.permission == "no" or not able:
        return False
    if wishes.permission == "yes" or (is_root and not manager.as_user):
        return True
    if not (sys.stdin.isatty() and sys.stderr.isatty()) or _was_declined(packages, wishes):
        return False
    return _ask(manager, packages, wishes)


def _ask(manager: Manager, packages: Sequence[str], wishes: SetupOptions) -> bool:
    _say("The PDF needs packages of this system. This would install them:")
    _say(f"  {manager.line(packages)}")
    sys.stderr.write("Run it now? [y/N] ")
    sys.stderr.flush()
    agreed = sys.stdin.readline().strip().casefold() in ("y", "yes")
    if not agreed and wishes.memory:
        with contextlib.suppress(OSError):
            # The packages, not a yes or no: if others are missing later, that is another question.
            wishes.memory.write_text(" ".join(sorted(packages)), encoding="utf-8")
    return agreed


def _was_declined(packages: Sequence[str], wishes: SetupOptions) -> bool:
    """Whether the user has declined the same packages before."""
    try:
        return wishes.memory is not None and wishes.memory.read_text("utf-8") == " ".join(sorted(packages))
    # Nobody has been asked yet.
    except OSError:
        return False


def _install(manager: Manager, packages: Sequence[str]) -> None:
    """Run the package manager; what it prints is shown only if it fails."""
    _say(f"Installing {' '.join(packages)} with {manager.program}, for the PDF (SYSTEM=no forbids it).")
    # Or Debian's tools would ask, and wait for answers, in what is not shown.
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    for command in manager.commands(packages):
        done = subprocess.run(
            [*manager.prefix, *command],
            env=environment,
            stdin=None if manager.prefix else subprocess.DEVNULL,  # sudo may ask for a password
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
        )
        # An update that fails for one of many sources is no reason not to try.
        if done.returncode and command != manager.refresh:
            _say("\n".join(f"  {line}" for line in done.stdout.splitlines()[-_LAST_LINES:]))
            _say(f"reportgen: that failed. By hand: {manager.line(packages)}")


def _say(line: str) -> None:
    sys.stderr.write(f"{line}\n")
    sys.stderr.flush()


if __name__ == "__main__":
    sys.exit(main())
