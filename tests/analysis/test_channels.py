from __future__ import annotations

import io
from collections import Counter
from itertools import combinations, permutations
from types import SimpleNamespace
from typing import Any

import keras
import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from reportgen.analysis.usual import QUANTILE, usual_outputs
from reportgen.figures.figure import FigureData
from reportgen.models.graph import LayerGraph
from reportgen.models.head import write_head
from reportgen.results import Box, FieldGeometry, ImageFile, Patch, Position
from reportgen.sections.channels import over_data as over
from reportgen.sections.channels.claims import decide
from reportgen.sections.channels.compute import (
    Evidence,
    Example,
    centre_scores,
    compare_channels,
    find_evidence,
)
from reportgen.sections.channels.figures import draw
from reportgen.sections.channels.result import Channels, OverData
from reportgen.sections.channels.strength import compare_strength, rank_by_size

GEOMETRY = FieldGeometry(size=2, stride=2, padding=0)


def look(position: Position) -> Patch:
    row, column, _ = position
    return Patch(rows=(2 * row, 2 * row + 2), cols=(2 * column, 2 * column + 2), energy_share=0.81)


def outputs(values: list[float], positions: list[tuple[int, int]]) -> NDArray[np.float32]:
    layer = np.zeros((3, 3, len(values)), np.float32)
    for channel, (value, position) in enumerate(zip(values, positions, strict=True)):
        layer[position][channel] = value
    return layer


PLACES = [(0, 0), (0, 1), (1, 1), (2, 2)]
ONE = outputs([8.0, 1.0, 4.0, 2.0], PLACES)
TWO = outputs([9.0, 3.0, 1.0, 2.0], PLACES)
# Class 0 is predicted by channel 1 alone; channel 0, the loudest, argues against it.
ADDS = np.array([[-2.0, 5.0, 0.5, 1.0], [2.0, -1.0, 0.5, 0.0], [0.0, 0.0, 0.5, 0.0]])


def example(layer: NDArray[np.float32], predicted: int = 0, animal: Box | None = None) -> Example:
    return Example("test/a/1.png", layer, Evidence(ADDS, np.array([0.3, 0.0, 0.0]), predicted), look, animal)


def compared(usual: NDArray[np.float32] | None = None, count: int = 2, **changes: Any) -> Channels:
    examples = changes or {"a": example(ONE), "b": example(TWO, 1), "c": example(TWO, 1)}
    return compare_channels(
        examples, usual, layer="l", geometry=GEOMETRY, count=count, exact=True, images=5, seed=1
    ).numbers


def indices(channels: Any) -> list[int]:
    return [channel.position[2] for channel in channels]


def test_lists_are_ordered_each_by_its_own_measure() -> None:
    usual = np.array([16.0, 1.0, 8.0, 0.25], np.float32)
    image = compared(usual).classes["a"]
    assert indices(image.loud) == [0, 2]
    assert indices(image.decisive) == [1, 3]
    # The floor is the upper quartile, 10: outputs 8, 1, 4, 2 over 16, 10, 10, 10.
    assert compared(usual).floor == pytest.approx(10.0)
    assert indices(image.unusual) == [0, 2]
    assert [channel.ratio for channel in image.unusual] == pytest.approx([0.5, 0.4])
    assert [channel.position for channel in image.loud] == [(0, 0, 0), (1, 1, 2)]


def test_a_channel_that_is_loud_everywhere_does_not_lead_by_ratio() -> None:
    usual = np.array([100.0, 1.0, 1.0, 1.0], np.float32)
    image = compared(usual).classes["a"]
    assert indices(image.loud)[0] == 0
    assert indices(image.unusual) == [2, 0]


def test_contributions_are_those_beyond_the_mean_of_all_classes() -> None:
    first = compared().classes["a"].loud[0]
    mean = (-2.0 + 2.0 + 0.0) / 3
    assert first.contribution == pytest.approx(-2.0 - mean)
    assert first.contribution_rank == 4
    assert compared().classes["b"].loud[0].contribution == pytest.approx(2.0 - mean)
    assert compared().classes["b"].loud[0].contribution_rank == 1
    # Less the mean 0, 4/3, 0.5 and 1/3 of the classes: by size 11/3 is before 2, 2/3 and 0.
    assert [each.strength_rank for each in compared(count=4).classes["a"].loud] == [2, 4, 3, 1]


def test_what_all_classes_share_is_no_evidence() -> None:
    shared = ADDS + np.array([100.0, 0.0, -7.0, 0.0])
    assert np.allclose(centre_scores(shared), centre_scores(ADDS))


def test_parts_add_up_to_the_score() -> None:
    image = compared(count=4).classes["a"]
    scores = ADDS.sum(axis=1) + np.array([0.3, 0.0, 0.0])
    assert image.score == pytest.approx(scores[0] - scores.mean())
    assert sum(channel.contribution for channel in image.loud) + image.bias == pytest.approx(image.score)


def test_counts_over_the_classes() -> None:
    found = compared()
    # Loud: 0 and 2 for a, 0 and 1 for b and c; decisive: 1 and 3 for a, 0 and 2 for b and c.
    assert (found.always_loud, found.listed) == (1, 6)
    assert found.loud_and_decisive == 2
    # Channel 0 for a; channel 1 for b and c, −1 − 4/3.
    assert found.loud_against == 3
    # Strong are 0 and 1 in all: channel 0 against a and for b and c, channel 1 for a, but not loud there.
    assert (found.strong, found.strong_for, found.strong_against) == (5, 2, 3)


def test_a_channel_without_a_part_in_the_score_is_not_strong() -> None:
    evidence = Evidence(np.zeros((2, 4)), np.zeros(2), 0)
    silent = compared(count=4, a=Example("a", ONE, evidence, look), b=Example("b", TWO, evidence, look))
    assert silent.strength is not None
    assert (silent.strong, silent.strength.expected, silent.strength.p_value) == (0, 0, 1)


def test_ranks_by_size_are_counted_without_signs() -> None:
    contributions = np.random.default_rng(4).integers(-9, 9, 60).astype(float)
    wanted = [sum(abs(other) >= abs(own) for other in contributions) for own in contributions]
    assert rank_by_size(contributions).tolist() == wanted


def test_the_chance_of_strong_channels_is_that_of_all_exchanges() -> None:
    contributions = np.array([[5.0, -4.0, 1.0, 0.5, 0.1, 0.2], [-3.0, 0.3, -2.0, 0.5, 0.1, 0.2]])
    loud, strong = [[1, 2], [2, 0]], [{0, 1}, {0, 2}]
    counts = [
        sum(order[channel] in own for own, named in zip(strong, loud, strict=True) for channel in named)
        for order in permutations(range(6))
    ]
    found = compare_strength(contributions, loud, 2, seed=1)
    assert found.expected == pytest.approx(np.mean(counts))
    assert found.p_value == pytest.approx(np.mean([each >= 3 for each in counts]), abs=0.03)


def test_one_channel_that_is_loud_in_all_images_is_one_chance() -> None:
    """Red if each image's channels are exchanged by themselves: then it would be 0.001."""
    found = compare_strength(np.tile([[-9.0, *[0.5] * 9]], (3, 1)), [[0]] * 3, 1, seed=1)
    assert found.p_value == pytest.approx(0.1, abs=0.03)


def test_without_averages_nothing_is_said_of_unusual_output() -> None:
    found = compared(None)
    assert (found.images, found.floor, found.classes["a"].unusual) == (0, None, [])


def test_neurons_on_the_animal_are_counted_by_their_middle() -> None:
    # Positions (0, 0) and (0, 1) have their middles at pixels 1 and 3: the box has row 1, columns 1 to 3.
    animal = Box(rows=(1, 2), cols=(1, 4))
    counted = compared(np.ones(4, np.float32), count=3, a=example(ONE, animal=animal)).classes["a"].on_animal
    assert counted is not None
    assert (counted.loud, counted.decisive, counted.total) == (1, 1, 3)
    assert counted.chance == pytest.approx(2 / 9)


def of_many(sign: int) -> Channels:
    """Of 100 channels the two loudest add most to the score, or take most from it, or nothing (``sign``)."""
    adds = np.zeros((2, 100))
    adds[0] = np.r_[sign * 9.0, sign * 8.0, np.linspace(1, 2, 98)]
    layer = np.zeros((1, 1, 100), np.float32)
    layer[0, 0] = np.r_[9, 8, np.linspace(0, 1, 98)]
    evidence = Evidence(adds, np.zeros(2), 0)
    return compared(a=Example("a", layer, evidence, look), b=Example("b", layer, evidence, look))


def weight(found: Channels) -> float:
    return next(claim.weight for claim in decide(found) if claim.name == "loud_strong")


def test_claims_follow_the_numbers() -> None:
    def claims(found: Channels) -> dict[str, bool]:
        return {claim.name: claim.passed for claim in decide(found)}

    # Of four channels two are strong in any case.
    assert claims(compared()) == {"loud_strong": False}
    for sign in (1, -1):
        assert claims(of_many(sign)) == {"loud_strong": True}
        assert weight(of_many(sign)) > 0.3
    assert claims(of_many(0)) == {"loud_strong": False}
    assert weight(of_many(0)) == 0
    left, corner = Box(rows=(0, 2), cols=(0, 2)), Box(rows=(4, 6), cols=(4, 6))
    usual = np.array([10.0, 1.0, 1.0, 1.0], np.float32)
    one = compared(usual, 1, a=example(ONE, animal=left))
    other = compared(usual, 1, a=example(outputs([8.0, 1.0, 4.0, 7.9], PLACES), animal=corner))
    assert claims(one)["unusual_on_animal"] is False
    assert claims(other)["unusual_on_animal"] is True


def network(shape: tuple[int, ...], layers: list[Any]) -> Any:
    """The layers above an explained one whose outputs have that shape."""
    explained = keras.layers.Identity(name="block5_conv4")
    model = keras.Sequential([keras.Input(shape), explained, *layers])
    return SimpleNamespace(graph=LayerGraph.read(model), layers=("block5_conv4",))


def head_of(features: int, classes: int, seed: int) -> tuple[keras.Sequential, NDArray[Any], NDArray[Any]]:
    rng = np.random.default_rng(seed)
    kernel, bias = rng.normal(size=(features, classes)).astype(np.float32), rng.normal(size=classes)
    head = keras.Sequential(
        [keras.Input((features,)), keras.layers.Dense(classes, activation="softmax", name="head")]
    )
    head.set_weights([kernel, bias.astype(np.float32)])
    return head, kernel, bias.astype(np.float32)


def test_evidence_of_an_average_is_weight_times_average() -> None:
    head, kernel, bias = head_of(5, 3, 0)
    layer = np.random.default_rng(1).random((4, 4, 5)).astype(np.float32)
    above = network(layer.shape, [keras.layers.GlobalAveragePooling2D()])
    found = find_evidence(above, write_head(head), layer)
    averages = layer.mean(axis=(0, 1))
    assert np.allclose(found.contributions, (averages[:, np.newaxis] * kernel).T, atol=1e-5)
    assert np.allclose(found.biases, bias, atol=1e-5)
    assert found.predicted == int((averages @ kernel + bias).argmax())


def test_evidence_through_dense_layers_is_a_derivative() -> None:
    head, kernel, bias = head_of(6, 3, 2)
    rng = np.random.default_rng(3)
    layer = rng.random((2, 2, 4)).astype(np.float32)
    dense = keras.layers.Dense(6, activation="relu")
    dense.build((1, 16))
    flatten = keras.layers.Flatten()
    found = find_evidence(network(layer.shape, [flatten, dense]), write_head(head), layer)
    weights, offsets = (np.asarray(each, np.float64) for each in dense.get_weights())

    def scores(signal: NDArray[Any]) -> NDArray[Any]:
        hidden: NDArray[Any] = np.maximum(signal.reshape(-1) @ weights + offsets, 0) @ kernel + bias
        return hidden

    for channel in range(4):
        # The derivative along the channel itself, by central differences in double precision.
        step = np.zeros_like(layer, np.float64)
        step[..., channel] = layer[..., channel]
        slope = (scores(layer + 1e-6 * step) - scores(layer - 1e-6 * step)) / 2e-6
        assert np.allclose(found.contributions[:, channel], slope, atol=1e-4)
    assert np.allclose(
        found.contributions.sum(axis=1) + found.biases, scores(layer.astype(np.float64)), atol=1e-4
    )


def test_usual_output_is_the_mean_over_images() -> None:
    features = np.array([[1.0, 2.0], [3.0, 6.0]], np.float32)
    assert usual_outputs(features).tolist() == [2.0, 4.0]
    assert QUANTILE == 0.75


def test_each_row_of_the_figure_shows_its_own_list() -> None:
    usual = np.array([100.0, 1.0, 1.0, 1.0], np.float32)
    found = compared(usual)
    image = np.full((6, 6, 3), 255, np.uint8)
    colours = {0: (200, 0, 0), 1: (0, 160, 0), 2: (0, 0, 200), 3: (160, 160, 0)}
    for channel, (row, column) in enumerate(PLACES):
        image[2 * row : 2 * row + 2, 2 * column : 2 * column + 2] = colours[channel]
    data = FigureData(found, {}, images=[image] * 3)
    picture = next(iter(draw(data))).picture
    pixels = np.asarray(Image.open(io.BytesIO(picture.data)).convert("RGB")).astype(int)
    height, width = pixels.shape[:2]
    displayed = [
        [
            min(colours, key=lambda c: np.abs(pixels[y, x] - np.array(colours[c])).sum())
            for x in (width // 4, 3 * width // 4)
        ]
        for y in (int((k + 0.35) * height / 3) for k in range(3))
    ]
    assert displayed == [[0, 2], [1, 3], [2, 0]]


CLASSES = ["a"] * 4 + ["b"] * 4
SEVERAL = [
    ImageFile(file=f"train/{label}/{n}.png", split="train", label=label, sha256=f"{n:064}")
    for n, label in enumerate(CLASSES)
]


def over_data(
    largest: NDArray[np.float32], displayed: list[int], monkeypatch: pytest.MonkeyPatch
) -> OverData:
    """Eight images of two classes, four of which are told of each channel; the peak is in row 1, column 2."""
    monkeypatch.setattr(over, "MOST_IMAGES", 4)
    argmax = np.full(largest.shape, 5, np.uint16)
    active = np.where(largest > 0, 3, 0).astype(np.uint16)
    peaks = over.Peaks(SEVERAL, largest, argmax, active, positions=9, columns=3)
    field = FieldGeometry(size=96, stride=16, padding=40)
    return over.describe_data(peaks, displayed, field, 32, split="train", seed=1)


def preferring(count: int) -> NDArray[np.float32]:
    """(8, 20): so many channels are excited most by all images of one class, the others by two of each."""
    rng = np.random.default_rng(3)
    largest = np.tile(np.array([4, 3, 2, 1, 4, 3, 2, 1], np.float32)[:, None], (1, 20))
    for channel in range(count):
        largest[:, channel] = rng.permutation(4).repeat(2) + 1
        largest[4 * (channel % 2) : 4 * (channel % 2) + 4, channel] += 9
    return largest


def test_the_chance_of_a_majority_is_that_of_all_draws() -> None:
    classes = [0] * 4 + [1] * 3 + [2] * 2
    for drawn in (1, 3, 5):
        draws = [Counter(each).most_common(1)[0][1] for each in combinations(classes, drawn)]
        for most in range(drawn + 1):
            wanted = sum(each >= most for each in draws) / len(draws)
            assert over.chance_of_majority([4, 3, 2], drawn, most) == pytest.approx(wanted, abs=1e-12)


def test_the_images_of_a_channel_are_those_that_excite_it_most(monkeypatch: pytest.MonkeyPatch) -> None:
    largest = np.array([[1, 7, 3, 7, 0, 8, 2, 5], [0, 0, 0, 9, 0, 0, 0, 0], [0] * 8], np.float32).T
    found = over_data(largest, [0, 1], monkeypatch)
    first, second = found.channels
    assert [each.file for each in first.images] == [SEVERAL[n].file for n in (5, 1, 3, 7)]
    assert [each.value for each in first.images] == [8, 7, 7, 5]
    assert (first.channel, first.label, first.most, first.active) == (0, "a", 2, 7)
    # Middle of the field: 1 · 16 − 40 + 48 = 24 and 40, half a side to either side, moved into the image.
    assert first.images[0].patch == Box(rows=(8, 40), cols=(24, 56))
    assert first.images[0].position == (1, 2, 0)
    # One image says nothing of the other three that stand beside it.
    assert (second.active, second.p_value) == (1, 1.0)
    assert (found.silent_channels, found.tested) == (1, 1)
    assert found.silent_share == pytest.approx(1 - (8 * 3) / (8 * 3 * 9))


@pytest.mark.parametrize(("count", "holds"), [(20, True), (0, False)])
def test_channels_prefer_a_class_or_not(count: int, holds: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    numbers = compared().model_copy(
        update={"over_data": over_data(preferring(count), [0, 1, 2], monkeypatch)}
    )
    found = numbers.over_data
    assert found is not None
    # Only four of one class are rare enough: 2 of the 70 draws; three are 34.
    assert found.selective == count
    assert found.preferring == (3 if holds else 0)
    claims = {each.name: each for each in decide(numbers)}
    assert claims["channels_prefer"].passed == claims["loud_prefer"].passed == holds
    assert (claims["channels_prefer"].weight > 0.5) == holds
    assert claims["none_silent"].passed


def test_channels_that_all_respond_alike_are_one_chance_and_not_twenty(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    # One lucky order in 35 shuffles, but the same in all channels: a binomial test would be sure.
    alike = np.tile(np.array([9, 8, 7, 6, 1, 2, 3, 4], np.float32)[:, None], (1, 20))
    found = over_data(alike, [0], monkeypatch)
    assert found.selective == 20
    assert found.p_value == pytest.approx(2 / 70, abs=0.015)


def test_the_channels_of_most_lists_come_first() -> None:
    assert over.choose_channels([[7, 3, 5], [3, 9, 5], [3, 8, 1]], 4) == [3, 5, 7, 8]


def test_each_row_of_the_figure_is_a_channel_and_its_images(monkeypatch: pytest.MonkeyPatch) -> None:
    found = over_data(preferring(20), [4, 2], monkeypatch)
    greys = (np.arange(8).reshape(2, 4) * 30 + 20).astype(np.uint8)
    patches = np.broadcast_to(greys[:, :, None, None, None], (2, 4, 32, 32, 3))
    blank = np.zeros((224, 224, 3), np.uint8)
    numbers = compared().model_copy(update={"over_data": found})
    figure = list(draw(FigureData(numbers, {"patches": patches}, [blank] * 3)))[-1]
    assert figure.name == "exciting"
    sheet = np.asarray(Image.open(io.BytesIO(figure.picture.data)).convert("L")).astype(int)
    positions = []
    for grey in greys.ravel():
        rows, columns = np.nonzero(np.abs(sheet - int(grey)) < 4)
        positions.append((np.median(rows), np.median(columns)))
    tops, lefts = np.array(positions).reshape(2, 4, 2).transpose(2, 0, 1)
    assert (tops[0] < tops[1]).all()
    assert (np.diff(lefts, axis=1) > 0).all()
    assert f"channel 4: {found.channels[0].images[0].file} (a" in figure.alt
