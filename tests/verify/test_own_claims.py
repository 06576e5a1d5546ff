"""A false accuracy in the authors' words is found, and nobody is accused who rounds, cites or compares."""

from __future__ import annotations

from typing import Any

import pytest

from reportgen.verify.own_claims import describe_false_claims, find_false_claims

RESULTS: dict[str, Any] = {
    "transfer": {"accuracy": {"train": 1.0, "val": 0.875, "test": 11 / 12}},
    "architectures": {"networks": [{"accuracy": {"test": 0.75}}]},
    "neurons": {"share": 0.93},
    "dataset": {
        "classes": ["butterfly", "ant"],
        "counts": {"train": {"butterfly": 600, "ant": 640}, "val": {}, "test": {"butterfly": 12, "ant": 12}},
    },
}


def found(text: str) -> list[tuple[str, str]]:
    return [(each.words, each.pointer) for each in find_false_claims({"conclusion": text}, RESULTS)]


@pytest.mark.parametrize(
    ("text", "words", "split"),
    [
        ("We got a test accuracy of 93 % in the end.", "test accuracy of 93 %", "test"),
        ("The **test accuracy** is *0.95*.", "test accuracy is 0.95", "test"),
        ("Test accuracy: 99.9%", "Test accuracy: 99.9%", "test"),
        ("The network has .97 test accuracy.", ".97 test accuracy", "test"),
        ("An accuracy of 95 percent on the test set!", "accuracy of 95 percent on the test set", "test"),
        ("The accuracy on the test images was 12/12.", "accuracy on the test images was 12/12", "test"),
        ("The validation\naccuracy was 90 %.", "validation accuracy was 90 %", "val"),
        ("Training accuracy of 95,5 %.", "Training accuracy of 95,5 %", "train"),
        ("The test accuracy reached 100 %.", "test accuracy reached 100 %", "test"),
    ],
)
def test_a_false_accuracy_is_found_with_its_pointer(text: str, words: str, split: str) -> None:
    assert found(text) == [(words, f"/transfer/accuracy/{split}")]


@pytest.mark.parametrize(
    "number",
    ["91.7 %", "92%", "91 %", "91.6 %", "91,67 %", "0.917", "0.92", ".92", "0.9", "11/12", "11 of 12"],
)  # fmt: skip
def test_an_honest_one_is_not_accused(number: str) -> None:
    assert found(f"The test accuracy is {number}.") == []
    assert found(f"A network of {number} test accuracy.") == []


@pytest.mark.parametrize(
    "text",
    [
        "Simonyan and Zisserman (2015) report a test accuracy of 93 %.",
        "We had hoped for a test accuracy of 95 %.",
        "A test accuracy of 50 % is chance.",
        "With more images the test accuracy was 95 % at once, as others write.",
        "The test accuracy of 93 % would be better.",
        "It is lower than a test accuracy of 95 %.",
        "After the first epoch, a validation accuracy of 50 % was reached.",
        "For cats, a test accuracy of 100 % was reached.",
        "The test accuracy is not 93 %.",
        "Our own network has a test accuracy of 75 %.",
        "The test accuracy is {{ transfer.accuracy.test | percent }}.",
        "The test accuracy is $93$ %; `test accuracy of 93 %`.",
        "The test accuracy of 93-95 % is usual.",
        "The loss is 0.93, and the share of neurons 93 %.",
        "The accuracy is 93 %.",
    ],
)
def test_what_tells_of_something_else_is_left_alone(text: str) -> None:
    assert found(text) == []


@pytest.mark.parametrize(
    ("text", "words", "split"),
    [
        ("The test set has 25 images.", "test set has 25 images", "test"),
        ("All the 23 test images are shown.", "All the 23 test images", "test"),
        ("Our *training data* consist of 1,250 images.", "training data consist of 1,250 images", "train"),
    ],
)
def test_a_false_number_of_images_of_a_split_is_found(text: str, words: str, split: str) -> None:
    assert found(text) == [(words, f"/dataset/counts/{split}")]


@pytest.mark.parametrize(
    "text",
    [
        "The test set has 24 images, the training set has 1,240 images.",
        "All 24 test images and all 1240 training images.",
        "We looked at 5 test images, and 3 test images are wrong.",
        "Of butterflies the test set has 12 images.",
        "A test set that has 500 images would be better.",
        "The test set has about 20 images; each class's test set has 12 images.",
        "The test set has {{ transfer.total.test }} images.",
        "The test set has 24.5 images.",
    ],
)
def test_another_number_of_images_is_left_alone(text: str) -> None:
    assert found(text) == []


def test_the_note_names_words_pointer_and_value_and_an_honest_text_has_none() -> None:
    note = describe_false_claims({"a": "Test accuracy: 93 %. Validation accuracy: 87.5 %."}, RESULTS)
    assert note.startswith("1 number in the authors' own words that names a result and is another one: ")
    assert "“Test accuracy: 93 %”, where /transfer/accuracy/test is 91.7" in note
    assert describe_false_claims({"a": "Test accuracy: 92 %."}, RESULTS) == ""
    counted = describe_false_claims({"a": "The test set has 25 images."}, RESULTS)
    assert "“test set has 25 images”, where /dataset/counts/test is 24." in counted
    # A report without that section names none.
    assert describe_false_claims({"a": "Test accuracy: 93 %."}, {}) == ""


def test_a_strangers_text_takes_no_time() -> None:
    hostile = ("test accuracy of " * 50_000, "accuracy of 1 " * 50_000, "9" * 200_000, "9 of 9 " * 50_000)
    assert [found(text) for text in hostile] == [[]] * len(hostile)
