"""The worker process of one group: build, grade, verify, and report the outcome."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from reportgen.batch.contents import Parts, class_folders, find_parts, take_contents
from reportgen.batch.grades import GradedReport, mark
from reportgen.batch.job import Cause, Job, Outcome, PipeProgress, describe_problem, outcome_text, read_job
from reportgen.batch.process import follow_parent, refuse_network
from reportgen.errors import DataError, UserError
from reportgen.intake import check_folder, read_settings
from reportgen.settings import Settings, understand_settings
from reportgen.store.files import StorageError, link_or_copy, write_atomically

if TYPE_CHECKING:
    from reportgen.engine.pipeline import BuildResult
    from reportgen.progress import Progress

MADE_FILE, BUILD_FOLDER = "made.json", "build"
_IMAGES_FOLDER = "images"
_NO_DATA = "There are no images and no report in the folder."
_DATA_REMEDY = "Ask the group for data/<split>/<class>/ or data/<class>/, or for its report.pdf."


def main(job_file: Path, progress_handle: int) -> None:
    """Do the job in ``job_file``; every file is written next to it, the outcome to ``made.json``."""
    follow_parent()
    refuse_network()
    # A program that is started from here must not hold the pipe open.
    os.set_inheritable(progress_handle, False)
    job = read_job(job_file)
    folder = job_file.parent
    try:
        outcome = work(job, folder, PipeProgress(progress_handle))
    except UserError as error:
        cause: Cause = "storage" if isinstance(error, StorageError) else "data"
        outcome = Outcome(cause, describe_problem(error, job, folder))
    write_atomically(folder / MADE_FILE, outcome_text(outcome).encode())


def work(job: Job, folder: Path, progress: Progress) -> Outcome:
    """Build, grade and verify one group; files go to ``folder``. Raises ``UserError`` if that cannot be."""
    check_folder(Path(job.folder))
    parts = find_parts(Path(job.folder))
    settings = _read_settings(parts, job, folder)
    data = _lay_out(parts.data, parts, folder) if parts.data else None
    built = _build(settings, data, progress) if data else None
    graded = built.folder if built else parts.submission
    if graded is None:
        raise DataError([_NO_DATA], _DATA_REMEDY)
    marked = mark(graded, job, folder, progress)
    outcome = _describe(marked, built)
    if job.config.verify:
        from reportgen.batch.grades import Case, verify_group

        outcome = verify_group(outcome, Case(parts.submission, data, settings), job, folder, progress)
    # The outcome is kept under the key of what was handed in, so nothing else may have been graded.
    if take_contents(Path(job.folder)).digest != job.contents:
        raise StorageError("The folder was changed while it was worked on.", "Run the batch again.")
    return outcome


def _read_settings(parts: Parts, job: Job, folder: Path) -> Settings:
    """The group's own settings, without any path or resource of theirs, and with the batch's."""
    own = (
        read_settings(parts.settings.read_bytes(), parts.settings.name, job.config.outline)
        if parts.settings
        else understand_settings(job.config.outline.table, "class.toml")
    )
    titles = {"course": job.config.course, "assignment": job.config.assignment, "group": job.name}
    given = {key: text for key, text in titles.items() if text and key not in own.model_fields_set}
    return own.model_copy(
        update={
            **given,
            "weights": job.config.weights,
            "cache": Path(job.config.cache),
            "cache_limit_mb": job.config.cache_limit_mb,
            "build": folder / BUILD_FOLDER,
        }
    )


def _lay_out(data: Path, parts: Parts, folder: Path) -> Path:
    """The data as a folder with nothing else in it; class folders next to a report are put into one."""
    if data != parts.folder:
        return data
    view = folder / _IMAGES_FOLDER
    view.mkdir()
    for images in class_folders(parts.folder):
        for path in (images, *sorted(images.rglob("*"))):
            target = view / path.relative_to(parts.folder)
            if path.is_dir():
                target.mkdir()
            else:
                # No symbolic link: a strict build refuses one that leads out of its folder.
                link_or_copy(path, target)
    return view


def _build(settings: Settings, data: Path, progress: Progress) -> BuildResult:
    from reportgen.engine.pipeline import Options, build

    return build(settings, data, progress, Options(strict=True))


def _describe(marked: GradedReport, built: BuildResult | None) -> Outcome:
    notes = [*(built.notes if built else ()), *marked.notes]
    if built and built.problem:
        notes.append(built.problem.problem)
    return replace(marked.outcome, submitted=built is None, notes=tuple(notes))
