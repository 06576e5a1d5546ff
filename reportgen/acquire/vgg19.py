"""Choice of the VGG19 weights, and the download of ImageNet's into Keras's own cache."""

from __future__ import annotations

from pathlib import Path

from reportgen.networks import USUAL, USUAL_NETWORK, NetworkChoice
from reportgen.progress import Progress
from reportgen.store.digests import DigestMemory
from reportgen.weights import is_here, published, resolve_source


def obtain_weights(
    wanted: str,
    progress: Progress,
    command: str,
    memory: DigestMemory,
    network: NetworkChoice = USUAL_NETWORK,
) -> str:
    """Decide which weights are used, say so where it is less than the assignment asks for, and download
    those that were asked for by name. Returns a source other than ``auto``, or a path.

    ``command`` gets the assignment's weights. Raises ``UserError`` if they cannot be downloaded.
    """
    choice = resolve_source(wanted, memory, network)
    if network.architecture != USUAL:
        if choice.lack:
            progress.say(choice.lack)
        return choice.source
    if line := choice.describe(command):
        progress.say(line)
    if not is_here(choice.source, memory):
        fetch_vgg19(progress, choice.source)
    return choice.source


def fetch_vgg19(progress: Progress, source: str = "imagenet") -> Path:
    """Make sure that VGG19's weights are in Keras's cache, intact, and return their path.

    ``source``: ``imagenet`` (574 MB), or ``imagenet-notop``, which are without the classifier part (80 MB).
    Raises ``UserError`` if they cannot be had, saying how to put the file there by hand.
    """
    # Imported here: requests takes 0.15 s, and most builds download nothing.
    from reportgen.acquire.source import Source, download

    file = published(source)
    return download(
        Source(file.url, file.md5),
        file.path,
        title=f"VGG19's ImageNet weights ({file.megabytes} MB)",
        alternative=(
            f"download {file.url} in a browser or on another machine and put it there as {file.path}, "
            'or set weights = "embedded" in your settings (weights that come with the installation)'
        ),
        progress=progress,
    )
