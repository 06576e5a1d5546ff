"""What gives the class away: on data in which one thing does, or nothing; judged by NumPy and SciPy."""

from __future__ import annotations

import io
from dataclasses import replace
from typing import Any

import h5py
import numpy as np
import pytest
from imports import imported_by
from numpy.typing import NDArray
from PIL import Image
from scipy.optimize import minimize
from scipy.special import log_softmax, softmax
from scipy.stats import binomtest, fisher_exact

from reportgen.dataset.decode import Decoded, decode_bytes, grey
from reportgen.results import ImageFile
from reportgen.results.inference import fisher_p_value, mcnemar_p_value, wilson_interval
from reportgen.sections.shortcuts.claims import decide
from reportgen.sections.shortcuts.compute import (
    CueResults,
    apply_head,
    choose_surest,
    choose_tested,
    count_confusion,
    count_cues,
    describe_class,
    find_shortcuts,
)
from reportgen.sections.shortcuts.cues import CUES, describe_images, find_copies, measure_cues, replace_ring
from reportgen.sections.shortcuts.judging import REGULARISATION, deal_folds, judge_cue
from reportgen.sections.shortcuts.result import Shortcuts, Trial

SIDE, RING, BLOCK = 224, 4, 28
LABELS = ("ant", "bee", "cat")


def plain_image(rng: np.random.Generator) -> Decoded:
    """A picture of eight by eight coloured blocks and noise, of no class in particular."""
    blocks = rng.integers(100, 150, (8, 8, 3)).repeat(BLOCK, 0).repeat(BLOCK, 1)
    pixels = (blocks + rng.integers(-8, 9, blocks.shape)).astype(np.uint8)
    return Decoded(
        pixels, 300, int(rng.integers(180, 400)), format="JPEG", size=int(rng.integers(2, 6) * 10**4)
    )


def with_frame(image: Decoded) -> Decoded:
    """A black frame, four pixels wide, for which the rest of each block is lighter: its mean stays."""
    pixels = image.pixels.astype(float)
    for top in range(0, SIDE, BLOCK):
        for left in range(0, SIDE, BLOCK):
            ring = [
                (y, x)
                for y in range(top, top + BLOCK)
                for x in range(left, left + BLOCK)
                if min(y, x, SIDE - 1 - y, SIDE - 1 - x) < RING
            ]
            if ring:
                block = pixels[top : top + BLOCK, left : left + BLOCK]
                before = block.sum((0, 1))
                rows, columns = np.transpose(ring)
                pixels[rows, columns] = 20
                inner = np.ones((BLOCK, BLOCK), bool)
                inner[rows - top, columns - left] = False
                block[inner] += (before - block.sum((0, 1))) / inner.sum()
    assert pixels.min() >= 0
    assert pixels.max() <= 255
    return replace(image, pixels=np.rint(pixels).astype(np.uint8))


def redder(image: Decoded) -> Decoded:
    return replace(image, pixels=(image.pixels + np.array([40, 0, 0])).astype(np.uint8))


def larger(image: Decoded) -> Decoded:
    return replace(image, size=image.size * 9)


def make(
    change: Any = None, counts: tuple[int, ...] = (24, 24, 24), seed: int = 4
) -> tuple[Shortcuts, CueResults]:
    """The numbers of a data set whose class ``bee`` alone was changed."""
    rng = np.random.default_rng(seed)
    labels = np.repeat(range(len(counts)), counts)
    images = [plain_image(rng) for _ in labels]
    if change is not None:
        images = [change(image) if y == 1 else image for y, image in zip(labels, images, strict=True)]
    names = [f"{int(n):064x}" for n in rng.permutation(10**6)[: len(labels)]]
    found = find_shortcuts([measure_cues(image) for image in images], labels, names, LABELS[: len(counts)])
    tested = Trial(file="x", true="ant", as_it_is="ant", without_ring="ant")
    numbers = Shortcuts(
        **count_cues(found, LABELS[: len(counts)]),
        asked=1, alpha=0.05, tested=[tested], examples={}, arrays={},
    )  # fmt: skip
    return numbers, found


def claims(numbers: Shortcuts) -> dict[str, bool]:
    return {claim.name: claim.passed for claim in decide(numbers)}


def test_a_planted_frame_is_found_in_the_ring_and_nowhere_else() -> None:
    numbers, _ = make(with_frame)
    assert numbers.found == ["ring"]
    matrix = np.array(numbers.confusion["ring"])
    assert matrix[1, 1] >= 23  # of the framed class nearly all
    assert matrix[[0, 2], 1].sum() <= 1  # and hardly any other is taken for it
    for cue in ("colour", "file", "thumbnail"):
        assert numbers.accuracy[cue] < 0.5, cue
    assert [look.dark_frames for look in numbers.classes.values()] == [0, 24, 0]
    assert numbers.framed == {"ant": 0, "bee": 24, "cat": 0}
    assert claims(numbers)["cue_found"]


def test_where_nothing_gives_the_class_away_nothing_is_claimed() -> None:
    numbers, _ = make()
    assert numbers.found == []
    assert numbers.shown is None
    assert numbers.framed == {}
    assert not claims(numbers)["cue_found"]


def test_a_planted_colour_is_found() -> None:
    numbers, _ = make(redder)
    assert "colour" in numbers.found
    assert np.array(numbers.confusion["colour"])[1, 1] == 24
    assert "file" not in numbers.found


def test_a_planted_size_of_the_files_is_found_in_the_files_alone() -> None:
    numbers, _ = make(larger)
    assert numbers.found == ["file"]
    assert np.array(numbers.confusion["file"])[1, 1] == 24
    assert numbers.shown is None  # a picture cannot show it


def wider(image: Decoded) -> Decoded:
    return replace(image, width=image.width * 3, height=image.height * 3, size=image.size * 9)


@pytest.mark.parametrize(("change", "leader"), [(larger, "bytes_per_pixel"), (wider, "width"), (None, None)])
def test_the_property_of_the_file_that_gives_the_class_away_is_named(change: Any, leader: str | None) -> None:
    numbers, found = make(change)
    assert numbers.file_leader == leader
    assert list(numbers.file_alone) == ["width", "height", "shape", "bytes_per_pixel", "exif", "format"]
    # All files are JPEG without EXIF data: a constant tells no class.
    assert numbers.file_alone["exif"] == numbers.file_alone["format"] <= numbers.chance * numbers.judged
    # A model by hand of that property alone, fold by fold.
    name = leader or "height"
    column = {"width": 0, "height": 1, "bytes_per_pixel": 3}[name]
    values = found.arrays["cue_file"][:, [column]].astype(float)
    right, labels = 0, np.asarray(found.labels)
    for fold in range(found.folds):
        fitted = found.arrays["fold"] != fold
        scaled = (values - values[fitted].mean(0)) / values[fitted].std(0)
        weights = fit_by_hand(scaled[fitted], labels[fitted], 3)
        reported = (np.c_[scaled, np.ones(len(scaled))] @ weights).argmax(1)
        right += int((reported == labels)[~fitted].sum())
    assert numbers.file_alone[name] == right


def test_a_planted_frame_is_a_finding_of_its_own_and_frames_in_all_classes_are_none() -> None:
    numbers, _ = make(with_frame)
    apart = numbers.frame_apart
    assert apart is not None
    assert (apart.label, apart.kind, apart.framed, apart.images) == ("bee", "dark", 24, 24)
    assert (apart.others_framed, apart.others) == (0, 48)
    # Three classes, dark and light frames.
    assert apart.p_value == pytest.approx(6 * fisher_exact([[24, 0], [0, 48]], alternative="greater").pvalue)
    assert claims(numbers)["frames_tell"]
    looks = {
        label: look.model_copy(update={"dark_frames": 12 + n, "light_frames": 0})
        for n, (label, look) in enumerate(numbers.classes.items())
    }
    even = numbers.model_copy(update={"classes": looks})
    assert even.frame_apart is not None
    assert even.frame_apart.label == "cat"
    assert not claims(even)["frames_tell"]
    assert "frames_tell" not in claims(make()[0])


@pytest.mark.parametrize(
    "counts", [(0, 5, 3, 9), (3, 5, 0, 9), (5, 5, 2, 9), (4, 40, 4, 60), (88, 90, 4, 174), (1, 1, 0, 1)]
)
def test_fishers_test_is_that_of_scipy(counts: tuple[int, int, int, int]) -> None:
    inside, images, outside, others = counts
    table = [[inside, images - inside], [outside, others - outside]]
    assert fisher_p_value(*counts) == pytest.approx(
        fisher_exact(table, alternative="greater").pvalue, rel=1e-9
    )


def test_always_naming_the_largest_class_is_no_finding() -> None:
    numbers, _ = make(counts=(48, 12, 12))
    assert numbers.chance == 48 / 72
    assert max(numbers.accuracy.values()) > 0.5  # well above one of three
    assert numbers.found == []
    for cue, lead in numbers.lead.items():
        assert lead == pytest.approx(numbers.correct[cue] / 72 - 48 / 72)


def test_intervals_are_those_of_scipy_and_decide_what_is_found() -> None:
    numbers, _ = make(with_frame)
    for cue in CUES:
        interval = binomtest(numbers.correct[cue], numbers.judged).proportion_ci(0.95, "wilson")
        assert numbers.accuracy_interval[cue] == pytest.approx((interval.low, interval.high))
        assert (cue in numbers.found) == (interval.low > numbers.chance)
        assert (cue in numbers.clear) == (interval.low > (1 + numbers.chance) / 2)
    assert [numbers.correct[cue] for cue in numbers.ranking] == sorted(numbers.correct.values(), reverse=True)


@pytest.mark.long
def test_of_four_cues_that_tell_nothing_one_is_soon_above_chance_by_luck() -> None:
    """Two classes of 100 images, and cues that guess: in a tenth of the cases one of four seems to tell."""
    numbers, _ = make(counts=(4, 4))
    look = numbers.classes["ant"].model_copy(update={"images": 100})
    rng, trials = np.random.default_rng(8), 1500
    found = claimed = 0
    for rights in rng.binomial(200, 0.5, (trials, len(CUES))).tolist():
        confusion = {cue: [[right, 200 - right], [0, 0]] for cue, right in zip(CUES, rights, strict=True)}
        section = numbers.model_copy(update={"confusion": confusion, "classes": dict.fromkeys("ab", look)})
        found += bool(section.found)
        claimed += claims(section)["cue_found"]
        assert set(section.beyond_chance) <= set(section.found)
        for cue, right in zip(CUES, rights, strict=True):
            low = binomtest(right, 200).proportion_ci(1 - 0.05 / 4, "wilson").low
            assert (cue in section.beyond_chance) == (low > 0.5)
    assert found > 0.06 * trials
    # One side of what all four together are allowed, and three standard deviations of the count.
    assert claimed < 0.025 * trials + 3 * (0.025 * trials) ** 0.5


@pytest.mark.parametrize(("lost", "gained"), [(0, 0), (1, 0), (5, 0), (6, 0), (10, 2), (3, 9), (400, 700)])
def test_mcnemars_test_is_that_of_a_fair_coin(lost: int, gained: int) -> None:
    wanted = binomtest(lost, lost + gained).pvalue if lost + gained else 1.0
    assert mcnemar_p_value(lost, gained) == pytest.approx(wanted, rel=1e-9)
    low, high = wilson_interval(lost, lost + gained + 1)
    assert 0 <= low <= high <= 1


def fit_by_hand(x: NDArray[Any], y: NDArray[Any], classes: int) -> NDArray[Any]:
    """Weights (D + 1, classes) that minimise C · Σ cross-entropy + ‖W‖² / 2, the last row without penalty."""
    ones = np.c_[x, np.ones(len(x))]
    targets = np.eye(classes)[y]

    def loss(flat: NDArray[Any]) -> tuple[float, NDArray[Any]]:
        w = flat.reshape(-1, classes)
        scores = ones @ w
        kept = np.r_[w[:-1], np.zeros((1, classes))]
        value = -REGULARISATION * (targets * log_softmax(scores, 1)).sum() + (kept**2).sum() / 2
        return value, (REGULARISATION * ones.T @ (softmax(scores, 1) - targets) + kept).ravel()

    start = np.zeros((ones.shape[1], classes)).ravel()
    found = minimize(loss, start, jac=True, method="BFGS", options={"gtol": 1e-9, "maxiter": 5000})
    return np.asarray(found.x.reshape(-1, classes))


@pytest.mark.parametrize("cue", ["colour", "file"])
def test_cross_validation_agrees_with_one_by_hand(cue: str) -> None:
    numbers, found = make(redder)
    values, labels, folds = (
        found.arrays[f"cue_{cue}"].astype(float), found.labels, found.arrays["fold"],
    )  # fmt: skip
    wanted = np.zeros((len(labels), 3))
    for fold in range(5):
        fitted, judged = folds != fold, folds == fold
        assert 13 <= judged.sum() <= 15
        mean, spread = values[fitted].mean(0), values[fitted].std(0)
        scaled = (values - mean) / np.where(spread == 0, 1, spread)
        weights = fit_by_hand(scaled[fitted], labels[fitted], 3)
        wanted[judged] = softmax(np.c_[scaled, np.ones(len(scaled))][judged] @ weights, 1)
    np.testing.assert_allclose(found.probabilities[cue], wanted, atol=1e-4)
    reported = wanted.argmax(1)
    assert numbers.correct[cue] == int((reported == labels).sum())
    for i in range(3):
        for j in range(3):
            assert numbers.confusion[cue][i][j] == int(((labels == i) & (reported == j)).sum())
    assert numbers.confusion[cue] == count_confusion(labels, reported, 3)


def test_no_image_is_judged_by_a_model_that_was_shown_it() -> None:
    """Of random numbers, more than there are images, a model knows by heart what it was shown."""
    rng = np.random.default_rng(1)
    labels = np.arange(60) % 3
    values = rng.normal(size=(60, 300)).astype(np.float32)
    folds = deal_folds(labels, [f"{n:03}" for n in range(60)], 5)
    reported = judge_cue(values, labels, folds, 3).argmax(1)
    assert (reported == labels).mean() < 0.55


def test_folds_hold_an_equal_share_of_each_class_whatever_the_order_of_the_images() -> None:
    rng = np.random.default_rng(2)
    labels = np.repeat([0, 1, 2], (23, 11, 4))
    names = [f"{int(n):06}" for n in rng.permutation(len(labels))]
    folds = deal_folds(labels, names, 4)
    for label in range(3):
        counts = np.bincount(folds[labels == label], minlength=4)
        assert counts.max() - counts.min() <= 1
    assert np.ptp(np.bincount(folds)) <= 1
    order = rng.permutation(len(labels))
    again = deal_folds(labels[order], [names[n] for n in order], 4)
    np.testing.assert_array_equal(again, folds[order])


def test_with_three_images_in_a_class_nothing_is_judged() -> None:
    numbers, _ = make(with_frame, counts=(9, 3, 9))
    assert (numbers.folds, numbers.smallest, numbers.confusion) == (0, 3, {})
    assert numbers.classes["bee"].dark_frames == 3
    assert "cue_found" not in claims(numbers)
    assert make(with_frame, counts=(9, 4, 9))[0].folds == 4


def test_the_cues_are_what_they_say_pixel_by_pixel() -> None:
    rng = np.random.default_rng(3)
    pixels = rng.integers(0, 256, (SIDE, SIDE, 3), np.uint8)
    seen = measure_cues(Decoded(pixels, 640, 480, format="PNG", exif=True, size=12345))
    values = pixels.astype(float)
    for part in range(8):
        along = slice(28 * part, 28 * part + 28)
        sides = (values[0:4, along], values[220:224, along], values[along, 0:4], values[along, 220:224])
        for side, own in enumerate(sides):
            np.testing.assert_allclose(seen.ring[side][part], own.reshape(-1, 3).mean(0), atol=1e-3)
    np.testing.assert_allclose(seen.colour, values.reshape(-1, 3).mean(0), atol=1e-3)
    for row in range(8):
        for column in range(8):
            own = values[28 * row : 28 * row + 28, 28 * column : 28 * column + 28]
            np.testing.assert_allclose(seen.thumbnail[row][column], own.reshape(-1, 3).mean(0), atol=1e-3)
    luma = grey(pixels)
    depth = [[min(y, x, 223 - y, 223 - x) for x in range(SIDE)] for y in range(SIDE)]
    assert seen.ring_brightness == pytest.approx(luma[np.array(depth) < 4].mean(), abs=1e-4)
    inner = (np.array(depth) >= 8) & (np.array(depth) < 12)
    assert seen.inner_brightness == pytest.approx(luma[inner].mean(), abs=1e-4)
    file_row = describe_images([seen, replace(seen, format="JPEG", exif=False)])["file"]
    wanted = [*np.log([640, 480, 640 / 480, 12345 / (640 * 480)]), 1, 0, 1]
    np.testing.assert_allclose(file_row[0], wanted, rtol=1e-6)
    np.testing.assert_allclose(file_row[1][4:], [0, 1, 0])


def test_the_ring_is_replaced_and_nothing_else() -> None:
    rng = np.random.default_rng(4)
    pixels = rng.integers(0, 256, (SIDE, SIDE, 3), np.uint8)
    before = pixels.copy()
    replaced = replace_ring(pixels)
    colour = tuple(np.rint(pixels[4:220, 4:220].reshape(-1, 3).astype(float).mean(0)).astype(int).tolist())
    for y in range(SIDE):
        for x in range(SIDE):
            inside = 4 <= y < 220 and 4 <= x < 220
            assert tuple(replaced[y, x]) == (tuple(before[y, x]) if inside else colour)
    np.testing.assert_array_equal(pixels, before)


def test_a_dark_background_is_no_frame() -> None:
    rng = np.random.default_rng(6)
    dark = plain_image(rng)
    night = replace(dark, pixels=(dark.pixels // 6).astype(np.uint8))
    paper = replace(dark, pixels=(255 - dark.pixels // 6).astype(np.uint8))
    light = replace(dark, pixels=255 - with_frame(dark).pixels)
    look = describe_class([measure_cues(each) for each in (night, paper, with_frame(dark), light, dark)])
    assert (look.dark_frames, look.light_frames, look.images) == (1, 1, 5)


def test_nearly_equal_images_of_a_class_are_judged_once() -> None:
    rng = np.random.default_rng(7)
    one, other = plain_image(rng), plain_image(rng)
    noisy = replace(
        one, pixels=np.clip(one.pixels + rng.normal(0, 9, one.pixels.shape), 0, 255).astype(np.uint8)
    )
    seen = [measure_cues(image) for image in (one, other, noisy, one, one)]
    copies = find_copies(seen, np.array([0, 0, 0, 0, 1]))
    assert copies.tolist() == [False, False, True, True, False]  # of another class it is none


def image_file(label: str, number: int, split: Any = "test") -> ImageFile:
    return ImageFile(file=f"{split}/{label}/{number}.png", split=split, label=label, sha256=f"{number:064}")


def test_tested_images_are_test_images_of_all_classes_in_turn() -> None:
    images = [image_file("ant", n) for n in (9, 2, 5)] + [image_file("bee", 7), image_file("ant", 1, "train")]
    images += [image_file("bee", 7).model_copy(update={"file": "test/bee/copy.png"})]
    chosen = choose_tested(images, 3)
    assert [image.file for image in chosen] == ["test/ant/2.png", "test/bee/7.png", "test/ant/5.png"]
    assert len(choose_tested(images, 60)) == 4


def test_the_surest_images_are_of_the_class_and_told_correctly() -> None:
    _, found = make(with_frame)
    images = [image_file(LABELS[y], n) for n, y in enumerate(found.labels)]
    chosen = choose_surest(found, "ring", 1, images, 3)
    assert [image.label for image in chosen] == ["bee"] * 3
    right = found.probabilities["ring"][found.labels == 1, 1]
    shares = [found.probabilities["ring"][images.index(image), 1] for image in chosen]
    assert min(shares) >= np.sort(right)[-3] - 0.1


def test_the_head_is_a_softmax_of_its_matrix_and_vector() -> None:
    rng = np.random.default_rng(9)
    kernel, bias = rng.normal(size=(6, 3)), rng.normal(size=3)
    buffer = io.BytesIO()
    with h5py.File(buffer, "w") as file:
        group = file.create_group("layers/head/vars")
        group["0"], group["1"] = kernel, bias
    features = rng.normal(size=(5, 6)).astype(np.float32)
    wanted = softmax(features @ kernel + bias, 1)
    np.testing.assert_allclose(apply_head(buffer.getvalue(), features), wanted, rtol=1e-5)


def test_lost_and_gained_are_counted_by_class() -> None:
    numbers, _ = make(counts=(9, 9, 9))
    rows = [("ant", "ant", "bee"), ("ant", "ant", "ant"), ("bee", "ant", "bee"), ("bee", "ant", "cat")]
    tested = [
        Trial(file=str(n), true=true, as_it_is=before, without_ring=after)
        for n, (true, before, after) in enumerate(rows)
    ]
    changed = numbers.model_copy(update={"tested": tested})
    assert (changed.correct_as_they_are, changed.correct_without_ring) == (2, 2)
    assert (changed.lost, changed.gained, changed.changed) == (1, 1, 3)
    assert changed.recognised["ant"].model_dump() == {"images": 2, "as_they_are": 2, "without_ring": 1}
    assert changed.recognised["bee"].model_dump() == {"images": 2, "as_they_are": 0, "without_ring": 1}
    lost = [Trial(file=str(n), true="ant", as_it_is="ant", without_ring="bee") for n in range(6)]
    for count, holds in ((5, True), (6, False)):
        assert claims(numbers.model_copy(update={"tested": lost[:count]}))["ring_unneeded"] is holds


@pytest.mark.parametrize("exif", [False, True])
@pytest.mark.parametrize("kind", ["JPEG", "PNG"])
def test_format_size_and_exif_are_those_of_the_file(kind: str, exif: bool) -> None:
    buffer = io.BytesIO()
    tags = Image.Exif()
    tags[0x010F] = "A maker"
    Image.new("RGB", (90, 60), "red").save(buffer, kind, **({"exif": tags} if exif else {}))
    image = decode_bytes(buffer.getvalue())
    assert (image.format, image.exif, image.size) == (kind, exif, len(buffer.getvalue()))
    assert (image.width, image.height) == (90, 60)


ASKS_FIRST = """
import json, sys
from types import SimpleNamespace
import numpy as np
from reportgen.engine.stages.outcomes import ARRAYS
from reportgen.store.packing import pack_arrays
from reportgen.results import ImageFile
from reportgen.sections.shortcuts.compute import run_without_ring

def list_modules():
    print(json.dumps(sorted({name.split(".")[0] for name in sys.modules})))
    raise SystemExit

image = ImageFile(split="test", label="ant", file="a.png", sha256="0" * 64)
transfer = pack_arrays({"probabilities_test": np.ones((1, 2), np.float32)})
context = SimpleNamespace(
    artifacts=lambda _name: {ARRAYS: transfer}, images=[image], items={},
    network_choice=SimpleNamespace(name="VGG19"), network=list_modules,
    progress=SimpleNamespace(stage=lambda *_, **__: list_modules()),
)
run_without_ring(context, [image])
"""


def test_tensorflow_is_configured_before_it_is_imported() -> None:
    """Where this section alone computes, nobody else has done so: the user's keras.json would count."""
    loaded = imported_by(ASKS_FIRST)
    assert "numpy" in loaded
    assert not loaded & {"tensorflow", "keras"}
