"""Grades one report with rubrics, in this process and independently of any pytest configuration."""

from __future__ import annotations

import contextlib
import io
import os
import shlex
import sys
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

import pytest

from reportgen.errors import UserError
from reportgen.faults import is_ours
from reportgen.grading.exports import Exports as Exports
from reportgen.grading.exports import remove_exports
from reportgen.grading.report import NOTHING_MORE, Supplement
from reportgen.grading.report import GradingError as GradingError
from reportgen.grading.score import Grades

if TYPE_CHECKING:
    from reportgen.contract.reader import LoadedResults
    from reportgen.outline.kind import ReportKind


_RUBRICS = pytest.StashKey[tuple[Path, ...]]()


class RubricsOnly:
    """A plugin that goes from the root of a run straight to the rubrics, by their resolved ``files``.

    pytest lists every folder on its way to a file that is named. A rubric may lie beside what groups handed
    in, and the process of one group may not even read the names of the others.
    """

    def __init__(self, files: Sequence[Path]) -> None:
        self._files = tuple(dict.fromkeys(files))

    def pytest_configure(self, config: pytest.Config) -> None:
        config.stash[_RUBRICS] = self._files

    @pytest.hookimpl(tryfirst=True)
    def pytest_collect_directory(self, path: Path, parent: pytest.Collector) -> pytest.Collector:
        folder: pytest.Collector = _Folder.from_parent(parent, path=path)
        return folder


class _Folder(pytest.Directory):
    """A folder that has nothing in it but rubrics, and folders that lead to some."""

    def collect(self) -> Iterable[pytest.Item | pytest.Collector]:
        inside = [file for file in self.config.stash[_RUBRICS] if file.is_relative_to(self.path)]
        for path in dict.fromkeys(self.path / file.relative_to(self.path).parts[0] for file in inside):
            if path in inside:
                yield from self.ihook.pytest_collect_file(file_path=path, parent=self)
            elif folder := self.ihook.pytest_collect_directory(path=path, parent=self):
                yield folder


NO_EXPORTS = Exports()
_ENVIRONMENT = "PYTEST_"
_LONGEST = 2000
# pytest's exit code for a run without tests.
_NO_TESTS = 5


class _Messenger:
    """Hands the results to the run, so that they are read once, and takes the grades from it."""

    def __init__(self, results: LoadedResults | None, supplement: Supplement = NOTHING_MORE) -> None:
        self._results, self._supplement = results, supplement
        self.grades: Grades | None = None
        self.interrupted = False
        self.uncollected: list[str] = []
        self.refused: dict[str, UserError] = {}
        self.fault: BaseException | None = None

    def pytest_configure(self, config: pytest.Config) -> None:
        from reportgen.grading.source import RESULTS, SUPPLEMENT

        config.stash[SUPPLEMENT] = self._supplement
        if self._results is not None:
            config.stash[RESULTS] = self._results

    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        from reportgen.grading.outcomes import describe_report

        if report.failed:
            # A rubric says itself which file it is.
            refused = self.refused.get(report.nodeid)
            told = refused.problem if refused else f"{report.nodeid}: {describe_report(report)}"
            self.uncollected.append(told)

    def pytest_keyboard_interrupt(self, excinfo: pytest.ExceptionInfo[BaseException]) -> None:
        self.interrupted = excinfo.type is KeyboardInterrupt

    def pytest_exception_interact(
        self, node: pytest.Item | pytest.Collector, call: pytest.CallInfo[None]
    ) -> None:
        from reportgen.grading.rubric_file import RubricCase, RubricFile, is_verdict

        # What pytest makes of a rubric's error has lost where the problem ends and the remedy begins.
        cause = call.excinfo.value.__context__ if call.excinfo else None
        if isinstance(node, RubricFile) and isinstance(cause, UserError):
            self.refused[node.nodeid] = cause
        if isinstance(node, RubricCase) and call.excinfo and not is_verdict(call.excinfo.value):
            self.fault = self.fault or call.excinfo.value

    def pytest_internalerror(self, excinfo: pytest.ExceptionInfo[BaseException]) -> None:
        # A conftest.py of the rubric may break pytest as well, and that is no fault of ours.
        if is_ours(excinfo.tb):
            self.fault = self.fault or excinfo.value

    def pytest_unconfigure(self, config: pytest.Config) -> None:
        from reportgen.grading.session import GRADES

        self.grades = config.stash.get(GRADES, None)


def grade(
    submission: Path,
    rubrics: Sequence[Path],
    *,
    exports: Exports = NO_EXPORTS,
    show: bool = True,
    kind: ReportKind | None = None,
    supplement: Supplement = NOTHING_MORE,
) -> Grades:
    """Grade a build folder, ``results.json`` or PDF by ``rubrics``, Python files of tests or TOML tables.

    With ``kind`` its sections are understood, and no others; without it, those that are installed here.
    ``supplement`` is what a grader knows besides: the time of submission, points given by hand, and what was
    recomputed of the report.

    pytest runs in this process as if called in an empty folder: no configuration file, no options or plugins
    from the environment, no plugin but ours and what the rubrics bring, no cache. Only the rubrics are
    collected, with the ``conftest.py`` of their own folders; nothing that lies in the submission is. The
    table is printed with ``show``; the rubrics' own output never is.

    Raises ``SubmissionError`` or ``PointerError`` if the report cannot be read, ``GradingError`` if a rubric
    cannot be collected or the run breaks; the files then say what is missing. ``StorageError`` if one of
    them cannot be written.
    """
    from reportgen.contract.reader import load_results

    # Before anything can fail: what is found there afterwards is of this run.
    remove_exports(exports)
    files = [_checked(rubric, submission) for rubric in rubrics]
    if not files:
        raise GradingError("No rubric is named, so nothing can be graded.", "Name a rubric.")
    messenger = _Messenger(load_results(submission, kind), supplement)
    with tempfile.TemporaryDirectory(prefix="reportgen-") as aside:
        # pytest writes this file in place, and a run that dies would leave a part of it.
        junit = Path(aside) / "junit.xml"
        code, output = _run(_arguments(submission, files, exports, junit), files, messenger)
        if exports.junit is not None and junit.exists():
            from reportgen.store.files import write_atomically, writing

            with writing(exports.junit):
                write_atomically(exports.junit, junit.read_bytes())
    if messenger.interrupted:
        raise KeyboardInterrupt
    if messenger.fault is not None:
        # What a check of ours that broke would cost is nobody's loss of points.
        remove_exports(exports)
        raise messenger.fault
    # By code 1 pytest says that tests failed, which is a result.
    if messenger.grades is None or messenger.uncollected or code not in (0, 1):
        _refuse(code, output, messenger)
    if show:
        _show(messenger.grades)
    return messenger.grades


def check_tests(rubrics: Sequence[Path]) -> None:
    """Collect the tests of those ``rubrics`` that are Python files, and run none.

    Raises ``GradingError`` if one cannot be imported or has no tests.
    """
    files = [rubric.resolve() for rubric in rubrics if rubric.suffix == ".py"]
    messenger = _Messenger(None)
    for file in files:
        code, output = _run([*_options([file]), "--collect-only", "--", str(file)], [file], messenger)
        if messenger.interrupted:
            raise KeyboardInterrupt
        if code == _NO_TESTS:
            raise GradingError(f"{file}: has no test.", "Write functions whose names begin with 'test_'.")
        if messenger.uncollected or code:
            _refuse(code, output, messenger)


def list_read(rubrics: Sequence[Path]) -> list[Path]:
    """What running ``rubrics`` reads: tables, folders around tests of pytest, and what pytest loads on its
    way to them, which is the ``conftest.py`` and ``__init__.py`` of folders further up.
    """
    files = [rubric.resolve() for rubric in rubrics]
    read = [file.parent if file.suffix == ".py" else file for file in files]
    for file in files if any(file.suffix == ".py" for file in files) else ():
        for folder in file.parent.parents:
            package = folder / "__init__.py"
            inside = folder.is_relative_to(_find_root(files))
            read += [each for each in (package, folder / "conftest.py") if inside or each == package]
    return [path for path in dict.fromkeys(read) if path.exists()]


def _checked(rubric: Path, submission: Path) -> Path:
    if not rubric.is_file():
        raise GradingError(f"{rubric}: is no file.", "Name a rubric: a TOML table or a Python file of tests.")
    file = rubric.resolve()
    if submission.is_dir() and file.is_relative_to(submission.resolve()):
        raise GradingError(
            f"{rubric}: lies in the submission {submission}, whose files are not run.",
            "Keep the rubric somewhere else.",
        )
    return file


def _options(files: Sequence[Path]) -> list[str]:
    """The options of pytest that keep everything but the rubrics out of a run."""
    root = _find_root(files)
    # importlib: two rubrics of one file name do not shadow each other among the modules.
    # An empty file of configuration, since pytest would look for one in all folders above; and no conftest.py
    # beyond the root.
    options = [f"--rootdir={root}", f"--confcutdir={root}", "-c", os.devnull, "--import-mode=importlib"]
    # The last of these would go through all memory of this process five times, to warn of lost exceptions.
    off = ("cacheprovider", "faulthandler", "unraisableexception")
    options += [*(f"-pno:{name}" for name in off), "--color=no"]
    python = dict.fromkeys(file.parent for file in files if file.suffix == ".py")
    # A test may import modules next to it, as with pytest's default import mode.
    # Tables run no code, so a conftest.py that happens to lie beside one is not run either.
    options += [f"--override-ini=pythonpath={shlex.join(map(str, python))}"] if python else ["--noconftest"]
    return options


def _find_root(files: Sequence[Path]) -> Path:
    return Path(os.path.commonpath([file.parent for file in files]))


def _arguments(submission: Path, files: Sequence[Path], exports: Exports, junit: Path) -> list[str]:
    named = {"gradescope": exports.gradescope, "grades-csv": exports.csv, "grades-json": exports.json}
    named |= {"grades-md": exports.markdown, "junitxml": junit if exports.junit else None}
    written = [f"--{option}={file.absolute()}" for option, file in named.items() if file is not None]
    return [*_options(files), f"--results={submission}", *written, "--", *map(str, files)]


def _run(arguments: list[str], files: Sequence[Path], messenger: _Messenger) -> tuple[int, str]:
    import pytest

    from reportgen.grading import plugin

    output = io.StringIO()
    with (
        _own_environment(),
        _own_modules([file.parent for file in files]),
        contextlib.redirect_stdout(output),
        contextlib.redirect_stderr(output),
    ):
        # The plugin is handed over, for autoloading by entry points, which would bring it, is off.
        code = int(pytest.main(arguments, plugins=[plugin, messenger, RubricsOnly(files)]))
    return code, output.getvalue()


@contextlib.contextmanager
def _own_environment() -> Iterator[None]:
    """Hide pytest's environment variables from it; there is no option for that.

    Nothing is written next to a rubric, as compiled modules would be. A run of pytest around this one keeps
    its own variables.
    """
    writes_none, sys.dont_write_bytecode = sys.dont_write_bytecode, True
    # Also those that a pytest around this one has set for the test that it is running.
    kept = {name: os.environ.pop(name) for name in list(os.environ) if name.startswith(_ENVIRONMENT)}
    os.environ["PYTEST_DISABLE_PLUGIN_AUTOLOAD"] = "1"
    try:
        yield
    finally:
        for name in [name for name in os.environ if name.startswith(_ENVIRONMENT)]:
            del os.environ[name]
        os.environ.update(kept)
        sys.dont_write_bytecode = writes_none


@contextlib.contextmanager
def _own_modules(folders: Sequence[Path]) -> Iterator[None]:
    """Forget the modules of the rubrics afterwards: another run may bring others of the same name."""
    before, path = set(sys.modules), list(sys.path)
    try:
        yield
    finally:
        sys.path[:] = path
        for name in set(sys.modules) - before:
            file = getattr(sys.modules[name], "__file__", None)
            # A folder without __init__.py is a module without a file.
            # Libraries that the rubric imported stay: some, as NumPy, cannot be imported twice in a process.
            if file is None or any(Path(file).is_relative_to(folder) for folder in folders):
                del sys.modules[name]


def _refuse(code: int, output: str, messenger: _Messenger) -> NoReturn:
    remedy = "Correct the rubric; 'pytest RUBRIC --results SUBMISSION' shows more."
    if messenger.uncollected:
        own = {error.remedy for error in messenger.refused.values()}
        # Of several kinds of faults, what helps with all of them.
        if len(own) == 1 and len(messenger.refused) == len(messenger.uncollected):
            (remedy,) = own
        raise GradingError("\n".join(messenger.uncollected), remedy)
    marks = ("ERROR", "INTERNALERROR", "!!!")
    messages = [line.removeprefix("ERROR: ") for line in output.splitlines() if line.startswith(marks)]
    reasons = {
        2: "the run was stopped",
        3: "pytest met an error",
        4: "a rubric is wrong",
        5: "it has no test",
    }
    # The end of it, where pytest says what went wrong in the last place.
    text = "\n".join(messages)[-_LONGEST:] or reasons.get(code, f"pytest ended with code {code}")
    raise GradingError(f"The rubric could not be used: {text}", remedy)


def _show(grades: Grades) -> None:
    import shutil

    from reportgen.grading.exports.table import describe_grades

    width = shutil.get_terminal_size((100, 24)).columns
    for line in describe_grades(grades, width):
        sys.stdout.write(line.text + "\n")
