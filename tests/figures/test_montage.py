"""Montages, decoded again: tiles are found by their colours, labels by their ink."""

from __future__ import annotations

import io
import struct

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from reportgen.figures.colour import diverging
from reportgen.figures.figure import Picture
from reportgen.figures.montage import ScaleBar, Tile, full_width_side, montage

Pixels = NDArray[np.uint8]
COLOURS = [(255, 0, 0), (0, 255, 0), (0, 0, 255), (255, 255, 0), (255, 0, 255), (0, 255, 255), (255, 128, 0)]


def flat(colour: tuple[int, int, int], height: int = 8, width: int = 8) -> Pixels:
    return np.full((height, width, 3), colour, np.uint8)


def decoded(picture: Picture) -> Pixels:
    image = Image.open(io.BytesIO(picture.data))
    assert image.mode == "RGB"
    assert Image.MIME[str(image.format)] == picture.mime
    assert image.size == (picture.width, picture.height)
    return np.asarray(image)


def extent(mask: NDArray[np.bool_]) -> tuple[int, int, int, int]:
    """Half-open top, bottom, left, right of what is True."""
    rows, columns = np.flatnonzero(mask.any(axis=1)), np.flatnonzero(mask.any(axis=0))
    return int(rows[0]), int(rows[-1]) + 1, int(columns[0]), int(columns[-1]) + 1


def locations(sheet: Pixels, count: int = len(COLOURS)) -> list[tuple[int, int, int, int]]:
    found = [(sheet == colour).all(axis=-1) for colour in COLOURS[:count]]
    boxes = [extent(mask) for mask in found]
    for mask, (top, bottom, left, right) in zip(found, boxes, strict=True):
        assert mask[top:bottom, left:right].all(), "something covers the tile"
    return boxes


def test_tiles_stand_in_rows_with_equal_gutters() -> None:
    tiles = [Tile(flat(colour), "") for colour in COLOURS]
    sheet = decoded(montage(tiles, columns=3, tile_side=60, smooth=False))
    boxes = locations(sheet)
    assert {(bottom - top, right - left) for top, bottom, left, right in boxes} == {(60, 60)}
    lefts, tops = [box[2] for box in boxes], [box[0] for box in boxes]
    pitch = lefts[1] - lefts[0]
    assert lefts == [lefts[0] + pitch * (i % 3) for i in range(7)]
    fall = tops[3] - tops[0]
    assert tops == [tops[0] + fall * (i // 3) for i in range(7)]
    assert 66 < pitch < fall < 90


def test_each_tile_has_a_hair_line_frame_on_white() -> None:
    sheet = decoded(montage([Tile(flat(c), "") for c in COLOURS], columns=3, tile_side=60, smooth=False))
    top, bottom, left, right = locations(sheet)[0]
    around = sheet[top - 1 : bottom + 1, left - 1 : right + 1]
    frame = np.concatenate([around[0], around[-1], around[:, 0], around[:, -1]])
    assert (frame == frame[0]).all()
    assert frame[0].max() < 160
    assert (sheet[top - 1 : bottom + 1, right + 1] == 255).all()
    assert (sheet[bottom + 1, left - 1 : right + 1] == 255).all()


def test_labels_stand_below_their_own_tile_and_touch_nothing() -> None:
    tiles = [
        Tile(flat(c), label, label)
        for c, label in zip(COLOURS, ["Ag", "fj", "WWWWWWWWWWW", "y", "i", "Q", "×"], strict=True)
    ]
    sheet = decoded(montage(tiles, columns=3, tile_side=150, smooth=False))
    boxes = locations(sheet)
    ink = (sheet.max(axis=-1) - sheet.min(axis=-1) == 0) & (sheet[..., 0] < 100)
    for index, (_, bottom, left, right) in enumerate(boxes):
        following = boxes[index + 3][0] if index + 3 < len(boxes) else sheet.shape[0]
        band = ink[bottom + 2 : following - 2]
        first, last, start, stop = extent(band[:, left:right])
        assert first >= 3, "touches the frame"
        assert stop - start > 5
        assert abs((start + stop) / 2 - 75) < 4, "not centred"
        assert last < len(band), "cut off or in the next row"
        between = band[:, right : right + 10]
        assert not between.any(), "wider than the tile"


def test_labels_print_at_eight_to_nine_points() -> None:
    sheet = decoded(montage([Tile(flat(COLOURS[0]), "H")], columns=1, tile_side=100))
    _, bottom, _, _ = locations(sheet, 1)[0]
    top, foot, _, _ = extent(sheet[bottom + 2 :, :, 0] < 128)
    # Capitals of Times-like faces are 0.66 em high; 270 pixels are an inch of 72 points.
    assert 8 <= (foot - top) / 0.66 / 270 * 72 <= 9.2


def test_a_second_line_makes_the_first_bold() -> None:
    one = decoded(montage([Tile(flat(COLOURS[0]), "label")], columns=1, tile_side=200))
    two = decoded(montage([Tile(flat(COLOURS[0]), "label", "value 3.2")], columns=1, tile_side=200))
    line = 38
    assert two.shape[0] == one.shape[0] + line
    below = (two[: one.shape[0], :, 0] < 128)[210:].sum(), (one[:, :, 0] < 128)[210:].sum()
    assert below[0] > 1.2 * below[1]
    assert (two[one.shape[0] :, :, 0] < 160).sum() > 100


def test_sharp_pixels_stay_squares_and_smooth_ones_do_not() -> None:
    squares = np.array([[[255, 0, 0], [0, 0, 255]], [[0, 0, 255], [255, 0, 0]]], np.uint8)
    sharp = decoded(montage([Tile(squares, "")], columns=1, tile_side=60, smooth=False))[1:61, 1:61]
    assert (sharp == squares.repeat(30, axis=0).repeat(30, axis=1)).all()
    smooth = decoded(montage([Tile(squares, "")], columns=1, tile_side=60, smooth=True))[1:61, 1:61]
    assert len(np.unique(smooth.reshape(-1, 3), axis=0)) > 20


def test_sharp_tiles_are_made_smaller_by_averaging() -> None:
    stripes = np.zeros((40, 40, 3), np.uint8)
    stripes[::4], stripes[1::4] = 200, 200
    displayed = decoded(montage([Tile(stripes, "")], columns=1, tile_side=10, smooth=False))[1:11, 1:11]
    assert (displayed == 100).all()


def test_unequal_tiles_keep_their_shape_in_the_middle_of_equal_cells() -> None:
    tiles = [
        Tile(flat(COLOURS[0]), ""),
        Tile(flat(COLOURS[1], 10, 20), ""),
        Tile(flat(COLOURS[2], 30, 10), ""),
    ]
    square, wide, tall = locations(decoded(montage(tiles, columns=3, tile_side=60, smooth=False)), 3)
    assert wide[1] - wide[0] == 30
    assert wide[3] - wide[2] == 60
    assert wide[0] - square[0] == 15
    assert tall[1] - tall[0] == 60
    assert tall[3] - tall[2] == 20
    assert tall[2] - wide[2] == wide[2] - square[2] + 20


def test_the_bar_runs_from_low_to_high_under_the_whole_grid() -> None:
    tiles = [Tile(flat((255, 255, 255)), "")] * 3
    bare = decoded(montage(tiles, columns=3, tile_side=100))
    sheet = decoded(montage(tiles, columns=3, tile_side=100, bar=ScaleBar(-2, 2, "weight", "diverging")))
    assert (sheet[: bare.shape[0]] == bare).all()
    below = sheet[bare.shape[0] :].astype(int)
    coloured = abs(below[..., 0] - below[..., 2]) > 60
    top, bottom, left, right = extent(coloured)
    assert (left, right) == (1, sheet.shape[1] - 1)
    strip = below[(top + bottom) // 2, 1:-1]
    ends = diverging(np.array([[-2.0, 2.0]]), 2)[0]
    assert strip[0].tolist() == ends[0].tolist()
    assert strip[-1].tolist() == ends[1].tolist()
    assert abs(strip[len(strip) // 2] - 247).max() < 3
    numbers = (below[bottom + 10 : bottom + 36].max(axis=-1) < 128).any(axis=0)
    thirds = np.array_split(numbers, 3)
    assert all(third.any() for third in thirds), "low, 0 and high are written"
    assert numbers[:30].any()
    assert numbers[-20:].any()
    caption = below[bottom + 44 :].max(axis=-1) < 128
    _, _, start, stop = extent(caption)
    assert abs((start + stop) / 2 - sheet.shape[1] / 2) < 6


@pytest.mark.parametrize(("low", "side", "lines"), [(0, 500, 1), (0, 150, 2), (-3, 500, 2)])
def test_a_caption_stands_between_two_numbers_if_there_is_room(low: float, side: int, lines: int) -> None:
    tile = Tile(flat((255, 255, 255)), "")
    sheet = decoded(montage([tile], columns=1, tile_side=side, bar=ScaleBar(low, 3, "mean output", "grey")))
    ink = (sheet[side + 2 + 14 + 20 + 6 :].max(axis=-1) < 128).any(axis=1)
    assert np.count_nonzero(np.diff(ink.astype(int)) == 1) + int(ink[0]) == lines


def test_the_numbers_of_a_bar_touch_its_caption_nowhere() -> None:
    tile, caption = Tile(flat((255, 255, 255)), ""), "mean output"
    for side in range(150, 400, 10):
        sheet = decoded(montage([tile], columns=1, tile_side=side, bar=ScaleBar(0, 1234, caption, "grey")))
        ink = sheet[side + 2 + 14 + 20 + 6 :].max(axis=-1) < 128
        (first, *more) = np.split(ink, [38])
        gaps = np.sort(np.diff(np.flatnonzero(first.any(axis=0))))
        # Letters of a word are closer; the space in the caption is about a quarter of an em.
        wide = np.count_nonzero(gaps > 16)
        assert wide == (1 if more[0].any() else 2)


def test_a_quiet_tile_has_a_grey_label_that_can_be_read() -> None:
    tiles = [Tile(flat(COLOURS[0]), "HHH", quiet=quiet) for quiet in (False, True)]
    sheet = decoded(montage(tiles, columns=2, tile_side=100))
    loud, quiet = (part[104:].min() for part in np.array_split(sheet, 2, axis=1))
    assert loud < 10
    # WCAG asks for a contrast of 4.5 on white, which a grey of 118 has.
    assert 60 < quiet < 118


def test_ticks_name_zero_only_where_it_lies_well_inside() -> None:
    assert ScaleBar(-2, 2, "").ticks == (-2, 0, 2)
    assert ScaleBar(0, 3, "").ticks == (0, 3)
    assert ScaleBar(-0.01, 5, "").ticks == (-0.01, 5)
    assert ScaleBar(0, 0, "").ticks == (0,)


def test_a_bar_of_no_width_is_drawn() -> None:
    sheet = decoded(
        montage([Tile(flat((9, 9, 9)), "")], columns=1, tile_side=99, bar=ScaleBar(0, 0, "blank"))
    )
    assert (sheet[110:] < 128).any()


def test_a_diverging_bar_is_symmetric() -> None:
    with pytest.raises(ValueError, match="-1 … 2"):
        ScaleBar(-1, 2, "weight", "diverging")


def test_equal_tiles_give_equal_bytes_without_a_time_stamp() -> None:
    tiles = [Tile(flat(colour), f"tile {colour}", "äß") for colour in COLOURS]
    first, second = (montage(tiles, columns=4, tile_side=90, bar=ScaleBar(0, 1, "v")) for _ in range(2))
    assert first == second
    kinds, at = [], 8
    while at < len(first.data):
        (length,) = struct.unpack(">I", first.data[at : at + 4])
        kinds.append(first.data[at + 4 : at + 8])
        at += length + 12
    assert set(kinds) == {b"IHDR", b"pHYs", b"IDAT", b"IEND"}


def test_jpeg_shows_the_same_and_is_smaller_for_photographs() -> None:
    noise = np.random.default_rng(0).integers(0, 256, (20, 20, 3), dtype=np.uint8)
    photograph = np.asarray(Image.fromarray(noise).resize((300, 300), Image.Resampling.BICUBIC))
    tiles = [Tile(photograph, "a photograph")]
    exact = montage(tiles, columns=1, tile_side=300)
    close = montage(tiles, columns=1, tile_side=300, mime="image/jpeg")
    lightness = (decoded(exact).astype(float) - decoded(close)) @ (0.299, 0.587, 0.114)
    assert np.sqrt((lightness**2).mean()) < 3
    assert abs(lightness[304:]).max() < 32, "lettering stays sharp"
    assert len(close.data) < len(exact.data) / 2
    assert close == montage(tiles, columns=1, tile_side=300, mime="image/jpeg")


@pytest.mark.parametrize("columns", range(1, 11))
def test_full_width_is_the_text_width_of_the_page(columns: int) -> None:
    tiles = [Tile(flat(COLOURS[0]), "")] * columns
    picture = montage(tiles, columns=columns, tile_side=full_width_side(columns), smooth=False)
    assert 143 <= picture.print_width <= 144


def test_few_tiles_do_not_leave_empty_columns() -> None:
    tiles = [Tile(flat(colour), "") for colour in COLOURS[:2]]
    assert montage(tiles, columns=5, tile_side=60) == montage(tiles, columns=2, tile_side=60)


@pytest.mark.parametrize(("count", "columns", "side"), [(0, 3, 60), (2, 0, 60), (2, 3, 0)])
def test_montages_of_nothing_are_refused(count: int, columns: int, side: int) -> None:
    with pytest.raises(ValueError, match=f"{count} tiles"):
        montage([Tile(flat(COLOURS[0]), "")] * count, columns=columns, tile_side=side)


@pytest.mark.parametrize(
    "pixels", [np.zeros((4, 4), np.uint8), np.zeros((4, 4, 3)), np.zeros((0, 4, 3), np.uint8)]
)
def test_tiles_are_rgb_bytes(pixels: Pixels) -> None:
    with pytest.raises(ValueError, match="a tile is uint8"):
        Tile(pixels, "")
