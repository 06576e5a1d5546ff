"""What tests need of the machine: without it they are skipped with their reason, or fail with TOOLS=yes."""

from __future__ import annotations

import os
import shutil
from typing import NoReturn

import pytest

from reportgen.system.libraries import can_print

PRINTED = {"paper", "text"}
"""The fixtures that hold what was printed."""


def missing(reason: str) -> NoReturn:
    """Skip the test because the machine lacks something; where everything was to be installed, it fails."""
    if is_complete():
        pytest.fail(f"{reason}, and with TOOLS=yes it should be here")
    pytest.skip(reason)


def is_complete() -> bool:
    """Whether nothing may be missing."""
    return os.environ.get("TOOLS") == "yes"


def find_tool(*names: str, package: str) -> str:
    """The path of the first of these programs that is here; without any the test is skipped or fails."""
    found = next((path for name in names if (path := shutil.which(name))), None)
    return found or missing(f"no {names[0]} on this machine (package {package})")


def has_terminals() -> bool:
    """Whether programs can be given a pseudo-terminal here; a bare chroot has none."""
    try:
        for end in os.openpty():
            os.close(end)
    except OSError:
        return False
    return True


def skip_what_prints(items: list[pytest.Item]) -> None:
    """Mark the tests that read a printed report as such; skip all that print where that cannot be done."""
    for item in items:
        values = getattr(item, "callspec", None)
        fixtures = set(getattr(item, "fixturenames", ())) - set(values.params if values else ())
        if PRINTED & fixtures:
            item.add_marker(pytest.mark.prints)
    if can_print():
        return
    reason = "no Pango on this machine, so nothing can be printed"
    lacking = [item for item in items if item.get_closest_marker("prints")]
    if lacking and is_complete():
        raise pytest.UsageError(f"{reason}, and with TOOLS=yes it should be here")
    for item in lacking:
        item.add_marker(pytest.mark.skip(reason=reason))
