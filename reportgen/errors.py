"""Errors that a user may cause. Each names the file, the value and the remedy."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


class UserError(Exception):
    """Something the user can mend: bad data, a bad setting, a missing file.

    ``problem`` names the file and the value, ``remedy`` says what to do about it. The command line
    prints both and exits with ``exit_code``; nothing that was built before is touched.
    """

    exit_code = 2

    def __init__(self, problem: str, remedy: str) -> None:
        super().__init__(f"{problem}\n{remedy}")
        self.problem = problem
        self.remedy = remedy


@dataclass(frozen=True)
class Problem:
    """One of several problems: ``line`` says in one line what and where, ``remedy`` what to do
    about it, in a sentence.
    """

    line: str
    remedy: str


class PreflightError(UserError):
    """All problems that were found before anything is computed; ``problems`` has at least one."""

    def __init__(self, problems: Sequence[Problem]) -> None:
        remedies = list(dict.fromkeys(problem.remedy for problem in problems))
        # What helps against all of them is said once.
        if len(remedies) == 1:
            super().__init__("\n".join(problem.line for problem in problems), remedies[0])
        else:
            lines = [f"{problem.line} {problem.remedy}" for problem in problems]
            super().__init__("\n".join(lines), "Mend all of these; nothing was computed.")
        self.problems = tuple(problems)


class DataError(UserError):
    """The image folder is not what the report needs; ``problems`` has one line for each bad file."""

    def __init__(self, problems: Sequence[str], remedy: str) -> None:
        super().__init__("\n".join(problems), remedy)
        self.problems = tuple(problems)


class SettingsError(UserError):
    """``report.toml`` has an unknown key, a wrong type or a value out of range."""


class WeightsError(UserError):
    """The weights of VGG19 are missing, damaged or of another network."""


class ExplanationError(UserError):
    """A gradient could not be proven to be the guided one, so no picture is made of it."""


class RenderError(UserError):
    """The document could not be made whole: an image, a font or a reference is missing."""

    # Not 2, which says that data, settings or rubric are wrong.
    exit_code = 1


class CommentaryError(RenderError):
    """The author's own words have a formula, a reference or a value that is not right."""


class FontMissingError(RenderError):
    """No font of the report or of this machine has a character that is to be printed."""


class StoppedError(Exception):
    """The user stopped the work with Ctrl-C."""
