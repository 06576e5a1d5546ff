"""The worker process of one group: recompute its report, verify and grade it, and report the outcome."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from reportgen.batch.contents import take_contents
from reportgen.batch.copies import compare_images, hash_images, hash_pdf
from reportgen.batch.examination import (
    examine_report,
    find_hold,
    find_rubrics,
    judge,
    lay_out_graded,
    lay_out_reference,
    mark,
    needs_review,
    read_authors,
    read_pieces,
    read_words,
    take_examination,
)
from reportgen.batch.job import Job, PipeProgress, describe_limit, describe_problem, read_job
from reportgen.batch.outcome import Cause, Outcome, Traits, outcome_text
from reportgen.batch.parts import BUILD_FOLDER, Parts, class_folders, find_obstacle, find_parts
from reportgen.batch.process import follow_parent, refuse_network
from reportgen.dataset.names import escaped
from reportgen.errors import ExplanationError, RenderError, UserError, WeightsError
from reportgen.intake import check_folder
from reportgen.models.backend import BackendError
from reportgen.outline.kind import OutlineError
from reportgen.outline.section import SectionError
from reportgen.store.files import MEGABYTE, StorageError, link_or_copy, write_atomically
from reportgen.system.confinement import Confinement, confine
from reportgen.weights import SOURCES

if TYPE_CHECKING:
    from reportgen.progress import Progress
    from reportgen.verify.verification import Examination

MADE_FILE, GRADED_FOLDER, IMAGES_FOLDER, SCRATCH_FOLDER = "made.json", "graded", "images", "scratch"

_NOT_THEIRS = (StorageError, BackendError, ExplanationError, RenderError, WeightsError)
"""Errors due to this machine and not to the submission."""

_NAMED = 3


def main(job_file: Path, progress_handle: int) -> None:
    """Do the job in ``job_file``; every file is written next to it, the outcome to ``made.json``."""
    job = read_job(job_file)
    folder = job_file.parent
    # First of all: what binds this thread does not bind those that are there already.
    confine_job(job, folder)
    follow_parent()
    refuse_network()
    # A program that is started from here must not hold the pipe open.
    os.set_inheritable(progress_handle, False)
    try:
        outcome = work(job, folder, PipeProgress(progress_handle))
    except UserError as error:
        outcome = Outcome(_find_cause(error, job), describe_problem(error, job, folder))
    # At the kernel's limit a request for memory fails; the process is not ended by it.
    except MemoryError:
        outcome = Outcome("memory", describe_limit("memory", job.config.limits))
    write_atomically(folder / MADE_FILE, outcome_text(outcome).encode())


def _find_cause(error: UserError, job: Job) -> Cause:
    """Whether the group is to mend it, the instructor's own sections are at fault, or this machine."""
    if isinstance(error, SectionError):
        return "fault"
    if isinstance(error, OutlineError):
        try:
            # A group's own list of sections may be none, too.
            job.config.outline.kind  # noqa: B018
        except OutlineError:
            return "fault"
    return "storage" if isinstance(error, _NOT_THEIRS) else "data"


def confine_job(job: Job, folder: Path) -> None:
    """Let this process read what one job needs, and write to ``folder`` and the cache alone, for good.

    A stranger's files are read here. Whoever takes over a parser with them must not see what others handed
    in, change their grades, or reach the network.
    """
    scratch, cache = folder / SCRATCH_FOLDER, Path(job.config.cache)
    scratch.mkdir(exist_ok=True)
    # A folder that is not there cannot be allowed.
    cache.mkdir(parents=True, exist_ok=True)
    # tempfile remembers the folder that it chose first, which this process may not write to any more.
    os.environ["TMPDIR"], tempfile.tempdir = str(scratch), None
    named = [*job.roots, *(Path(path) for path in (job.data, job.previous) if path)]
    # Tests may import what lies beside them. A table is read alone: beside it the class may have handed in.
    # Only here, in the process of a group: it imports pytest.
    from reportgen.grading.run import list_read

    named += list_read(find_rubrics(job))
    if job.config.weights not in SOURCES:
        named.append(Path(job.config.weights))
    limits = job.config.limits
    # The kernel counts processor time, of which all cores spend this much within the time on the clock.
    seconds = limits.seconds * (os.cpu_count() or 1)
    confine(Confinement(tuple(named), (folder, cache), seconds, limits.megabytes * MEGABYTE))


def work(job: Job, folder: Path, progress: Progress) -> Outcome:
    """Verify and grade the submission of one group; files go to ``folder``.

    Raises ``UserError`` if that cannot be.
    """
    # Once more: between the look at the class and this process somebody may have changed the folder.
    for root in job.roots:
        check_folder(root)
    parts = find_parts(job.roots)
    own = _lay_out(parts, folder)
    data = Path(job.data) if job.data else own
    obstacle = find_obstacle(parts, data_given=bool(job.data))
    if obstacle or parts.submission is None or data is None:
        return obstacle or Outcome("absent")
    if job.previous:
        examined = take_examination(Path(job.previous), folder)
    else:
        examined = examine_parts(parts.submission, data, job, folder, progress)
    graded = lay_out_graded(parts.submission, folder / BUILD_FOLDER, folder / GRADED_FOLDER)
    marked = mark(graded, job, folder, progress)
    outcome = replace(
        marked.outcome,
        verification=examined.verification,
        verified=examined.verified,
        differs=examined.differs,
        look=examined.look,
        hold=examined.hold,
        notes=(*_describe(parts, job, own), *marked.notes),
        traits=examined.traits,
    )
    # The outcome is kept under the key of what was handed in, so nothing else may have been graded.
    if take_contents(*job.roots).digest != job.contents:
        raise StorageError("The folder was changed while it was worked on.", "Run the batch again.")
    if job.data and take_contents(data).digest != job.data_contents:
        raise StorageError("The data of the class were changed meanwhile.", "Run the batch again.")
    return outcome


def examine_parts(submission: Path, data: Path, job: Job, folder: Path, progress: Progress) -> Outcome:
    """Recompute a report into ``folder``; the outcome says what was found, and has no points yet."""
    found = examine_report(submission, data, job, folder, progress)
    lay_out_reference(found, folder / BUILD_FOLDER)
    return Outcome(
        verification=judge(found.verification),
        verified=True,
        differs=not found.verification.confirmed,
        look=needs_review(found.verification),
        hold=find_hold(found),
        traits=_find_traits(found, submission, None if job.data else data),
    )


def _lay_out(parts: Parts, folder: Path) -> Path | None:
    """The images as a folder with nothing else in it; class folders next to a report are put into one."""
    if parts.data is None or not parts.mixed:
        return parts.data
    view = folder / IMAGES_FOLDER
    view.mkdir()
    for images in class_folders(parts.data):
        for path in (images, *sorted(images.rglob("*"))):
            target = view / path.relative_to(parts.data)
            if path.is_dir():
                target.mkdir()
            else:
                # No symbolic link: a strict build refuses one that leads out of its folder.
                link_or_copy(path, target)
    return view


def _describe(parts: Parts, job: Job, own: Path | None) -> Iterator[str]:
    """What the instructor should know about the submission."""
    if parts.rivals:
        graded, *others = (path.name for path in (parts.submission or parts.rivals[0], *parts.rivals))
        yield f"Of several reports {graded} was graded, and not {', '.join(others[:_NAMED])}."
    if job.data and own is not None and (strange := compare_images(own, Path(job.data))):
        count, first = len(strange), escaped(strange[0])
        are = "image that was handed in is not" if count == 1 else "images that were handed in are not"
        yield f"{count} {are} among those of the class, as {first}."


def _find_traits(found: Examination, submission: Path, own: Path | None) -> Traits:
    from reportgen.verify.submitted import find_documents

    images = hash_images(own) if own is not None else {}
    pdf = find_documents(submission)[0]
    return Traits(
        read_authors(found),
        read_words(found),
        images,
        read_pieces(found),
        hash_pdf(pdf) if pdf else "",
    )
