"""A batch run: unchanged groups are kept, the others are processed, and the tables are written again."""

from __future__ import annotations

import contextlib
import os
import shutil
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

from reportgen.batch.attempt import (
    ATTEMPTS,
    EARLIER,
    GROUPS,
    Attempt,
    Runner,
    clear_attempts,
    finalize,
    finished_key,
    identify_group,
    identify_program,
    identify_rubrics,
)
from reportgen.batch.class_file import Class, Group
from reportgen.batch.contents import BUILD_FOLDER, Contents, take_contents
from reportgen.batch.grades import GRADES_FILES
from reportgen.batch.job import (
    PASSING,
    BatchConfig,
    Job,
    Outcome,
    find_finished,
    name_inside,
    read_costs,
    write_outcome,
)
from reportgen.batch.progress_view import ProgressView
from reportgen.batch.publication import open_output, write_tables
from reportgen.batch.tables import GroupResult
from reportgen.engine.stages.context import HTML_FILE
from reportgen.errors import UserError
from reportgen.grading.exports.table import one_line
from reportgen.grading.run import check_tests
from reportgen.intake import IntakeError, check_folder
from reportgen.store.digests import DigestMemory
from reportgen.store.files import writing
from reportgen.weights import locate_weights, require_here, resolve_source

_THREADS = min(4, os.cpu_count() or 1)
CACHE_FOLDER = ".cache"


@dataclass(frozen=True)
class Options:
    """``retry_failed``: groups that failed are worked on though nothing changed; ``environment`` and
    ``command`` are those of ``BatchConfig``.
    """

    retry_failed: bool = False
    environment: Mapping[str, str] = field(default_factory=dict)
    command: tuple[str, ...] = ()


@dataclass(frozen=True)
class Report:
    """The result of a batch: a row per group, and how many groups were processed this time."""

    rows: tuple[GroupResult, ...]
    worked_on: int

    @property
    def failed(self) -> list[GroupResult]:
        """The groups that have no grades."""
        return [row for row in self.rows if not row.outcome.done]

    @property
    def doubted(self) -> list[GroupResult]:
        """The groups whose own report is not what their data give, or cannot be read."""
        return [row for row in self.rows if row.outcome.differs]


@dataclass(frozen=True)
class _Found:
    """A group as it is now; ``kept`` is its outcome if nothing is to be done for it."""

    group: Group
    contents: Contents
    key: str = ""
    kept: Outcome | None = None


def run_batch(
    chosen: Class, out: Path, runner: Runner, view: ProgressView, options: Options = Options()
) -> Report:
    """Build, grade and verify every group of a class into ``out``, where :func:`write_tables` sums it up.

    A group that fails is a row. Raises ``UserError`` for what concerns all groups: weights that are missing,
    a rubric without tests, a folder that cannot be written or is none of a batch, a cluster that cannot be
    reached.
    """
    with open_output(out, chosen.groups, view.say):
        config = _agree(chosen, out, options, view)
        clear_attempts(out)
        with ThreadPoolExecutor(_THREADS) as pool:
            shared = identify_program(chosen.outline.kind), identify_rubrics(chosen.rubrics)
            found = list(pool.map(lambda group: _look_at(group, out, config, shared, options), chosen.groups))
        jobs = [_job(each, out, config) for each in found if each.kept is None]
        if jobs:
            # Before anything is built: a mistake in a rubric once cost the time of a whole class.
            check_tests(chosen.rubrics)
        made = _work(jobs, out, runner, view) if jobs else {}
        rows = tuple(_row(each, made, out) for each in found)
        write_tables(chosen, rows, out, view.say)
        shutil.rmtree(out / ATTEMPTS, ignore_errors=True)
        return Report(rows, len(jobs))


def _agree(chosen: Class, out: Path, options: Options, view: ProgressView) -> BatchConfig:
    """The configuration shared by all groups.

    Raises ``WeightsError`` if the weights are not on this machine.
    """
    cache = chosen.cache or out.resolve() / CACHE_FOLDER
    memory = DigestMemory(cache)
    choice = resolve_source(chosen.weights, memory)
    if line := choice.tell("reportgen fetch vgg19"):
        view.say(line)
    require_here(choice.source, "a batch downloads nothing", memory)
    return BatchConfig(
        rubrics=tuple(str(rubric.resolve()) for rubric in chosen.rubrics),
        weights=choice.source,
        weights_sha256=locate_weights(choice.source, memory).sha256,
        cache=str(cache),
        cache_limit_mb=chosen.cache_limit_mb,
        course=chosen.course,
        assignment=chosen.assignment,
        outline=chosen.outline,
        verify=chosen.verify,
        limits=chosen.limits,
        command=options.command,
        environment=options.environment,
    )


def _look_at(
    group: Group, out: Path, config: BatchConfig, shared: tuple[str, str], options: Options
) -> _Found:
    try:
        check_folder(group.folder)
        contents = take_contents(group.folder)
    except (IntakeError, OSError) as error:
        outcome = Outcome("data", _explain(error, group))
        return _Found(group, Contents({}), kept=_refuse(group, outcome, out))
    key = identify_group(group.name, contents, config, shared)
    finished = find_finished(out / GROUPS / group.slug)
    kept = None
    if finished is not None and finished[1] == finished_key(key, finished[0], config):
        again = not finished[0].done and (options.retry_failed or finished[0].cause in PASSING)
        kept = None if again else finished[0]
    return _Found(group, contents, key, kept)


def _explain(error: UserError | OSError, group: Group) -> str:
    if isinstance(error, UserError):
        text = error.problem
    else:
        text = f"{error.filename}: cannot be read: {error.strerror}"
    return one_line(name_inside(text, group.folder)).rstrip(".")


def _refuse(group: Group, outcome: Outcome, out: Path) -> Outcome:
    """Write down the outcome of a group whose folder is not even looked into; nothing else of it stays."""
    if find_finished(out / GROUPS / group.slug) != (outcome, ""):
        name = f"refused-{group.slug}"
        with writing(out / ATTEMPTS / name):
            (out / ATTEMPTS / name).mkdir()
            write_outcome(out / ATTEMPTS / name, outcome, "")
        finalize(out, Attempt(group.slug, name))
    return outcome


def _job(found: _Found, out: Path, config: BatchConfig) -> Job:
    group = found.group
    return Job(
        name=group.name,
        slug=group.slug,
        folder=str(group.folder.resolve()),
        contents=found.contents.digest,
        key=found.key,
        out=str(out.resolve()),
        config=config,
    )


def _work(jobs: Sequence[Job], out: Path, runner: Runner, view: ProgressView) -> dict[str, Outcome]:
    """The outcomes of the groups that are worked on, by slug."""
    made: dict[str, Outcome] = {}
    names = {job.slug: job.name for job in jobs}
    with view.watching(names), contextlib.closing(runner.run(jobs, view.on_message)) as attempts:
        for finished in attempts:
            outcome = made[finished.slug] = finalize(out, finished, view.say)
            view.end(finished.slug, outcome, read_costs(out / GROUPS / finished.slug))
    return made


def _row(found: _Found, made: Mapping[str, Outcome], out: Path) -> GroupResult:
    folder = out / GROUPS / found.group.slug
    outcome = found.kept or made[found.group.slug]
    shown = (f"{EARLIER}/{name}" for name in (f"{BUILD_FOLDER}/{HTML_FILE}", GRADES_FILES["markdown"]))
    earlier = next((name for name in shown if (folder / name).is_file()), "")
    return GroupResult(found.group, outcome, read_costs(folder), found.contents.images, earlier)
