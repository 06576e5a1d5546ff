"""What is said to differ is what was changed by hand, and nothing else."""

from __future__ import annotations

import copy
import json
import subprocess
import sys
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from printed import resolve_pointer
from small_results import document

from reportgen.diff import Difference, compare, describe
from reportgen.diff.summary import cause_text
from reportgen.diff.values import ABSENT, Change, ListChange, Tolerance, compare_values
from reportgen.errors import UserError
from reportgen.submission import Submission

HOSTILE = "<script>alert(1)</script>"


def numbers() -> dict[str, Any]:
    # By way of text, since the parts of the document share their values.
    return {"schema_version": "1.0", **json.loads(json.dumps(document()))}


def image(file: str, content: str, label: str = "cat") -> dict[str, str]:
    return {"file": file, "split": file.split("/")[0], "label": label, "sha256": content * 64}


def wrong(file: str, true: str, predicted: str, p: float = 0.5) -> dict[str, Any]:
    probabilities = {"cat": p, "dog": 1 - p}
    return {"file": file, "true": true, "predicted": predicted, "probabilities": probabilities}


def submission(
    results: dict[str, Any], figures: dict[str, bytes] | None = None, name: str = "x"
) -> Submission:
    return Submission(name, copy.deepcopy(results), figures or {})


def diff(old: dict[str, Any], new: dict[str, Any], **options: float) -> Difference:
    return compare(submission(old, name="A"), submission(new, name="B"), **options)


def with_images(images: list[dict[str, str]], misclassified: list[dict[str, Any]]) -> dict[str, Any]:
    results = numbers()
    results["dataset"]["images"] = images
    results["transfer"]["misclassified"] = misclassified
    return results


def files(images: tuple[Any, ...]) -> list[str]:
    return [item.file for item in images]


def moves(pairs: tuple[Any, ...]) -> list[tuple[str, str]]:
    return [(pair.old.file, pair.new.file) for pair in pairs]


def leaves(value: Any, pointer: str = "") -> Iterator[str]:
    if isinstance(value, dict | list) and value:
        items = value.items() if isinstance(value, dict) else enumerate(value)
        for key, item in items:
            yield from leaves(item, f"{pointer}/{str(key).replace('~', '~0').replace('/', '~1')}")
    else:
        yield pointer


def put(results: dict[str, Any], pointer: str, value: Any) -> dict[str, Any]:
    results = copy.deepcopy(results)
    parent, _, last = pointer.rpartition("/")
    holder: Any = resolve_pointer(results, parent) if parent else results
    if isinstance(holder, list):
        holder[int(last)] = value
    else:
        holder[last] = value
    return results


def test_a_report_does_not_differ_from_itself() -> None:
    same = compare(submission(numbers(), {"a.png": b"1"}), submission(numbers(), {"a.png": b"1"}))
    assert not same.changed
    assert same.figures.unchanged == 1
    assert same.images.unchanged == 1
    assert "No difference" in "\n".join(describe(same))


def test_a_changed_number_is_given_with_its_difference() -> None:
    found = diff(numbers(), put(numbers(), "/transfer/training/learning_rate", 0.04))
    assert found.entries == (Change("/transfer/training/learning_rate", 0.01, 0.04),)
    assert isinstance(found.entries[0], Change)
    assert found.entries[0].difference == pytest.approx(0.03)
    text = "\n".join(describe(found))
    assert "/transfer/training/learning_rate  0.01 → 0.04  (+0.03)" in text
    back = "\n".join(describe(diff(put(numbers(), "/transfer/training/learning_rate", 0.04), numbers())))
    assert "0.04 → 0.01  (−0.03)" in back


def test_a_report_without_a_network_differs_by_its_numbers() -> None:
    """Red if what has no list of misclassified images is compared nowhere."""
    alone = {key: value for key, value in numbers().items() if key != "transfer"}
    found = diff(alone | {"mine": {"mean": 1}}, alone | {"mine": {"mean": 2}})
    assert found.entries == (Change("/mine/mean", 1, 2),)


def marked_leaves() -> list[Any]:
    """All values; those between the first and the last of a list are left to the long tests."""
    results = numbers()

    def is_inside(pointer: str) -> bool:
        parent, _, last = pointer.rpartition("/")
        if not parent:
            return False
        holder = resolve_pointer(results, parent)
        between = isinstance(holder, list) and int(last) not in (0, len(holder) - 1)
        return between or is_inside(parent)

    return [
        pytest.param(pointer, marks=pytest.mark.long) if is_inside(pointer) else pointer
        for pointer in sorted(set(leaves(results)))
    ]


@pytest.fixture(scope="module")
def unchanged() -> Submission:
    return submission(numbers(), name="A")


@pytest.mark.parametrize("pointer", marked_leaves())
def test_no_change_of_any_value_is_overlooked(pointer: str, unchanged: Submission) -> None:
    results = unchanged.results
    value = resolve_pointer(results, pointer)
    other = value + 1 if type(value) in (int, float) else "other"
    if pointer.startswith("/transfer/confusion"):
        other = value + 7
    found = compare(unchanged, Submission("B", put(dict(results), pointer, other), {}))
    assert results == numbers()
    assert found.changed
    pointers = [entry.pointer for entry in found.entries + found.causes]
    if not pointer.startswith(("/dataset/images", "/transfer/misclassified", "/checks/0/name")):
        assert pointers == [pointer]
    assert "No difference" not in "\n".join(describe(found))


JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-3, 3) | st.floats(-2, 2) | st.text("ab/~", max_size=2),
    lambda inner: (
        st.lists(inner, max_size=7) | st.dictionaries(st.text("ab/~", max_size=2), inner, max_size=3)
    ),
    max_leaves=12,
)


def alike(a: Any, b: Any) -> bool:
    """JSON equality: 1 is 1.0 but not true; the order of keys is nothing."""
    if isinstance(a, dict) and isinstance(b, dict):
        return a.keys() == b.keys() and all(alike(a[key], b[key]) for key in a)
    if isinstance(a, list) and isinstance(b, list):
        return len(a) == len(b) and all(map(alike, a, b))
    both_numbers = all(isinstance(x, int | float) and not isinstance(x, bool) for x in (a, b))
    return bool(a == b) and (both_numbers or type(a) is type(b))


@given(JSON, JSON)
def test_values_differ_just_if_the_documents_do(a: Any, b: Any) -> None:
    found = list(compare_values({"a": a}, {"a": b}, Tolerance()))
    assert bool(found) == (not alike(a, b))
    for entry in found:
        if isinstance(entry, Change):
            for side, whole in ((entry.old, {"a": a}), (entry.new, {"a": b})):
                assert side is ABSENT or alike(resolve_pointer(whole, entry.pointer), side)


@given(JSON, JSON)
def test_swapping_the_reports_swaps_old_and_new(a: Any, b: Any) -> None:
    def reported(entry: Any, swapped: bool) -> str:
        if isinstance(entry, Change):
            pair = (entry.old, entry.new)
        else:
            pair = ((entry.old_length, entry.old_only), (entry.new_length, entry.new_only))
        return str(entry.pointer) + repr(pair[::-1] if swapped else pair)

    there, back = (
        list(compare_values(x, y, Tolerance())) for x, y in (({"a": a}, {"a": b}), ({"a": b}, {"a": a}))
    )
    assert sorted(reported(e, False) for e in there) == sorted(reported(e, True) for e in back)


@pytest.mark.parametrize(
    ("a", "b", "rtol", "atol", "equal"),
    [
        (1.0, 1.0, 0, 0, True),
        (1.0, 1.0 + 2**-52, 0, 0, False),
        (1, 1.0, 0, 0, True),
        (100.0, 101.0, 0, 1.0, True),
        (100.0, 101.5, 0, 1.0, False),
        (100.0, 125.0, 0.2, 0, True),
        (125.0, 100.0, 0.2, 0, True),
        (100.0, 126.0, 0.2, 0, False),
        (-100.0, -125.0, 0.2, 0, True),
        (-100.0, 100.0, 0.2, 0, False),
        (100.0, 126.0, 0.2, 1.0, True),
    ],
)
def test_tolerance(a: float, b: float, rtol: float, atol: float, equal: bool) -> None:
    pointer = "/transfer/training/feature_scale"
    found = diff(put(numbers(), pointer, a), put(numbers(), pointer, b), rtol=rtol, atol=atol)
    assert found.changed is not equal
    assert found.tolerance == Tolerance(rtol, atol)


def test_a_tolerance_does_not_make_truth_values_or_null_equal() -> None:
    for a, b in ((True, False), (True, 1), (0, None), ("1", 1)):
        pointer = "/transfer/training/patience"
        assert diff(put(numbers(), pointer, a), put(numbers(), pointer, b), atol=9.0).changed


@pytest.mark.parametrize("value", [-1.0, float("nan"), float("inf")])
@pytest.mark.parametrize("name", ["rtol", "atol"])
def test_a_tolerance_that_is_none_is_refused(name: str, value: float) -> None:
    with pytest.raises(UserError, match=name):
        diff(numbers(), numbers(), **{name: value})


def test_keys_of_one_report_only_are_told_apart() -> None:
    more = put(numbers(), "/convolution/arrays/map_9", {"norm": 1})
    assert diff(numbers(), more).entries == (Change("/convolution/arrays/map_9", ABSENT, {"norm": 1}),)
    assert diff(more, numbers()).entries == (Change("/convolution/arrays/map_9", {"norm": 1}, ABSENT),)
    assert any('only in B: {"norm": 1}' in line for line in describe(diff(numbers(), more)))
    assert any('only in A: {"norm": 1}' in line for line in describe(diff(more, numbers())))
    null = put(numbers(), "/convolution/arrays/map_9", None)
    assert diff(numbers(), null).entries == (Change("/convolution/arrays/map_9", ABSENT, None),)


def test_versions_and_weights_come_first() -> None:
    new = put(numbers(), "/provenance/versions/numpy", "9.9")
    new = put(new, "/provenance/weights/source", "imagenet")
    new = put(new, "/provenance/seed", 2)
    found = diff(numbers(), new)
    assert [entry.pointer for entry in found.entries] == ["/provenance/seed"]
    lines = describe(found)
    locations = [
        next(i for i, line in enumerate(lines) if word in line) for word in ("9.9", "imagenet", "Accuracy")
    ]
    assert locations == sorted(locations)
    assert "/provenance/seed  1 → 2  (+1)" in "\n".join(lines)


def history(*values: float) -> dict[str, Any]:
    return put(numbers(), "/transfer/history/loss", list(values))


def test_a_list_that_changed_its_length_is_one_line() -> None:
    old, new = history(*([0.5] * 300)), history(*([0.5] * 100), 0.75, *([0.5] * 78), 0.125, *([0.5] * 100))
    (entry,) = diff(old, new).entries
    assert entry == ListChange("/transfer/history/loss", 300, 280, differing=2, hidden=2, largest=0.375)
    lines = [line for line in describe(diff(old, new)) if "/history/" in line]
    assert len(lines) == 1
    assert "300 → 280 values, the first 280: 2 changed, largest difference 0.375" in lines[0]


def test_of_a_long_list_the_first_changes_are_given_and_the_rest_counted() -> None:
    old, new = history(*range(12)), history(0, *(n + n / 4 for n in range(1, 9)), 9, 10, 11)
    *changes, rest = diff(old, new).entries
    assert changes == [Change(f"/transfer/history/loss/{n}", n, n + n / 4) for n in range(1, 6)]
    assert rest == ListChange("/transfer/history/loss", 12, 12, differing=8, hidden=3, largest=2.0)
    assert any("and 3 more of 12 values, largest difference 2" in line for line in describe(diff(old, new)))


def test_five_changes_of_a_list_are_all_given() -> None:
    found = diff(history(*range(6)), history(0, 2, 3, 4, 5, 6)).entries
    assert [type(entry) for entry in found] == [Change] * 5


def test_of_a_list_of_texts_those_that_entered_and_left_are_named() -> None:
    old = put(numbers(), "/dataset/classes", ["cat", "dog"])
    new = put(numbers(), "/dataset/classes", ["bat", "cat", HOSTILE])
    (entry,) = diff(old, new).entries
    assert isinstance(entry, ListChange)
    assert (entry.old_only, entry.new_only) == (("dog",), ("bat", HOSTILE))
    assert f'only in A: "dog", only in B: "bat", "{HOSTILE}"' in "\n".join(describe(diff(old, new)))


def test_checks_are_matched_by_name() -> None:
    first, second = {"name": "a", "claim": "A", "passed": True}, {"name": "b", "claim": "B", "passed": True}
    old, new = (
        put(numbers(), "/checks", checks) for checks in ([first, second], [{**second, "passed": False}])
    )
    found = diff(old, new)
    assert found.entries == (Change("/checks/0", first, ABSENT), Change("/checks/0/passed", True, False))
    assert [(check.name, check.holds) for check in found.checks] == [("b", False)]
    assert any(line.split() == ["Check", "b", "FAILS", "now"] for line in describe(found))
    assert [(check.name, check.holds) for check in diff(new, old).checks] == [("b", True)]


def test_a_check_that_is_new_is_found() -> None:
    first, second = {"name": "a", "claim": "A", "passed": True}, {"name": "b", "claim": "B", "passed": True}
    old, new = put(numbers(), "/checks", [second]), put(numbers(), "/checks", [first, second])
    assert diff(old, new).entries == (Change("/checks/0", ABSENT, first),)
    assert diff(new, old).entries == (Change("/checks/0", first, ABSENT),)


def test_checks_of_one_name_are_compared_by_place() -> None:
    first, second = {"name": "a", "passed": True}, {"name": "a", "passed": False}
    old, new = put(numbers(), "/checks", [first, second]), put(numbers(), "/checks", [second, second])
    assert diff(old, new).entries == (Change("/checks/0/passed", True, False),)


def test_a_pointer_escapes_what_is_special_in_it() -> None:
    found = list(compare_values({"a/b": {"~1": 1}}, {"a/b": {"~1": 2}}, Tolerance()))
    assert found == [Change("/a~1b/~01", 1, 2)]


def test_of_several_networks_each_accuracy_says_whose_it_is() -> None:
    def with_best(correct: int, seed: int) -> dict[str, Any]:
        test = {"confusion": [[correct, 4 - correct], [0, 4]]}
        return {**numbers(), "architectures": {"test": test, "training": {"seed": seed}}}

    found = diff(with_best(3, 671), with_best(1, 5))

    lines = [" ".join(line.split()) for line in describe(found)]
    assert "Best network, test 7/8 (87.5 %) → 5/8 (62.5 %) −25.0 points" in lines
    assert "Transfer, test 5/8 (62.5 %) → 5/8 (62.5 %) ±0 points" in lines
    assert [line for line in lines if line.startswith("Transfer, predictions ")]
    assert not [line for line in lines if line.startswith(("Accuracy", "Predictions"))]
    assert cause_text(found).startswith("training.seed 671 → 5: ")


def test_accuracies_come_from_the_confusion_matrices() -> None:
    new = put(numbers(), "/transfer/confusion/test", [[4, 0], [2, 2]])
    found = diff(numbers(), new)
    by_split = {accuracy.split: accuracy for accuracy in found.accuracies}
    assert list(by_split) == ["test", "val", "train"]
    test = by_split["test"]
    assert test.old is not None
    assert test.new is not None
    assert (test.old.correct, test.old.total, test.new.correct) == (5, 8, 6)
    assert test.points == pytest.approx(12.5)
    assert by_split["train"].points == 0
    headline = next(line for line in describe(found) if "Accuracy test" in line)
    assert " ".join(headline.split()) == "Accuracy test 5/8 (62.5 %) → 6/8 (75.0 %) +12.5 points"


def test_an_accuracy_is_100_per_cent_only_if_it_is() -> None:
    old, new = ([[9999, 1], [0, 0]], [[9999, 0], [0, 1]])
    found = diff(*(put(numbers(), "/transfer/confusion/test", matrix) for matrix in (old, new)))
    line = next(line for line in describe(found) if "Accuracy test" in line)
    assert " ".join(line.split()) == "Accuracy test 9999/10000 (99.9 %) → 10000/10000 (100 %) +0.01 points"


def test_a_split_without_images_has_no_accuracy() -> None:
    new = put(numbers(), "/transfer/confusion/test", [])
    text = describe(diff(numbers(), new))
    assert any("5/8 (62.5 %) → 0/0" in line for line in text)
    del new["transfer"]["confusion"]["test"]
    assert any("5/8 (62.5 %) → –" in line for line in describe(diff(numbers(), new)))


def test_images_are_matched_by_content_and_then_by_file() -> None:
    old = [
        image("train/same.jpg", "1"),
        image("train/renamed.jpg", "2"),
        image("train/resplit.jpg", "3"),
        image("train/altered.jpg", "4"),
        image("train/left.jpg", "5"),
        {**image("train/still.jpg", "6"), "label": "dog"},
    ]
    new = [
        image("train/entered.jpg", "9"),
        image("train/still.jpg", "6"),
        image("train/altered.jpg", "8"),
        image("test/resplit.jpg", "3"),
        image("train/new name.jpg", "2"),
        image("train/same.jpg", "1"),
    ]
    found = diff(with_images(old, []), with_images(new, [])).images
    assert files(found.left) == ["train/left.jpg"]
    assert files(found.entered) == ["train/entered.jpg"]
    assert sorted(moves(found.moved)) == [
        ("train/renamed.jpg", "train/new name.jpg"),
        ("train/resplit.jpg", "test/resplit.jpg"),
        ("train/still.jpg", "train/still.jpg"),
    ]
    assert moves(found.altered) == [("train/altered.jpg", "train/altered.jpg")]
    assert found.unchanged == 1
    text = "\n".join(describe(diff(with_images(old, []), with_images(new, []))))
    assert "1 in, 1 out, 3 renamed or moved, 1 with other content, 1 as before" in text
    assert "− train/left.jpg (train, cat)" in text
    assert "+ train/entered.jpg (train, cat)" in text
    assert "train/resplit.jpg → test/resplit.jpg, split train → test" in text
    assert "train/still.jpg, class dog → cat" in text
    assert "train/altered.jpg, SHA-256 44444444… → 88888888…" in text


def test_two_images_that_swapped_names_are_renamed_and_not_altered() -> None:
    old = [image("train/a.jpg", "1"), image("train/b.jpg", "2")]
    new = [image("train/a.jpg", "2"), image("train/b.jpg", "1")]
    found = diff(with_images(old, []), with_images(new, [])).images
    assert sorted(moves(found.moved)) == [("train/a.jpg", "train/b.jpg"), ("train/b.jpg", "train/a.jpg")]
    assert not found.altered


def test_a_copy_that_entered_is_not_taken_for_the_original() -> None:
    old = [image("train/b.jpg", "1")]
    new = [image("train/a.jpg", "1"), {**image("train/b.jpg", "1"), "label": "dog"}]
    found = diff(with_images(old, []), with_images(new, [])).images
    assert moves(found.moved) == [("train/b.jpg", "train/b.jpg")]
    assert files(found.entered) == ["train/a.jpg"]


def test_an_image_that_left_is_a_difference_and_so_is_one_that_entered() -> None:
    few, many = (with_images([image(f"train/{n}.jpg", n) for n in names], []) for names in ("1", "12"))
    assert files(diff(many, few).images.left) == ["train/2.jpg"]
    assert diff(many, few).changed
    assert diff(few, many).changed
    headlines = [" ".join(" ".join(describe(found)).split()) for found in (diff(many, few), diff(few, many))]
    assert "Images 1 out, 1 as before" in headlines[0]
    assert "Images 1 in, 1 as before" in headlines[1]


def test_the_order_of_images_is_no_difference() -> None:
    images = [image("test/a.jpg", "1"), image("test/b.jpg", "2", "dog")]
    entries = [wrong("test/a.jpg", "cat", "dog"), wrong("test/b.jpg", "dog", "cat")]
    assert not diff(with_images(images, entries), with_images(images[::-1], entries[::-1])).changed


IMAGES = st.lists(
    st.tuples(st.sampled_from("abcdef"), st.sampled_from(["test", "train"]), st.sampled_from("1234")),
    unique_by=lambda item: item[0],
)


@given(IMAGES, IMAGES)
def test_every_image_is_told_once(old: list[tuple[str, ...]], new: list[tuple[str, ...]]) -> None:
    before, after = (
        [{"file": f, "split": s, "label": "cat", "sha256": c} for f, s, c in side] for side in (old, new)
    )
    found = diff(with_images(before, []), with_images(after, [])).images
    pairs = found.moved + found.altered
    same = {tuple(i.values()) for i in before} & {tuple(i.values()) for i in after}
    assert found.unchanged == len(same)
    old_told = files(found.left) + [pair.old.file for pair in pairs] + [item[0] for item in same]
    new_told = files(found.entered) + [pair.new.file for pair in pairs] + [item[0] for item in same]
    assert sorted(old_told) == sorted(item[0] for item in old)
    assert sorted(new_told) == sorted(item[0] for item in new)
    assert all(pair.old.sha256 == pair.new.sha256 for pair in found.moved)
    contents = [[i.sha256 for i in side] for side in (found.left, found.entered)]
    assert not set(contents[0]) & set(contents[1])
    assert not set(files(found.left)) & set(files(found.entered))
    back = diff(with_images(after, []), with_images(before, [])).images
    assert set(moves(back.moved)) == {pair[::-1] for pair in moves(found.moved)}
    assert (back.left, back.entered) == (found.entered, found.left)


def test_predictions_that_flipped() -> None:
    contents = {"kept right": "1", "kept wrong": "2", "lost": "3", "won": "4"}
    images = [image(f"test/{name}.jpg", content) for name, content in contents.items()]
    old = with_images(
        images, [wrong("test/kept wrong.jpg", "cat", "dog"), wrong("test/won.jpg", "cat", "dog")]
    )
    new = with_images(
        images, [wrong("test/kept wrong.jpg", "cat", "dog"), wrong("test/lost.jpg", "cat", "dog")]
    )
    found = diff(old, new)
    reported = {
        flip.new.image.file: (flip.old.predicted, flip.new.predicted, flip.old.right, flip.new.right)
        for flip in found.predictions.flips
    }
    assert reported == {
        "test/lost.jpg": ("cat", "dog", True, False),
        "test/won.jpg": ("dog", "cat", False, True),
    }
    assert found.predictions.compared == 4
    assert found.entries == ()
    text = "\n".join(describe(found))
    assert "2 of 4 test images in both flipped: 1 now wrong, 1 now right" in text
    assert "test/lost.jpg: cat → dog, is cat, now wrong" in text
    assert "test/won.jpg: dog → cat, is cat, now right" in text


def test_from_wrong_to_otherwise_wrong_is_a_flip() -> None:
    images = [image("test/a.jpg", "1")]
    found = diff(
        with_images(images, [wrong("test/a.jpg", "cat", "dog")]),
        with_images(images, [wrong("test/a.jpg", "cat", HOSTILE, 0.1)]),
    )
    assert [(flip.old.predicted, flip.new.predicted) for flip in found.predictions.flips] == [
        ("dog", HOSTILE)
    ]
    assert found.entries == ()
    assert f"test/a.jpg: dog → {HOSTILE}, is cat, still wrong" in "\n".join(describe(found))


def test_a_renamed_image_is_no_flip_and_another_image_under_its_name_neither() -> None:
    old = with_images(
        [image("test/a.jpg", "1"), image("test/b.jpg", "2")], [wrong("test/a.jpg", "cat", "dog")]
    )
    new = with_images(
        [image("test/c.jpg", "1"), image("test/a.jpg", "2")], [wrong("test/c.jpg", "cat", "dog")]
    )
    found = diff(old, new)
    assert found.predictions.flips == ()
    assert found.predictions.compared == 2
    assert found.entries == ()
    assert len(found.images.moved) == 2


def test_a_flip_of_a_renamed_image_names_both_files() -> None:
    old = with_images([image("test/a.jpg", "1")], [])
    new = with_images([image("test/b.jpg", "1")], [wrong("test/b.jpg", "cat", "dog")])
    assert "test/b.jpg (in A test/a.jpg): cat → dog, is cat, now wrong" in "\n".join(describe(diff(old, new)))


def test_images_that_are_not_tested_in_both_cannot_flip() -> None:
    old = with_images([image("train/a.jpg", "1"), image("test/b.jpg", "2")], [])
    new = with_images(
        [image("test/a.jpg", "1"), image("train/b.jpg", "2")], [wrong("test/a.jpg", "cat", "dog")]
    )
    found = diff(old, new)
    assert found.predictions.compared == 0
    assert found.predictions.flips == ()
    assert found.entries == ()
    assert any("no predicted test image in common" in line for line in describe(found))


def test_what_entered_with_a_wrong_prediction_is_told_as_an_image_only() -> None:
    old = with_images([], [])
    new = with_images([image("test/a.jpg", "1")], [wrong("test/a.jpg", "cat", "dog")])
    assert diff(old, new).entries == diff(new, old).entries == ()
    assert files(diff(old, new).images.entered) == ["test/a.jpg"]


def test_a_misclassified_image_that_is_not_among_the_images_is_not_overlooked() -> None:
    entry = wrong("test/ghost.jpg", "cat", "dog")
    old, new = with_images([], []), with_images([], [entry])
    assert diff(old, new).entries == (Change("/transfer/misclassified/0", ABSENT, entry),)
    assert diff(new, old).entries == (Change("/transfer/misclassified/0", entry, ABSENT),)


def test_probabilities_of_an_image_that_stays_wrong_are_compared() -> None:
    images = [image("test/a.jpg", "1"), image("test/b.jpg", "2")]
    old = with_images(images, [wrong("test/b.jpg", "cat", "dog", 0.25)])
    renamed = [images[0], image("test/B.jpg", "2")]
    new = with_images(renamed, [wrong("test/a.jpg", "cat", "dog"), wrong("test/B.jpg", "cat", "dog", 0.125)])
    found = diff(old, new)
    assert found.entries == (
        Change("/transfer/misclassified/1/probabilities/cat", 0.25, 0.125),
        Change("/transfer/misclassified/1/probabilities/dog", 0.75, 0.875),
    )
    assert diff(old, new, atol=0.125).entries == ()


def test_figures_are_matched_without_their_number_and_compared_by_content() -> None:
    old = submission(
        numbers(), {"fig-01-same.png": b"s", "fig-02-maps-1-0.png": b"1", "fig-A1-history.svg": b"h"}
    )
    new = submission(
        numbers(), {"fig-03-same.png": b"s", "fig-01-maps-1-0.png": b"2", "fig-A2-added.png": b"a"}
    )
    found = compare(old, new)
    assert found.figures.unchanged == 1
    reported = {
        pair.name: (pair.old and pair.old.data, pair.new and pair.new.data) for pair in found.figures.changed
    }
    assert reported == {"maps-1-0": (b"1", b"2"), "history": (b"h", None), "added": (None, b"a")}
    assert found.changed
    lines = describe(found)
    assert any(" ".join(line.split()) == "Figures 3 changed, 1 as before" for line in lines)
    assert "  history: only in A" in lines
    assert "  added: only in B" in lines


def test_a_figure_that_changed_its_kind_is_still_that_figure() -> None:
    found = compare(submission(numbers(), {"a.svg": b"1"}), submission(numbers(), {"fig-1-a.png": b"2"}))
    (pair,) = found.figures.changed
    assert pair.old is not None
    assert pair.new is not None
    assert "  a (svg → png)" in describe(found)


def test_without_the_figures_of_one_report_nothing_is_said_of_them() -> None:
    found = compare(submission(numbers(), {"a.png": b"1"}), submission(numbers()))
    assert not found.changed
    assert not found.figures.compared
    assert "not compared" in "\n".join(describe(found))


def test_nothing_of_a_report_can_steer_the_terminal() -> None:
    evil = "\x1b[2J\r\n\u202e\ud800 é"
    new = put(numbers(), "/report/course", evil)
    new = put(new, "/convolution/classes/cat", None)
    new["convolution"]["classes"][evil] = evil
    new["dataset"]["images"] = [image(f"test/{evil}", "7", evil)]
    new["transfer"]["misclassified"] = []
    new["checks"].append({"name": evil, "claim": evil, "passed": False})
    found = compare(submission(numbers(), {"a.png": b""}, evil), submission(new, {evil: b"1"}, evil))
    lines = describe(found, limit=None)
    assert all(line.isprintable() for line in lines)
    assert any(r"\x1b[2J\r\n\u202e\ud800 é" in line for line in lines)
    "\n".join(lines).encode()


def test_a_long_text_is_shown_where_it_changed() -> None:
    old, new = ("word " * 100 + end + " word" * 100 for end in ("before", "after"))
    found = diff(put(numbers(), "/report/course", old), put(numbers(), "/report/course", new))
    (line,) = [line for line in describe(found) if "/report/course" in line]
    assert "before" in line
    assert "after" in line
    assert len(line) < 200


def test_numbers_that_differ_do_not_print_alike() -> None:
    pointer = "/transfer/training/feature_scale"
    found = diff(put(numbers(), pointer, 0.1), put(numbers(), pointer, 0.1 + 2**-55))
    (line,) = [line for line in describe(found) if pointer in line]
    old, _, new, *_ = line.removeprefix(f"  {pointer}").split()
    assert (float(old), float(new)) == (0.1, 0.1 + 2**-55)


def test_sections_keep_their_order_and_have_their_arrays_last() -> None:
    new = put(numbers(), "/convolution/arrays/filter/norm", 3.0)
    new["transfer"]["feature_size"] = 7
    new["convolution"]["later"] = 1
    sections = diff(numbers(), new).sections()
    assert {name: [entry.pointer for entry in entries] for name, entries in sections.items()} == {
        "convolution": ["/convolution/later", "/convolution/arrays/filter/norm"],
        "transfer": ["/transfer/feature_size"],
    }
    assert list(sections) == ["convolution", "transfer"]


def test_a_long_section_is_cut_and_counted() -> None:
    new = numbers()
    for n in range(50):
        new["convolution"]["arrays"][f"x{n}"] = n
    found = diff(numbers(), new)
    assert sum("/arrays/x" in line for line in describe(found)) == 20
    assert any("… and 30 more" in line for line in describe(found))
    assert sum("/arrays/x" in line for line in describe(found, limit=None)) == 50


def test_the_comparison_imports_nothing_heavy() -> None:
    code = "import json, sys, reportgen.diff, reportgen.submission; print(json.dumps(sorted(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    names = {name.split(".")[0] for name in json.loads(done.stdout)}
    assert names & {"numpy", "pydantic", "pikepdf", "jinja2", "tensorflow", "typer"} == set()
