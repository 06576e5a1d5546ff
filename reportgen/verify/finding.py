"""Findings of a verification: one row for each check."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    from reportgen.grading.score import Grades

Subject = Literal["attachment", "settings", "images", "numbers", "arrays", "text", "pages", "page", "figures"]
"""The subject of a row: ``pages`` are those of the PDF, ``page`` is report.html."""

Status = Literal["confirmed", "differs", "not recomputable"]


@dataclass(frozen=True)
class Finding:
    """The result of one check. ``pointer`` is the location of a number in ``results.json``, or names a
    file, a page or a setting; ``submitted`` and ``recomputed`` are JSON values, None where there is none.
    """

    subject: Subject
    pointer: str
    status: Status
    submitted: Any = None
    recomputed: Any = None
    reason: str = ""


Findings = Iterator[Finding]

NO_CONSEQUENCE = "does not follow from the report's own numbers"
"""The reason of a row for a value that others of the same document contradict."""


@dataclass(frozen=True)
class Verification:
    """Everything confirmed, different or not recomputable in the report ``submission`` on the images
    in ``data``. ``notes`` are not faults; ``grades`` are the points, if a rubric was given.
    """

    submission: str
    data: str
    rows: tuple[Finding, ...]
    notes: tuple[str, ...] = ()
    grades: Grades | None = None

    @property
    def confirmed(self) -> bool:
        """Whether nothing differs."""
        return not self.of("differs")

    @property
    def complete(self) -> bool:
        """Whether everything could be recomputed."""
        return not self.of("not recomputable")

    def of(self, status: Status) -> list[Finding]:
        """The rows with that status."""
        return [row for row in self.rows if row.status == status]


def judge(
    subject: Subject, pointer: str, agrees: bool, submitted: Any, recomputed: Any, reason: str = ""
) -> Finding:
    """A row that is confirmed if the two values agree; ``reason`` says why they do or do not."""
    status: Status = "confirmed" if agrees else "differs"
    return Finding(subject, pointer, status, submitted, recomputed, reason)
