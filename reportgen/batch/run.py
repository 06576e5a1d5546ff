"""A batch run: submissions are received, graded unless they are unchanged, and put into tables."""

from __future__ import annotations

import contextlib
import os
import shutil
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING

from reportgen.batch.accounting import FileRow, account
from reportgen.batch.anonymity import NUMBERS_FILE, assign_numbers, hide_names
from reportgen.batch.attempt import (
    ATTEMPTS,
    EARLIER,
    GROUPS,
    Runner,
    clear_attempts,
    finalize,
    identify_program,
    identify_rubrics,
)
from reportgen.batch.class_file import Class
from reportgen.batch.contents import hash_file
from reportgen.batch.deliveries import list_deliveries
from reportgen.batch.examination import GRADES_FILES
from reportgen.batch.feedback import address, write_feedback
from reportgen.batch.inspection import InspectedGroup, Inspector, inspect_data
from reportgen.batch.job import BatchConfig, Job
from reportgen.batch.outcome import Outcome, read_costs
from reportgen.batch.parts import BUILD_FOLDER
from reportgen.batch.progress_view import ProgressView
from reportgen.batch.publication import Tables, open_output, refuse_overlap, write_tables
from reportgen.batch.reception import Received, check_releases, receive
from reportgen.batch.roster import add_groups, find_people, read_roster
from reportgen.batch.shards import Shard, begin_shard, clear_shards, mark_done
from reportgen.batch.supplements import Supplements, gather_supplements
from reportgen.batch.tables import GroupResult, GroupStatus
from reportgen.dataset.signature import IMAGE_SUFFIXES
from reportgen.engine.stages.context import HTML_FILE
from reportgen.store.digests import DigestMemory
from reportgen.weights import locate_weights, require_here, resolve_source

if TYPE_CHECKING:
    from reportgen.grading.rubric import NamedClass

_THREADS = min(4, os.cpu_count() or 1)

CACHE_FOLDER = ".cache"


@dataclass(frozen=True)
class Options:
    """``retry_failed``: groups that failed are worked on though nothing changed; ``environment`` and
    ``command`` are those of ``BatchConfig``; ``anonymous``: tables name groups by numbers. ``shard``: only
    this part of the groups is done, into a folder inside of ``whole``, the output of the class. ``feedback``:
    whether each group gets a page.
    """

    retry_failed: bool = False
    anonymous: bool = False
    environment: Mapping[str, str] = field(default_factory=dict)
    command: tuple[str, ...] = ()
    shard: Shard | None = None
    whole: Path | None = None
    feedback: bool = False


@dataclass(frozen=True)
class Report:
    """The result of a batch: a row per group, how many groups were processed this time, and a row for each
    file of the input; ``before``: what came of the groups in the previous run, by name.
    """

    rows: tuple[GroupResult, ...]
    worked_on: int
    files: tuple[FileRow, ...] = ()
    before: Mapping[str, Outcome] = field(default_factory=dict)

    def of(self, *statuses: GroupStatus) -> list[GroupResult]:
        """The groups with one of these statuses."""
        return [row for row in self.rows if row.status in statuses]

    @property
    def failed(self) -> list[GroupResult]:
        """The groups that have no grades, though they may have handed something in."""
        return self.of("failed", "not checkable")

    @property
    def complete(self) -> bool:
        """Whether every group has its points: those that handed nothing in have none."""
        return not self.of("failed", "not checkable", "held")


def run_batch(
    chosen: Class, out: Path, runner: Runner, view: ProgressView, options: Options = Options()
) -> Report:
    """Verify and grade each group's submission into ``out``, where :func:`write_tables` sums it up.

    A group that fails is a row. Raises ``UserError`` for what concerns all groups: weights that are missing,
    a rubric without tests, a folder that cannot be written or is none of a batch, a cluster that cannot be
    reached.
    """
    students = read_roster(chosen.roster) if chosen.roster else ()
    chosen = add_groups(chosen, students)
    with open_output(out, chosen.groups, view.say):
        config = _agree(chosen, out, options, view)
        # Under the lock, so that none of them is another batch's that is still at work.
        clear_attempts(out)
        received = receive(chosen, out, view.say, find_people(students))
        # Once more: the groups of a download are known only now.
        refuse_overlap(out, received.groups)
        check_releases(chosen.released, received.groups)
        # Before the groups: with images that cannot be used all of them would fail.
        images = inspect_data(received.groups, _list_classes(chosen))
        names = [group.name for group in received.groups]
        labels = assign_numbers(out, names) if options.anonymous else {name: name for name in names}
        beside = gather_supplements(chosen, received.groups, labels, out, view.say)
        with ThreadPoolExecutor(_THREADS) as pool:
            inspector = Inspector(
                out,
                config,
                identify_program(chosen.outline.kind),
                identify_rubrics(chosen.rubrics),
                received,
                images,
                beside,
                retry_failed=options.retry_failed,
                whole=options.whole,
            )
            mine = options.shard.choose(received.groups) if options.shard else received.groups
            # To hash what was handed in is most of a second run, and lets threads work at the same time: 80
            # groups of 266 images take 1.8 s.
            found = list(pool.map(inspector.inspect, mine))
        jobs = [_job(each, out, config, images, beside) for each in found if each.kept is None]
        if jobs:
            # Only here: it imports pytest, and a second run has nothing to grade.
            from reportgen.grading.run import check_tests

            # Before anything is built: a mistake in a rubric once cost the time of a whole class.
            check_tests(chosen.rubrics)
        made = _work(jobs, out, runner, view) if jobs else {}
        rows = tuple(_row(each, made, out, chosen, received) for each in found)
        if options.shard:
            shutil.rmtree(out / ATTEMPTS, ignore_errors=True)
            # Tables are of the whole class, and written by the run that comes last.
            return Report(rows, len(jobs))
        outcomes = [(each.group, each.parts, each.kept or made[each.group.slug]) for each in found]
        files = account(received, outcomes)
        before = {labels[each.group.name]: each.last for each in found if each.last is not None}
        tables = Tables(rows, files, students)
        if options.anonymous:
            # Files are called like who handed them in, and what an LMS reads has nothing but names.
            tables = Tables(hide_names(rows, labels))
        write_tables(chosen, tables, out, view.say)
        if options.feedback:
            addressees = address(rows, tables.rows, labels, out)
            # Without a roster, and where groups are numbers, the members of a group are not listed.
            deliveries = list_deliveries(tables.rows, tables.students, received.downloaded)
            write_feedback(addressees, chosen.heading, out, view.say, deliveries)
        shutil.rmtree(out / ATTEMPTS, ignore_errors=True)
        clear_shards(out)
        return Report(tuple(tables.rows), len(jobs), tuple(tables.files), before)


def _list_classes(chosen: Class) -> list[NamedClass]:
    """The classes that the rubrics name, of those that are tables."""
    tables = [rubric for rubric in chosen.rubrics if rubric.suffix == ".toml"]
    if not tables:
        return []
    # Imported only here: it reads the schema of the results.
    from reportgen.grading.rubric import list_classes

    kind = chosen.outline.kind
    return [each for rubric in tables for each in list_classes(rubric, kind)]


def run_shard(
    chosen: Class, out: Path, runner: Runner, view: ProgressView, options: Options, shard: Shard
) -> tuple[Report, list[str]]:
    """Do one part of the groups of a class, in a folder of its own inside ``out``, without tables.

    Returns its rows, and the parts that have not come to their end; once all have, :func:`run_batch` takes
    what they did. Raises as that.
    """
    with open_output(out, chosen.groups, view.say):
        # The whole output is held only for this long: other machines do their parts in it at the same time.
        folder = begin_shard(out, shard)
        if (out / NUMBERS_FILE).exists():
            # Points that were given to numbers count here, too.
            shutil.copyfile(out / NUMBERS_FILE, folder / NUMBERS_FILE)
    # Numbers are for tables, and a part has none.
    options = replace(options, anonymous=False, shard=shard, whole=out)
    report = run_batch(chosen, folder, runner, view, options)
    return report, mark_done(out, shard)


def _agree(chosen: Class, out: Path, options: Options, view: ProgressView) -> BatchConfig:
    """The configuration shared by all groups.

    Raises ``WeightsError`` if the weights are not on this machine.
    """
    cache = chosen.cache or out.resolve() / CACHE_FOLDER
    memory = DigestMemory(cache)
    choice = resolve_source(chosen.weights, memory)
    if line := choice.describe("reportgen fetch vgg19"):
        view.say(line)
    # Before any group is looked at, since it concerns all of them.
    require_here(choice.source, "a batch downloads nothing", memory)
    return BatchConfig(
        rubrics=tuple(str(rubric.resolve()) for rubric in chosen.rubrics),
        weights=choice.source,
        weights_sha256=locate_weights(choice.source, memory).sha256,
        cache=str(cache),
        cache_limit_mb=chosen.cache_limit_mb,
        outline=chosen.outline,
        limits=chosen.limits,
        command=options.command,
        environment=options.environment,
    )


def _job(
    found: InspectedGroup, out: Path, config: BatchConfig, images: Mapping[Path, str], beside: Supplements
) -> Job:
    group = found.group
    # Absolute, for its process runs in the attempt's folder.
    folder, *more = (str(root.resolve()) for root in group.roots)
    return Job(
        name=group.name,
        slug=group.slug,
        folder=folder,
        contents=found.contents.digest,
        key=found.key,
        out=str(out.resolve()),
        config=config,
        more=tuple(more),
        data=str(group.data.resolve()) if group.data else "",
        data_contents=images[group.data] if group.data else "",
        examined=found.examined,
        previous=str(found.reused.resolve()) if found.reused else "",
        submitted=beside.times.get(group.name, ""),
        manual=beside.points.get(group.name, ()),
    )


def _work(jobs: Sequence[Job], out: Path, runner: Runner, view: ProgressView) -> dict[str, Outcome]:
    """The outcomes of the groups that are worked on, by slug."""
    made: dict[str, Outcome] = {}
    names = {job.slug: job.name for job in jobs}
    # Closed after Ctrl-C, too: that is what stops the groups that are still at work.
    with view.watching(names), contextlib.closing(runner.run(jobs, view.on_message)) as attempts:
        for finished in attempts:
            outcome = made[finished.slug] = finalize(out, finished, view.say)
            view.end(finished.slug, outcome, read_costs(out / GROUPS / finished.slug))
    return made


def _row(
    found: InspectedGroup, made: Mapping[str, Outcome], out: Path, chosen: Class, received: Received
) -> GroupResult:
    folder = out / GROUPS / found.group.slug
    outcome = found.kept or made[found.group.slug]
    page = f"{BUILD_FOLDER}/{HTML_FILE}"
    candidates = (f"{EARLIER}/{name}" for name in (page, GRADES_FILES["markdown"]))
    return GroupResult(
        found.group,
        outcome,
        read_costs(folder),
        _own_images(found),
        next((name for name in candidates if (folder / name).is_file()), ""),
        page if (folder / page).is_file() else "",
        hash_file(found.parts.pdf) if found.parts.pdf else "",
        found.group.name in chosen.released,
        found.group.slug in received.late,
    )


def _own_images(found: InspectedGroup) -> dict[str, str]:
    """The images of a group that was to find its own, with their hashes: others may not have the same."""
    data, contents = found.parts.data, found.contents
    if found.group.data is not None or data is None:
        return {}
    return {
        name: contents.files[name]
        for name, path in contents.paths.items()
        if path.suffix.lower() in IMAGE_SUFFIXES and path.is_relative_to(data)
    }
