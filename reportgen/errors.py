"""The errors a user may cause, each naming the file, the value and the remedy."""

from __future__ import annotations

from collections.abc import Sequence


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

    exit_code = 1


class StoppedError(Exception):
    """The user stopped the work with Ctrl-C."""
