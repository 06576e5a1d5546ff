"""From results to points: checks, their scores, and export files for other programs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from reportgen.grading.formula import check_close

__all__ = ["check_close"]


def __getattr__(name: str) -> Any:
    # The plugin below is loaded by every pytest of this Python, so this file loads nothing.
    if name == "check_close":
        from reportgen.grading.formula import check_close

        return check_close
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
