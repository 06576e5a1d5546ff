"""What the section claims of its numbers, and what is known of them before they are computed."""

from __future__ import annotations

from collections.abc import Iterator

from reportgen.contract.specimen import Known
from reportgen.dataset.inventory import Inventory
from reportgen.outline.section import Claim
from reportgen.results.inference import weigh_sample, weigh_share
from reportgen.sections.shortcuts.result import Shortcuts
from reportgen.settings import Settings

LEVEL = 0.05
"""Of the test of frames, which allows for all classes and both kinds."""


def decide(numbers: Shortcuts) -> Iterator[Claim]:
    """Decide each claim by the numbers; of classes that are too small nothing is claimed."""
    if numbers.confusion:
        yield Claim(
            "cue_found",
            "A cue that hardly shows the object tells the classes apart better than chance.",
            bool(numbers.beyond_chance),
            finding=True,
            weight=max(
                weigh_sample(numbers.correct[cue], numbers.judged, numbers.chance)
                if cue in numbers.beyond_chance
                else 0
                for cue in numbers.ranking
            ),
        )
    frames = numbers.frame_apart
    if frames is not None:
        apart = frames.p_value <= LEVEL
        yield Claim(
            "frames_tell",
            "Images of one class have a dark or a light frame more often than others, by more than chance.",
            apart,
            finding=True,
            # Of no more frames than chance gives there is nothing to report.
            weight=weigh_sample(frames.framed, frames.images, frames.others_framed / frames.others)
            if apart
            else 0.0,
        )
    # Not that the network uses the ring: a border of one colour, which it has instead, may mislead by itself.
    needed = numbers.p_value < numbers.alpha
    yield Claim(
        "ring_unneeded",
        "The network is about as accurate without the outermost ring of pixels.",
        not needed,
        finding=True,
        weight=_weigh_change(numbers) if needed else 0.0,
    )


def _weigh_change(numbers: Shortcuts) -> float:
    """How much of the accuracy is lost, or of the errors is mended, without the ring."""
    tested = len(numbers.tested)
    return weigh_share(numbers.correct_without_ring / tested, numbers.correct_as_they_are / tested)


def expect(settings: Settings, inventory: Inventory) -> Known:
    """The matrices are as large as there are classes; no more images are tested than are asked for."""
    classes = len(inventory.classes)
    return Known(
        lengths={
            "/confusion/<cue>": classes,
            "/confusion/<cue>/<i>": classes,
            "/tested": min(settings.value("shortcuts.images"), len(inventory.of("test"))),
        }
    )


def list_figures(numbers: Shortcuts) -> Iterator[str]:
    """The accuracies if any were found, and examples if a picture can show what gives the class away."""
    if "shown" in numbers.arrays:
        yield "given_away"
    if numbers.confusion:
        yield "cues"
