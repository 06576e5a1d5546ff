"""The pictures of redrawn networks: which is where, and what the plot joins."""

from __future__ import annotations

import io
from typing import Any

import numpy as np
import pytest
from matplotlib.lines import Line2D
from numpy.typing import NDArray
from PIL import Image
from small_results import small_results

from reportgen.figures.figure import FigureData
from reportgen.figures.montage import band_side
from reportgen.sections.randomisation.figures import describe_likeness, draw, name_networks, plot_likeness
from reportgen.sections.randomisation.result import Randomisation, Redrawing

BLOCKS = (5, 4, 3, 2, 1)


def make_section() -> Randomisation:
    """One neuron in five networks; guided and plain likenesses all differ."""
    section: Randomisation = small_results().randomisation
    neuron = section.neurons["cat"]
    redrawn = []
    for k in range(len(BLOCKS)):
        reported = {
            kind: getattr(neuron.redrawn[0].likeness, kind).model_copy(
                update={"signed": start - k / 10, "ssim": start - k / 20}
            )
            for kind, start in (("guided", 0.9), ("plain", 0.3))
        }
        likeness = neuron.redrawn[0].likeness.model_copy(update=reported)
        redrawn.append(neuron.redrawn[0].model_copy(update={"likeness": likeness}))
    return section.model_copy(
        update={
            "networks": [Redrawing(first_block=block, layers=1, weights=9) for block in BLOCKS],
            "neurons": {"cat": neuron.model_copy(update={"redrawn": redrawn})},
        }
    )


def make_arrays() -> dict[str, NDArray[Any]]:
    """Each picture has a level of its own, guided ones above zero, plain ones below."""
    levels = np.arange(1, 7, dtype=np.float32)[:, None, None, None] / 7
    whole = np.zeros((6, 224, 224, 3), np.float32)
    whole[:, 0:154, 10:206] = levels
    return {"guided_0": whole, "plain_0": -whole}


def locations(line: Line2D) -> tuple[NDArray[Any], NDArray[Any]]:
    return np.asarray(line.get_xdata()), np.asarray(line.get_ydata())


@pytest.fixture(scope="module")
def figures() -> dict[str, Any]:
    return {figure.name: figure for figure in draw(FigureData(make_section(), make_arrays()))}


def test_every_picture_is_at_its_place_in_the_strip(figures: dict[str, Any]) -> None:
    strip = np.asarray(Image.open(io.BytesIO(figures["randomised_0"].picture.data)).convert("RGB"))
    side, levels = band_side(6), np.arange(1, 7) / 7
    pitch = side + 12
    below = strip.shape[0] // 2  # two rows of equal height
    for top, sign in ((0, 1), (below, -1)):
        for k, level in enumerate(levels):
            found = strip[top + 60, k * pitch + side // 2].astype(float)
            wanted = 255 * (1 + sign * level) / 2
            assert found == pytest.approx([wanted] * 3, abs=4), (top, k)


def test_the_strip_says_which_network_is_which_and_what_it_shows(figures: dict[str, Any]) -> None:
    alt = figures["randomised_0"].alt
    assert "row 3, column 4, channel 5 for cat" in alt
    assert "guided 0.90 (block 5), 0.80 (blocks 4–5), 0.70 (blocks 3–5), 0.60 (blocks 2–5)" in alt
    assert "plain 0.30 (block 5)" in alt
    assert alt.index("guided 0.90") < alt.index("plain 0.30")
    assert name_networks(make_section().networks)[-1] == "all blocks"


def test_the_plot_joins_the_means_guided_solid_and_plain_dashed() -> None:
    section = make_section()
    signed, ssim = plot_likeness(section).axes
    for axes, measure in ((signed, "signed"), (ssim, "ssim")):
        lines = {line.get_linestyle(): line for line in axes.lines if len(locations(line)[0]) == 6}
        assert lines.keys() == {"-", "--"}
        for style, kind in (("-", "guided"), ("--", "plain")):
            wanted = [1, *(getattr(getattr(mean, kind), measure) for mean in section.mean)]
            np.testing.assert_allclose(locations(lines[style])[1], wanted)
        assert len({line.get_marker() for line in lines.values()}) == 2
        low, high = axes.get_ylim()
        assert low <= min(locations(line)[1].min() for line in lines.values())
        assert high >= 1
    assert "rank correlation, plain: 0.30, 0.20, 0.10, 0.00, minus 0.10" in describe_likeness(section)


def test_blank_pictures_have_no_likeness_and_no_mark() -> None:
    section = make_section()
    neuron = section.neurons["cat"]
    none = neuron.redrawn[2].likeness.guided.model_copy(update={"signed": None, "ssim": None})
    likeness = neuron.redrawn[2].likeness.model_copy(update={"guided": none})
    redrawn = [*neuron.redrawn]
    redrawn[2] = redrawn[2].model_copy(update={"likeness": likeness})
    changed = section.model_copy(update={"neurons": {"cat": neuron.model_copy(update={"redrawn": redrawn})}})
    signed, _ = plot_likeness(changed).axes
    assert sorted(len(locations(line)[0]) for line in signed.lines)[-2:] == [5, 6]
    (strip, _) = draw(FigureData(changed, make_arrays()))
    assert "none (blocks 3–5)" in strip.alt
