"""The section's figures, and in words what each of them shows."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from reportgen.figures.colour import Rgb
from reportgen.figures.figure import Figure, FigureData, say_box
from reportgen.figures.montage import Tile, full_width_side, lettered_figure
from reportgen.figures.overlay import crop, with_boxes
from reportgen.sections.occlusion.result import OccludedNeuron, Occlusion
from reportgen.text import decimal_text

_COLUMNS = 6

_SCALE = 4
"""The enlargement of the input before it is made smaller: its lines are then thick enough in print."""


def draw(data: FigureData) -> Iterator[Figure]:
    """Draw the figures of the section."""
    section: Occlusion = data.numbers
    for i, ((label, neurons), image) in enumerate(zip(section.neurons.items(), data.images, strict=True)):
        yield lettered_figure(
            f"occlusion_{i}",
            describe_boxes(label, neurons),
            make_tiles(image, neurons),
            columns=_COLUMNS,
            tile_side=full_width_side(_COLUMNS),
        )


def make_tiles(image: Rgb, neurons: Sequence[OccludedNeuron]) -> list[Tile]:
    """The image with patch (dashed) and best box (solid) of the first neuron, then each neuron's best box."""
    first = neurons[0]
    framed = with_boxes(image, [(first.patch.box, ""), (first.best.box, "1")], _SCALE)
    tiles = [Tile(framed, "dashed: patch", "solid: box 1")]
    for k, neuron in enumerate(neurons, 1):
        kept, removed = _say(neuron)
        tiles.append(Tile(crop(image, neuron.best.box), f"{k}: kept {kept}", f"removed {removed}"))
    return tiles


def _say(neuron: OccludedNeuron) -> tuple[str, str]:
    shares = neuron.shares
    if shares is None:
        return "–", "–"
    return decimal_text(shares.best_kept, 2), decimal_text(shares.best_removed, 2)


def describe_boxes(label: str, neurons: Sequence[OccludedNeuron]) -> str:
    """Describe the boxes that occlusion found."""
    items = []
    for k, neuron in enumerate(neurons, 1):
        # Read aloud a dash is nothing.
        kept, removed = (text.replace("–", "none") for text in _say(neuron))
        items.append(f"box {k}, {say_box(neuron.best.box)}, kept {kept}, removed {removed}")
    return (
        f"The input image of {label} with the patch of the most excited neuron, "
        f"{say_box(neurons[0].patch.box)}, and the box that occlusion found for it; then the boxes of all "
        f"neurons, with what is left of their outputs when nothing else is kept and when the box "
        f"is removed: {'; '.join(items)}."
    )
