"""The graded report: where it is, and as the checks of a rubric see it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from reportgen.errors import UserError

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from reportgen.contract.reader import LoadedResults


class GradingError(UserError):
    """A rubric cannot be collected, or grades cannot be read; the submission is not judged."""


class CheckFailure(Exception):  # noqa: N818 - a verdict, not an error
    """A check did not pass, and why."""


class NotAtHand(Exception):  # noqa: N818 - a verdict, not an error
    """The report lacks what a check looks at."""


@dataclass(frozen=True)
class Report:
    """``results`` as they were read; ``read_page`` gives the text of ``report.html`` of the same build."""

    results: LoadedResults
    read_page: Callable[[], str]

    def array(self, section: str, key: str) -> NDArray[Any]:
        """An array of a section. Raises ``NotAtHand`` without any, ``CheckFailure`` if it is not true."""
        from reportgen.contract.lookup import PointerError

        if self.results.folder is None:
            raise NotAtHand("the arrays are not part of a PDF; grade the build folder")
        try:
            return self.results.array(section, key)
        except PointerError as error:
            raise CheckFailure(error.problem) from None

    def page(self) -> str:
        """The document. Raises ``NotAtHand`` if it did not come along, ``CheckFailure`` if it is missing."""
        if self.results.folder is None:
            raise NotAtHand("report.html is not part of a PDF; grade the build folder")
        try:
            return self.read_page()
        except GradingError as error:
            raise CheckFailure(error.problem) from None


def require(holds: bool, problem: str) -> None:
    """Raise ``CheckFailure`` with ``problem`` unless it ``holds``."""
    if not holds:
        raise CheckFailure(problem)


PAGE = "report.html"

MAX_BYTES = 100 * 2**20

RESULTS = pytest.StashKey["LoadedResults"]()
"""Where a run keeps the results once they are read."""


def locate_report(config: pytest.Config) -> Path:
    """The path named by ``--results``, else the build folder of ``report.toml`` in the current folder, or in
    the root folder of the tests. Raises ``SettingsError`` if that file is wrong.
    """
    given = config.getoption("reportgen_results", None)
    here = config.invocation_params.dir
    if given:
        return here / Path(given).expanduser()
    from reportgen.settings import SETTINGS_FILE, load_settings

    homes = (folder for folder in (here, config.rootpath) if (folder / SETTINGS_FILE).exists())
    return load_settings(folder=next(homes, here)).build


def name_report(config: pytest.Config) -> str:
    """The report's name in the grades: as it was given, or relative to where pytest was called."""
    if RESULTS in config.stash and not config.getoption("reportgen_results", None):
        name = Path(config.stash[RESULTS].name)
        here = config.invocation_params.dir
        return str(name.relative_to(here) if name.is_relative_to(here) else name)
    return str(config.getoption("reportgen_results", None) or "")


def load_report(config: pytest.Config) -> LoadedResults:
    """The results of the report, read once a run. Raises ``UserError`` naming what is missing or wrong."""
    if RESULTS not in config.stash:
        from reportgen.contract.reader import load_results

        config.stash[RESULTS] = load_results(locate_report(config))
    return config.stash[RESULTS]


def read_page(path: Path) -> str:
    """The text of the ``report.html`` that lies in the build folder ``path``, or beside the
    ``results.json`` of that name. Raises ``GradingError`` if it did not come along.
    """
    folder = path if path.is_dir() else path.parent
    if path.is_file() and path.suffix.lower() != ".json":
        raise GradingError(
            f"{path}: a PDF brings its results, but not {PAGE}.",
            "Name the build folder, which holds both.",
        )
    file = folder / PAGE
    # A link of a stranger's could lead to any file of this machine.
    if not file.is_file() or file.is_symlink():
        raise GradingError(f"{file}: is missing, or no plain file.", "Name a whole build folder.")
    try:
        with file.open("rb") as stream:
            data = stream.read(MAX_BYTES + 1)
        if len(data) > MAX_BYTES:
            raise GradingError(f"{file}: more than {MAX_BYTES} bytes.", "Name a report that reportgen wrote.")
        return data.decode("utf-8")
    except OSError as error:
        raise GradingError(f"{file}: cannot be read: {error.strerror}.", "Check who may read it.") from None
    except UnicodeDecodeError as error:
        raise GradingError(f"{file}: is not UTF-8 text: {error}.", "Build the report again.") from None
