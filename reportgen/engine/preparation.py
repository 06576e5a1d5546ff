"""What comes before a build: weights are decided on, the data is listed and hashed, stages are planned, and
what would be done is said, with reasons.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from reportgen.acquire.vgg19 import obtain_weights
from reportgen.dataset.inventory import Inventory, take_inventory
from reportgen.engine.explanation import Record, explain, find_intact, judge, read_record
from reportgen.engine.plan import Plan, Stage, make_plan, make_specs
from reportgen.engine.preflight import refuse_problems
from reportgen.engine.stages.context import choose_layers, name_item
from reportgen.errors import SettingsError
from reportgen.memo import Memo, no_memo
from reportgen.networks import USUAL
from reportgen.outline.kind import ReportKind
from reportgen.progress import Progress, Silent
from reportgen.settings import Settings
from reportgen.store.cache import Cache
from reportgen.store.digests import DigestMemory
from reportgen.store.files import MEGABYTE
from reportgen.store.ownership import claim
from reportgen.templates import open_templates
from reportgen.weights import (
    WeightsFile,
    absent_weights,
    describe_download,
    is_here,
    locate_weights,
    resolve_source,
)

FOR_IMAGENET = "reportgen build --weights imagenet"
"""The command that gets the weights that the assignment is about."""


def prepare_settings(
    settings: Settings, progress: Progress, for_imagenet: str, memory: DigestMemory | None = None
) -> Settings:
    """The settings with the weights decided on, which is reported before anything else if they are less than
    the assignment asks for (``for_imagenet``: what gets those). What is asked for by name is downloaded.
    """
    memory = memory or DigestMemory(settings.cache)
    source = obtain_weights(settings.weights, progress, for_imagenet, memory, settings.network)
    return settings.model_copy(update={"weights": source})


def plan_build(
    settings: Settings,
    data: Path,
    progress: Progress,
    memo: Memo = no_memo,
    *,
    memory: DigestMemory | None = None,
    strict: bool = False,
) -> Plan:
    """List and hash the data and the weights, and say what each stage depends on; ``memo`` remembers the
    choice of fonts, ``memory`` the hashes of large weights files.

    Raises ``DataError`` naming all that is wrong with the data folder, ``WeightsError`` or ``SettingsError``,
    and ``SectionError`` if a section reads a setting that there is not.
    """
    try:
        memory = memory or DigestMemory(settings.cache, writes=False)
        return _plan_build(settings, data, progress, memo, memory, strict=strict)
    except SettingsError as error:
        # The problem begins with the dotted name of the setting, whose table has a line in the user's file.
        table = error.problem.split(":")[0].split(".")[0].split(" ")[0]
        raise SettingsError(f"{settings.origin.at((table,))}: {error.problem}", error.remedy) from None


def _plan_build(
    settings: Settings, data: Path, progress: Progress, memo: Memo, memory: DigestMemory, *, strict: bool
) -> Plan:
    templates = open_templates(settings.templates, settings.kind)
    with ThreadPoolExecutor(1) as pool:
        weights = pool.submit(_find_weights, settings, memory)  # hashed while the images are
        inventory = take_inventory(data, settings.seed, strict=strict)
        for note in inventory.survey.notes:
            progress.say(note)
        if not inventory.complete:
            _refuse(inventory, progress)
        return make_plan(settings, inventory, weights.result(), templates, memo, memory.code)


def _refuse(inventory: Inventory, progress: Progress) -> None:
    """Open all images too, so that every problem is reported at once."""
    from reportgen.dataset.scan import check_images

    # Only for an error: scan imports Pillow and NumPy, and a build with nothing to do needs neither.
    check_images(inventory, {}, progress)


def _find_weights(settings: Settings, memory: DigestMemory) -> WeightsFile:
    """Weights that a build would download first, have no hash yet."""
    network = settings.network
    source = resolve_source(settings.weights, memory, network).source
    if network.architecture == USUAL and not is_here(source, memory):
        return absent_weights(source)
    return locate_weights(source, memory, network)


def open_cache(settings: Settings, *, fresh: bool = False) -> Cache:
    """The cache that the settings name. ``fresh``: what it holds is not used."""
    return Cache(settings.cache, settings.cache_limit_mb * MEGABYTE, blind=fresh)


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
        # By content, as the cache has them: of equal images one pass is enough.
        contents = {image.sha256 for image in images}
        layers = choose_layers(stage.name, plan.settings.layers)
        missing = sum(any(name_item(sha256, layer) not in items for layer in layers) for sha256 in contents)
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
    messages = choice.describe(FOR_IMAGENET), describe_download(choice.source, memory) if usual else ""
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
