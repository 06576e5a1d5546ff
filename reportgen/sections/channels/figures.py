"""The section's figures, and in words what each of them shows."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from reportgen.figures.colour import Rgb
from reportgen.figures.figure import Figure, FigureData, say_box
from reportgen.figures.montage import Tile, band_side, full_width_side, lettered_figure
from reportgen.figures.overlay import crop
from reportgen.sections.channels.result import Channel, Channels, ImageChannels, OverData
from reportgen.text import decimal_text

_COLUMNS = 5

_SIDE = band_side(_COLUMNS)


def draw(data: FigureData) -> Iterator[Figure]:
    """Draw the figures of the section: for each class the patches of its leading channels, a row a list."""
    section: Channels = data.numbers
    for i, ((label, found), image) in enumerate(zip(section.classes.items(), data.images, strict=True)):
        rows = list_rows(found)
        tiles = [_tile(image, channel, name) for name, row in rows for channel in row]
        yield lettered_figure(
            f"leading_{i}", _describe(label, rows), tiles, columns=len(rows[0][1]), tile_side=_SIDE
        )
    if section.over_data is not None:
        yield _lay_out(section.over_data, data)


def _lay_out(found: OverData, data: FigureData) -> Figure:
    """A row for each channel, which is named in its first tile: the patches that excite it most."""
    tiles = [
        Tile(pixels, one.label, f"{each.channel}: {one.value:.0f}" if k == 0 else f"{one.value:.0f}")
        for each, row in zip(found.channels, data.arrays["patches"], strict=True)
        for k, (one, pixels) in enumerate(zip(each.images, row, strict=True))
    ]
    return lettered_figure(
        "exciting",
        _describe_exciting(found),
        tiles,
        columns=found.shown,
        tile_side=full_width_side(found.shown),
        faces=data.faces,
    )


def _describe_exciting(found: OverData) -> str:
    parts = [
        f"channel {each.channel}: "
        + ", ".join(f"{one.file} ({one.label}, {one.value:.1f})" for one in each.images)
        for each in found.channels
    ]
    return f"Patches of the images that excite channels most, a row for each. {'; '.join(parts)}."


def list_rows(found: ImageChannels) -> list[tuple[str, Sequence[Channel]]]:
    """The lists by name, at most as much of each as fits into one row of the figure."""
    lists = [("loud", found.loud), ("decisive", found.decisive)]
    if found.unusual:
        lists.append(("unusual", found.unusual))
    return [(name, row[:_COLUMNS]) for name, row in lists]


def _tile(image: Rgb, channel: Channel, name: str) -> Tile:
    measured = {
        "loud": f"{channel.value:.1f}",
        "decisive": f"adds {decimal_text(channel.contribution, 2)}",
        # Only this list has ratios for certain; of the others the text is not used.
        "unusual": f"{channel.ratio or 0:.1f} × usual",
    }
    return Tile(crop(image, channel.patch), str(channel.position[2]), measured[name])


def _describe(label: str, rows: Sequence[tuple[str, Sequence[Channel]]]) -> str:
    titles = {
        "loud": "loudest channels",
        "decisive": "most decisive channels",
        "unusual": "channels that most exceed their usual output",
    }
    lists = [
        f"the {titles[name]}: "
        + "; ".join(f"channel {each.position[2]}, {say_box(each.patch)}" for each in row)
        for name, row in rows
    ]
    return f"Patches of the image of {label}, in rows. From above, {'. Then '.join(lists)}."
