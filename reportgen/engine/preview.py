"""What a build would do, and why: its stages, those whose files are stale, and lines that say so."""

from __future__ import annotations

from pathlib import Path

from reportgen.engine.explanation import Record, explain, find_intact, judge, read_record
from reportgen.engine.plan import Plan, Stage, make_specs
from reportgen.engine.preflight import refuse_problems
from reportgen.engine.preparation import FOR_IMAGENET, open_cache, plan_build
from reportgen.networks import USUAL
from reportgen.outline.kind import ReportKind
from reportgen.progress import Progress, Silent
from reportgen.settings import Settings
from reportgen.store.cache import Cache
from reportgen.store.digests import DigestMemory
from reportgen.store.ownership import claim
from reportgen.weights import resolve_source, tell_download


def stage_names(kind: ReportKind) -> tuple[str, ...]:
    """All stages in the order of the document."""
    return tuple(spec.name for spec in make_specs(kind))


def published(kind: ReportKind) -> tuple[str, ...]:
    """The stages whose outcome is published in the build folder."""
    return (*kind.names, "results", "html", "pdf")


def find_stale(plan: Plan, record: Record) -> list[str]:
    """The published stages whose files are not the ones that the plan would give."""
    files = {file: sha256 for file, (_, sha256) in record.files.items()}
    # Contents are hashed, so that a file that was edited or deleted is made again though no input changed.
    intact = find_intact(plan.settings.build, files)
    return [
        name
        for name in published(plan.kind)
        if not (record.has(plan.stages[name]) and (own := record.files_of(name)) and own.keys() <= intact)
    ]


def explain_plan(plan: Plan, record: Record, cache: Cache) -> list[str]:
    """Lines on what runs, what is read from the cache and what is unchanged, each with its reason."""

    def count_missing(stage: Stage) -> str:
        if stage.spec.kept:
            return ""
        items = cache.items(stage.base)
        images = plan.examples.values() if stage.spec.images == "examples" else plan.inventory.images
        contents = {image.sha256 for image in images}
        missing = sum(content not in items for content in contents)
        return f"{missing} of {len(contents)}" if missing else ""

    verdicts = judge(plan, record, lambda stage: stage.spec.kept and stage.key in cache, count_missing)
    stale = find_stale(plan, record)
    lines = explain(verdicts, record)
    if not stale:
        lines.append("Nothing is to be done.")
    for name in stale:
        if record.has(plan.stages[name]):
            lines.append(f"  files of {name} in {plan.settings.build} are missing or were changed")
    return lines


def preview(settings: Settings, data: Path, progress: Progress | None = None) -> list[str]:
    """Lines for the terminal on what a build would do and why. Nothing is written or downloaded.

    Raises ``PreflightError`` where a build would.
    """
    claim(settings.build, "report")
    memory = DigestMemory(settings.cache, writes=False)
    choice = resolve_source(settings.weights, memory, settings.network)
    usual = settings.network.architecture == USUAL
    messages = choice.tell(FOR_IMAGENET), tell_download(choice.source, memory) if usual else ""
    plan = plan_build(settings, data, progress or Silent(), memory=memory)
    lines = [line for line in messages if line]
    # As in a build, which looks for no problems if nothing is to be done.
    if find_stale(plan, read_record(settings.build)):
        refuse_problems(plan)
    return lines + explain_plan(plan, read_record(settings.build), open_cache(settings))


def preview_sample(settings: Settings, folder: Path) -> list[str]:
    """Lines on what a build without images would do. Nothing is written."""
    claim(settings.build, "report")
    lines = [f"There are no images yet: the sample images would be drawn into {folder}, and reported on."]
    return [*lines, *(f"  {name}" for name in stage_names(settings.kind))]
