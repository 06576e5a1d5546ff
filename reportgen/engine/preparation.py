"""What comes before a build: weights are decided on, the data is listed and hashed, stages are planned."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from reportgen.acquire.vgg19 import settle_weights
from reportgen.dataset.inventory import Inventory, take_inventory
from reportgen.engine.plan import Plan, make_plan
from reportgen.errors import SettingsError
from reportgen.memo import Memo, no_memo
from reportgen.networks import USUAL
from reportgen.progress import Progress
from reportgen.settings import Settings
from reportgen.store.cache import MEGABYTE, Cache
from reportgen.store.digests import DigestMemory
from reportgen.templates import open_templates
from reportgen.weights import WeightsFile, absent_weights, is_here, locate_weights, resolve_source

FOR_IMAGENET = "reportgen build --weights imagenet"
"""The command that gets the weights that the assignment is about."""


def settle(
    settings: Settings, progress: Progress, for_imagenet: str, memory: DigestMemory | None = None
) -> Settings:
    """The settings with the weights decided on, which is reported before anything else if they are less than
    the assignment asks for (``for_imagenet``: what gets those). What is asked for by name is downloaded.
    """
    memory = memory or DigestMemory(settings.cache)
    source = settle_weights(settings.weights, progress, for_imagenet, memory, settings.network)
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

    Raises ``DataError`` naming all that is wrong with the data folder, ``WeightsError`` or ``SettingsError``.
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
