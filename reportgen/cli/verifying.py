"""The command that checks whether a report's numbers were computed from its data."""

from __future__ import annotations

import contextlib
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated

import typer

from reportgen.cli.options import QuietOption
from reportgen.console import choose_progress
from reportgen.settings import Settings

INCOMPLETE = 3
"""The exit code if nothing differs, but not everything could be looked at."""

_CACHE_LIMIT_MB = 10_000


def verify(
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
    section: Annotated[
        list[str] | None,
        typer.Option(
            "--section",
            metavar="NAME",
            help="A section that it must have; repeated, in their order. Without it: those that it has.",
        ),
    ] = None,
    json: Annotated[Path | None, typer.Option(metavar="FILE", help="Write every row as JSON.")] = None,
    cache: Annotated[
        Path | None,
        typer.Option(
            "--cache",
            metavar="FOLDER",
            help="Your own results from an earlier run. Without it, everything is computed again.",
        ),
    ] = None,
    quiet: QuietOption = False,
) -> None:
    """Recompute a submitted report from its images, and say what is confirmed and what differs.

    The exit code is 0 if all is confirmed, 1 if something differs, 3 if nothing differs but something could
    not be recomputed, 2 if the report cannot be read. No settings and no cache of the current folder are
    used: it may be that of the submission.
    """
    from dataclasses import replace

    from reportgen.outline.kind import Outline
    from reportgen.store.output import check_output, is_json_with, write_output
    from reportgen.verify import describe, verify, write_json

    outline = Outline(sections=tuple(section)) if section else None
    if outline is not None:
        outline.kind  # noqa: B018 - a section that is not installed is reported before anything is computed
    own_json = is_json_with("submission", "data", "confirmed", "rows")
    if json is not None:
        check_output(json, own_json)
    with _own_cache(cache) as folder:
        named = str(weights.expanduser().absolute()) if weights else "auto"
        own = Settings(weights=named, cache=folder, cache_limit_mb=_CACHE_LIMIT_MB)
        found = verify(submission, data, settings=own, outline=outline, progress=choose_progress(quiet=quiet))
    if rubric:
        from reportgen.grading.run import grade

        kind = outline.kind if outline else None
        found = replace(found, grades=grade(submission, rubric, show=False, kind=kind))
    for line in describe(found):
        typer.echo(line)
    if json is not None:
        write_output(json, write_json(found).encode("utf-8", "backslashreplace"), own_json)
    if not found.confirmed:
        raise typer.Exit(1)
    if not found.complete:
        raise typer.Exit(INCOMPLETE)


@contextlib.contextmanager
def _own_cache(named: Path | None) -> Iterator[Path]:
    """The folder for what is computed: the one that is named, else one that nobody has written to."""
    if named is not None:
        yield named.expanduser().absolute()
        return
    with tempfile.TemporaryDirectory(prefix="reportgen-verify-") as folder:
        yield Path(folder)
