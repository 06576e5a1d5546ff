"""What can go wrong with grading itself, not with what is graded."""

from __future__ import annotations

from reportgen.errors import UserError


class GradingError(UserError):
    """A rubric cannot be collected, or grades cannot be read; nothing is said about the submission."""
