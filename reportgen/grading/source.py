"""Locates the graded report, its results and its page."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from reportgen.contract.reader import LoadedResults
    from reportgen.grading.report import Rebuilt, Report, Supplement

PAGE = "report.html"
# The page on 266 photographs has 5 MB.
MAX_BYTES = 100 * 2**20
RESULTS = pytest.StashKey["LoadedResults"]()
"""Where a run keeps the results once they are read."""


SUPPLEMENT = pytest.StashKey["Supplement"]()
"""Where a run keeps what a grader gave it besides."""


def find_supplement(config: pytest.Config) -> Supplement:
    """What a grader gave to this run besides the report."""
    from reportgen.grading.report import NOTHING_MORE

    return config.stash.get(SUPPLEMENT, NOTHING_MORE)


def locate_report(config: pytest.Config) -> Path:
    """The path named by ``--results``, else the build folder of ``report.toml`` in the current folder, or in
    the root folder of the tests. Raises ``SettingsError`` if that file is wrong.
    """
    chosen = config.getoption("reportgen_results", None)
    here = config.invocation_params.dir
    if chosen:
        return here / Path(chosen).expanduser()
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
    results, rebuilt = config.stash[RESULTS], find_supplement(config).rebuilt
    if rebuilt is not None and rebuilt.results is not None:
        # Numbers stay those that were handed in; only what a PDF cannot carry is lent.
        results.borrow_arrays(rebuilt.results, rebuilt.missing)
    return results


def make_report(config: pytest.Config) -> Report:
    """The report as checks see it. Raises ``UserError`` naming what is missing or wrong."""
    from reportgen.grading.commentary import read_commentary
    from reportgen.grading.report import Report

    path, results, supplement = locate_report(config), load_report(config), find_supplement(config)
    report = Report(results, partial(read_page, path), partial(read_commentary, path), supplement.manual)
    rebuilt = supplement.rebuilt
    if rebuilt is None:
        return report
    if rebuilt.results is None:
        return replace(report, reason=rebuilt.reason)
    spare = replace(
        report, results=rebuilt.results, read_page=partial(_give_page, rebuilt), missing=rebuilt.missing
    )
    return replace(report, rebuilt=spare)


def _give_page(rebuilt: Rebuilt) -> str:
    from reportgen.grading.report import NotAvailable

    if not rebuilt.page:
        raise NotAvailable(f"the document could not be taken from the recomputation: {rebuilt.reason}")
    return rebuilt.page


def read_page(path: Path) -> str:
    """The text of the ``report.html`` that lies in the build folder ``path``, or beside the
    ``results.json`` of that name. Raises ``GradingError`` if it did not come along.
    """
    from reportgen.grading.report import GradingError

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
        from reportgen.store.files import cannot_be_read

        raise GradingError(cannot_be_read(file, error), "Check who may read it.") from None
    except UnicodeDecodeError as error:
        raise GradingError(f"{file}: is not UTF-8 text: {error}.", "Build the report again.") from None
