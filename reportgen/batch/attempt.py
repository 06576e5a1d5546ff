"""One attempt at a group in a process of its own, the key of its outcome, and the runner of many."""

from __future__ import annotations

import hashlib
import itertools
import json
import os
import shutil
import signal
import sys
import threading
import uuid
from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from contextlib import AbstractContextManager, nullcontext
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Protocol

from reportgen.batch.contents import Contents, hash_file
from reportgen.batch.job import (
    JOB_FILE,
    BatchConfig,
    EnteredPoints,
    Job,
    Message,
    describe_limit,
    job_text,
    localise,
    parse_message,
)
from reportgen.batch.outcome import (
    COSTS_FILE,
    LOG_FILE,
    OUTCOME_FILE,
    Costs,
    Outcome,
    find_finished,
    find_foreign_files,
    parse_outcome,
    write_costs,
    write_outcome,
)
from reportgen.batch.parts import BUILD_FOLDER
from reportgen.batch.process import ProcessResult, Program, Start, name_signal, run_program, start_afresh
from reportgen.batch.remains import StrangeRemainsError, keep_plain, remove_remains
from reportgen.batch.warm import starting_warm
from reportgen.batch.worker import GRADED_FOLDER, IMAGES_FOLDER, MADE_FILE, SCRATCH_FOLDER
from reportgen.engine.plan import digest_of, make_specs, modules_of
from reportgen.engine.sources import code_of, libraries_of
from reportgen.faults import FAULT, FAULT_WORDS
from reportgen.grading.exports.table import one_line
from reportgen.grading.shipped import RUBRIC_FILE
from reportgen.outline.kind import ReportKind, list_sections
from reportgen.store.files import MEGABYTE, is_plain, link_or_copy, open_plain, read_plain, writing
from reportgen.store.lock import LOCK_FILE
from reportgen.system.packages import installed_versions, versions_for
from reportgen.templates import templates_folder

_WORKER = "reportgen.batch.worker"

_PLUGIN = "reportgen.grading.plugin"

_GRADERS = ("jsonschema", "pikepdf", "pluggy", "pypdfium2", "pytest")
"""Packages that grades are made with, and reports read."""

_BESIDE_CODE = ("*.json", "*.toml")


def identify_program(kind: ReportKind) -> str:
    """One hash over the code that a group runs through, reportgen's and the sections', the templates and
    rubrics, and the packages behind them.
    """
    specs = make_specs(kind)
    modules = [_WORKER, _PLUGIN, *(module for spec in specs for module in (spec.runs, *spec.modules))]
    # Those that judge are loaded by their names, so that no import leads to them. A rubric of the class may
    # name checks of any section.
    modules += modules_of(kind.sections, "section", "settings", "claims", "comparison")
    modules += modules_of(list(dict.fromkeys([*list_sections(), *kind.sections])), "checks")
    code = {name: sha256 for module in modules for name, sha256 in code_of(module).items()}
    package = Path(__file__).resolve().parents[1]
    # The schema and the rubrics decide an outcome, too, and are no code.
    beside = [file for pattern in _BESIDE_CODE for file in sorted(package.rglob(pattern))]
    files = {file.relative_to(package).as_posix(): hash_file(file) for file in beside}
    templates = templates_folder()
    pages = {f"templates/{path.name}": hash_file(path) for path in sorted(templates.rglob("*"))}
    pages |= {name: hash_file(path) for name, path in _brought(kind)}
    versions = versions_for({name for module in modules for name in libraries_of(module)})
    versions |= {name: installed_versions().get(name, "missing") for name in _GRADERS}
    return digest_of({"code": code, "files": files, "templates": pages, "versions": versions})


def _brought(kind: ReportKind) -> Iterator[tuple[str, Path]]:
    """The rubrics and templates of its sections, which need not lie in reportgen's folder, by name."""
    for section in kind.sections:
        folder = section.folder
        for path in (folder / RUBRIC_FILE, *sorted((section.templates or folder / "templates").rglob("*"))):
            # Not by the whole path: machines of a cluster have packages in different folders.
            yield f"{section.name}/{path.relative_to(folder).as_posix()}", path


def identify_rubrics(rubrics: Iterable[Path]) -> str:
    """One hash over the contents of rubrics; of a Python file also over those beside it."""
    found = []
    for rubric in rubrics:
        # Tests may import what lies beside them, and a conftest.py changes them without being named.
        beside = sorted(rubric.parent.glob("*.py")) if rubric.suffix == ".py" else []
        found.append([hash_file(rubric), *(f"{file.name} {hash_file(file)}" for file in beside)])
    return hashlib.sha256(repr(found).encode()).hexdigest()


def identify_examination(name: str, contents: Contents, data: str, config: BatchConfig, program: str) -> str:
    """The key of a group's recomputation: all that it depends on, and nothing that only grading does.

    ``data``: the digest of the instructor's images for it, "" without any; ``program``: its hash.
    """
    return digest_of(
        {
            "name": name,
            "contents": contents.digest,
            "data": data,
            "weights": config.weights_sha256,
            "outline": asdict(config.outline),
            "command": config.command,
            "program": program,
        }
    )


def identify_group(examined: str, rubrics: str, submitted: str, manual: Sequence[EnteredPoints]) -> str:
    """The key of a group: equal keys mean an equal outcome, unless a limit got in the way.

    ``examined``: the key of the recomputation; ``rubrics``: their hash; ``submitted`` and ``manual`` as in
    ``Job``.
    """
    typed = [asdict(each) for each in manual]
    return digest_of({"examined": examined, "rubrics": rubrics, "submitted": submitted, "manual": typed})


def finished_key(key: str, outcome: Outcome, config: BatchConfig) -> str:
    """The key that an outcome is kept under: with other limits a failure might have been none."""
    return key if outcome.done else digest_of({"key": key, "limits": asdict(config.limits)})


GROUPS, ATTEMPTS, EARLIER, KEPT = "groups", ".attempts", "earlier", "kept"

# -P: a file in the folder that it runs in must not shadow a module.
_OWN = (sys.executable, "-P", "-m", "reportgen", "batch-worker")

_KILLED = (signal.SIGKILL, signal.SIGTERM, signal.SIGINT, signal.SIGHUP)

_WORKING = (JOB_FILE, MADE_FILE, GRADED_FOLDER, IMAGES_FOLDER, SCRATCH_FOLDER)
"""What only the work needs."""

_NOT_KEPT = (*_WORKING, LOG_FILE, OUTCOME_FILE, COSTS_FILE, EARLIER, KEPT)
"""That, and what this process writes by itself."""

_MOST_BYTES = 100 * MEGABYTE
"""Of an outcome; an honest one has some kilobytes."""

_NO_MEMORY = "bad_alloc"
"""What a program in C++ says last when the system gives it no more."""

_LOG_END = 4000

_LONGEST = 300

OnMessage = Callable[[str, Message], None]
"""Called with a group's slug and what its process says."""


@dataclass(frozen=True)
class Attempt:
    """An attempt that came to its end: the group's slug, and the folder's name, "" if it was stopped."""

    slug: str
    folder: str


def run_job(
    job: Job, on_message: OnMessage, stopped: Callable[[], bool], begin: Start = start_afresh
) -> Attempt:
    """Work on a group in a process of its own, which ``begin`` starts, and write what came of it into an
    attempt's folder.

    Whatever goes wrong with the group is its outcome. Raises ``StorageError`` if nothing can be written.
    """
    # Dask may run a job twice. Only the attempt that an answer names becomes the group's report.
    folder = Path(job.out) / ATTEMPTS / uuid.uuid4().hex
    with writing(folder):
        folder.mkdir()  # not its parents: a machine that does not see the output must not make one
        (folder / JOB_FILE).write_text(job_text(job), encoding="utf-8")
        on_message(job.slug, Message("started"))
        # Tests name a stand-in; else it is the Python that runs this.
        command = (*(job.config.command or _OWN), str(folder / JOB_FILE))
        program = Program(command, folder, _environment_of(job), folder / LOG_FILE)
        end = run_program(program, job.config.limits, _passing_on(job, on_message), stopped, begin)
        if end.over == "stopped":
            remove_remains(folder)
            return Attempt(job.slug, "")
        outcome, folder = _settle(folder, _judge(job, folder, end))
        write_costs(folder, Costs(round(end.seconds, 2), end.peak))
        # A recomputation that ended in no grades is not to be used again.
        examined = job.examined if outcome.done else ""
        # Last: it holds the hashes of the other files, and only with it does the attempt count as finished.
        write_outcome(folder, outcome, finished_key(job.key, outcome, job.config), examined)
    return Attempt(job.slug, folder.name)


def _environment_of(job: Job) -> dict[str, str]:
    return {**os.environ, **job.config.environment}


def finalize(out: Path, attempt: Attempt, say: Callable[[str], None] = lambda _line: None) -> Outcome:
    """Replace the group's previous attempt by this one, and return its outcome.

    If it failed, the report of a run before, if there is one, stays in ``earlier/``. Files that somebody put
    into the group's folder, or changed there, are kept: where they were, or else in ``kept/``, which is
    reported.
    """
    folder = out / ATTEMPTS / attempt.folder
    finished = find_finished(folder)
    outcome = finished[0] if finished else Outcome("storage", "What came of it cannot be read")
    target, aside = out / GROUPS / attempt.slug, folder.with_name(f"{attempt.folder}.old")
    with writing(target):
        target.parent.mkdir(exist_ok=True)
        if target.exists():
            _take_along(target, folder, say)
            # Two renames, since a folder cannot replace one that is not empty.
            target.rename(aside)
            if not outcome.done:
                _keep_report(aside, folder)
        folder.rename(target)
    shutil.rmtree(aside, ignore_errors=True)
    return outcome


def _take_along(last: Path, attempt: Path, say: Callable[[str], None]) -> None:
    """Carry a user's own files from the previous attempt's folder over to the next one's.

    It stays in both, so that nothing is lost if the program dies meanwhile.
    """
    # What a failed run brought along in earlier/ comes last: it may be the same again.
    for name in sorted(find_foreign_files(last), key=lambda name: (name.startswith(f"{EARLIER}/"), name)):
        target = attempt / name
        inside = name.removeprefix(f"{EARLIER}/")
        if hash_file(attempt / inside) == hash_file(last / name) != "":
            continue
        # What the process made a file of may have been a folder of the user's.
        blocked = any(os.path.lexists(each) and not each.is_dir() for each in target.parents)
        if blocked or os.path.lexists(target) or inside != name:
            target = _free(attempt / KEPT / name)
            kept = last / target.relative_to(attempt)
            say(f"{last / name} was changed by hand; that version is now {kept}.")
        target.parent.mkdir(parents=True, exist_ok=True)
        if (last / name).is_symlink():
            target.symlink_to((last / name).readlink())
        else:
            link_or_copy(last / name, target)


def _free(path: Path) -> Path:
    """The path, or a numbered one next to it if it is taken."""
    names = (f"{path.stem}-{number}{path.suffix}" for number in itertools.count(1))
    candidates = itertools.chain([path], (path.with_name(name) for name in names))
    return next(each for each in candidates if not os.path.lexists(each))


def _keep_report(last: Path, attempt: Path) -> None:
    """Keep the report of the previous run next to a failed attempt."""
    finished = find_finished(last)
    # The previous run failed, too: what it kept is the last report that there is.
    if (last / EARLIER).is_dir():
        (last / EARLIER).rename(attempt / EARLIER)
    elif finished is not None and finished[0].done:
        last.rename(attempt / EARLIER)


def clear_attempts(out: Path) -> None:
    """Remove what attempts left behind that never came to their end."""
    remove_remains(out / ATTEMPTS)
    with writing(out):
        (out / ATTEMPTS).mkdir(parents=True, exist_ok=True)


def _passing_on(job: Job, on_message: OnMessage) -> Callable[[str], None]:
    def pass_on(line: str) -> None:
        if message := parse_message(line):
            on_message(job.slug, message)

    return pass_on


def _judge(job: Job, folder: Path, end: ProcessResult) -> Outcome:
    limits = job.config.limits
    if end.over in ("time", "memory"):
        return Outcome(end.over, describe_limit(end.over, limits))
    if end.code == -signal.SIGXCPU:
        # The kernel's limit, which also holds where nothing is measured from outside.
        return Outcome("time", describe_limit("time", limits))
    if end.code == 0:
        try:
            return parse_outcome(json.loads(read_plain(folder / MADE_FILE, _MOST_BYTES)))
        # The process ended well, but perhaps through a rubric's own code.
        except (OSError, ValueError, TypeError, LookupError, RecursionError):
            return Outcome("crash", "Its process ended without an outcome")
    if end.code < 0:
        name = name_signal(-end.code)
        if end.code == -signal.SIGABRT and _last_line(job, folder, _NO_MEMORY):
            return Outcome("memory", describe_limit("memory", limits))
        if -end.code in _KILLED:
            return Outcome("killed", f"Its process was killed from outside ({name}), as when memory runs out")
        return Outcome("crash", f"Its process crashed ({name})")
    if end.code == FAULT:
        message = _last_line(job, folder, FAULT_WORDS).partition(FAULT_WORDS)[2].strip(" .").strip("()")
        return Outcome("fault", f"A fault of reportgen itself, not of the group: {message or 'see the log'}")
    last = _last_line(job, folder)
    return Outcome("crash", f"The program failed: {last}" if last else f"It ended with code {end.code}")


def _last_line(job: Job, folder: Path, words: str = "") -> str:
    """The last line with these words that the process printed: of a Python error, its name and words."""
    try:
        # The cut may lie within a character, and a program may print in another encoding.
        with open_plain(folder / LOG_FILE) as stream:
            stream.seek(-min(_LOG_END, os.fstat(stream.fileno()).st_size), os.SEEK_END)
            text = stream.read(_LOG_END).decode("utf-8", "replace")
    # No file any more: the process owns the folder.
    except OSError:
        return ""
    lines = [line for line in map(one_line, text.splitlines()) if line and words in line]
    return localise(lines[-1], job, folder)[:_LONGEST] if lines else ""


def _settle(left: Path, outcome: Outcome) -> tuple[Outcome, Path]:
    """Move what is to stay of an attempt to a new folder, and remove the rest; of a group that failed, only
    its log stays.

    Returns the outcome, which is another one if the process left what no honest one leaves, and the folder.
    """
    # The other one belonged to the process: a name of ours in it may be a link, or a folder.
    folder = left.with_name(uuid.uuid4().hex)
    folder.mkdir()
    if is_plain(left / LOG_FILE):
        (left / LOG_FILE).rename(folder / LOG_FILE)
    else:
        (folder / LOG_FILE).touch()
    if outcome.done:
        try:
            keep_plain(left, folder, left_out=_NOT_KEPT)
        except StrangeRemainsError as error:
            outcome = Outcome("crash", f"Its process left something that no honest one leaves: {error}")
    # It holds the number of a process, and equal inputs are to give equal files.
    if is_plain(folder / BUILD_FOLDER / LOCK_FILE):
        (folder / BUILD_FOLDER / LOCK_FILE).unlink()
    remove_remains(left)
    return outcome, folder


class Runner(Protocol):
    """Works on groups and yields each attempt as it comes to its end, in any order.

    To close the generator, or to leave it with an exception, stops all that is still running.
    """

    def run(self, jobs: Sequence[Job], on_message: OnMessage) -> Generator[Attempt, None, None]:
        """Raises ``UserError`` if the work cannot begin or cannot be written down."""
        ...


class LocalRunner:
    """Runs several groups at a time on this machine; each thread only monitors a process."""

    def __init__(self, processes: int) -> None:
        self.processes = processes

    def run(self, jobs: Sequence[Job], on_message: OnMessage) -> Generator[Attempt, None, None]:
        """See ``Runner``."""
        stop = threading.Event()
        pool = ThreadPoolExecutor(self.processes)
        with _starting(jobs, stop.is_set) as begin:
            try:
                waiting = [pool.submit(run_job, job, on_message, stop.is_set, begin) for job in jobs]
                for future in as_completed(waiting):
                    yield future.result()
            finally:
                stop.set()
                # Waits for those at work, which kill their groups as soon as they see the event.
                pool.shutdown(cancel_futures=True)


def _starting(jobs: Sequence[Job], stopped: Callable[[], bool]) -> AbstractContextManager[Start]:
    """A way to start the processes of these groups; for a single one nothing need be kept loaded."""
    if len(jobs) < 2 or jobs[0].config.command:
        return nullcontext(start_afresh)
    return starting_warm(_environment_of(jobs[0]), _OWN, stopped)
