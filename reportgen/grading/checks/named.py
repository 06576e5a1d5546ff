"""A check that a rubric may name."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from reportgen.grading.report import Report


@dataclass(frozen=True)
class NamedCheck:
    """``cases`` gives what the check goes through in a report, ``judge`` looks at one of them."""

    cases: Callable[[Report], list[str]]
    judge: Callable[[Report, str], None]

    @property
    def meaning(self) -> str:
        """What passes, in a sentence."""
        return " ".join((self.judge.__doc__ or "").split())
