"""The command verify, and what it recomputes."""

from __future__ import annotations

import contextlib
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from reportgen.cli.options import (
    MegabytesOption,
    QuietOption,
    ReportOption,
    SecondsOption,
    SectionOption,
    demanded_outline,
)
from reportgen.cli.task import Task, TaskHandler, TaskResult, exit_with
from reportgen.console import choose_progress
from reportgen.settings import Settings

if TYPE_CHECKING:
    from reportgen.outline.kind import Outline
    from reportgen.progress import Progress
    from reportgen.verify import Verification


INCOMPLETE = 3
"""The exit code if nothing differs, but not everything could be looked at."""

_JSON, _PAGE = "json", "page"

# As for a whole class: one cache may serve the reports of many groups.
_CACHE_LIMIT_MB = 10_000


def verify(
    ctx: typer.Context,
    submission: Annotated[
        Path, typer.Argument(metavar="REPORT", help="A PDF or a build folder that somebody handed in.")
    ],
    data: Annotated[Path, typer.Option("--data", metavar="FOLDER", help="The images that it is about.")],
    rubric: Annotated[
        list[Path] | None, typer.Option("--rubric", metavar="FILE", help="Grade it, too; may be repeated.")
    ] = None,
    weights: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE", help="Your own copy of the weights, for a report that used a file of its own."
        ),
    ] = None,
    section: SectionOption = None,
    report: ReportOption = None,
    templates: Annotated[
        Path | None,
        typer.Option(metavar="FOLDER", help="Your own templates, if the report was to be made with them."),
    ] = None,
    json: Annotated[Path | None, typer.Option(metavar="FILE", help="Write every row as JSON.")] = None,
    page: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Write a page (HTML) that shows each difference where it occurs."),
    ] = None,
    cache: Annotated[
        Path | None,
        typer.Option(
            "--cache",
            metavar="FOLDER",
            help="Your own results from an earlier run. Without it, everything is computed again.",
        ),
    ] = None,
    seconds: SecondsOption = None,
    megabytes: MegabytesOption = None,
    quiet: QuietOption = False,
) -> None:
    """Recompute a submitted report from its images, and say what is confirmed and what differs.

    The exit code is 0 if all is confirmed, 1 if something differs, 3 if nothing differs but something could
    not be recomputed, 2 if the report cannot be read. No settings and no cache of the current folder are
    used: it may be that of the submission.
    """
    from reportgen.cli.confined import choose_limits, run_confined
    from reportgen.store.output import check_output, is_json_with, is_text_with, write_output
    from reportgen.store.ownership import VERIFICATION_MARK

    demanded_outline(report, section)
    own = {
        _JSON: is_json_with("submission", "data", "confirmed", "rows"),
        _PAGE: is_text_with(VERIFICATION_MARK),
    }
    asked = {name: path for name, path in ((_JSON, json), (_PAGE, page)) if path is not None}
    for name, path in asked.items():
        # Before minutes of computing: a file of somebody's in that place ends the command at once.
        check_output(path, own[name])
    task = VerifyTask(
        submission=str(submission),
        data=str(data),
        rubrics=tuple(map(str, rubric or ())),
        weights=expanded(weights),
        cache=expanded(cache),
        wanted=tuple(asked),
        report=report,
        sections=tuple(section) if section else None,
        templates=expanded(templates),
    )
    progress = choose_progress(quiet=quiet)
    if ctx.obj:
        said = run_confined(VERIFYING, task, choose_limits(data, seconds, megabytes), progress)
    else:
        said = VERIFYING.perform(task, progress)
    exit_with(said, lambda name, content: write_output(asked[name], content, own[name]))


def verify_worker(
    task: Annotated[Path, typer.Argument(metavar="TASK")],
    progress_handle: Annotated[int, typer.Option("--progress-fd")],
) -> None:
    """Verify one report, as 'reportgen verify' asks for it."""
    from reportgen.cli.confined import work

    work(VERIFYING, task, progress_handle)


def expanded(path: Path | None) -> str | None:
    """A path that may begin with ``~``, as text and not relative."""
    return str(path.expanduser().absolute()) if path else None


@dataclass(frozen=True, kw_only=True)
class VerifyTask(Task):
    """``report`` and ``sections``: the kind that the report must be of, and those that it must have; None for
    those that it has.
    """

    data: str
    report: str | None = None
    sections: tuple[str, ...] | None = None
    templates: str | None = None

    @property
    def beside(self) -> tuple[str | None, ...]:
        """What is read beside the report; None is nothing."""
        return (*super().beside, self.templates)


def run_task(task: VerifyTask, progress: Progress) -> TaskResult:
    """Verify a report in this process, and return what to print."""
    from dataclasses import replace

    from reportgen.templates import open_templates
    from reportgen.verify import describe, open_rebuild, render_findings, write_json

    outline = demanded_outline(task.report, task.sections)
    weights, templates, cache = (
        Path(path) if path else None for path in (task.weights, task.templates, task.cache)
    )
    own = GraderInputs(Path(task.data), weights, templates, cache)
    submission = Path(task.submission)
    found = recompute(submission, own, progress, outline, pictures=_PAGE in task.wanted)
    if task.rubrics:
        from reportgen.grading.report import Supplement
        from reportgen.grading.run import grade

        kind = outline.kind if outline else None
        with open_rebuild(found, kind) as rebuilt:
            supplement = Supplement(rebuilt=rebuilt)
            rubrics = [Path(rubric) for rubric in task.rubrics]
            grades = grade(submission, rubrics, show=False, kind=kind, supplement=supplement)
        found = replace(found, grades=grades)
    code = 1 if not found.confirmed else 0 if found.complete else INCOMPLETE
    files: dict[str, str] = {}
    if _JSON in task.wanted:
        files[_JSON] = write_json(found)
    if _PAGE in task.wanted:
        files[_PAGE] = render_findings(found, open_templates(templates))
    # A stranger's file names may have halves of surrogate pairs, which UTF-8 cannot encode.
    encoded = {name: text.encode("utf-8", "backslashreplace") for name, text in files.items()}
    return TaskResult(tuple(describe(found)), code, encoded)


VERIFYING = TaskHandler("verify", "verifies", "verifying", VerifyTask, run_task)


@dataclass(frozen=True)
class GraderInputs:
    """A grader's own inputs beside the report: its images, and some of the options of ``verify``."""

    data: Path
    weights: Path | None = None
    templates: Path | None = None
    cache: Path | None = None


def recompute(
    submission: Path,
    own: GraderInputs,
    progress: Progress,
    outline: Outline | None = None,
    *,
    pictures: bool = False,
) -> Verification:
    """Recompute a report; no settings and no cache of the current folder are used.

    ``pictures``: whether to keep pictures of pages that differ.
    """
    from reportgen.verify import verify

    with _own_cache(own.cache) as folder:
        settings = Settings(
            weights=str(own.weights.expanduser().absolute()) if own.weights else "auto",
            cache=folder,
            cache_limit_mb=_CACHE_LIMIT_MB,
            templates=own.templates.expanduser().absolute() if own.templates else None,
        )
        return verify(
            submission,
            own.data,
            settings=settings,
            outline=outline,
            progress=progress,
            pictures=pictures,
        )


@contextlib.contextmanager
def _own_cache(named: Path | None) -> Iterator[Path]:
    """The folder for what is computed: the one that is named, else one that nobody has written to."""
    if named is not None:
        yield named.expanduser().absolute()
        return
    with tempfile.TemporaryDirectory(prefix="reportgen-verify-") as folder:
        yield Path(folder)
