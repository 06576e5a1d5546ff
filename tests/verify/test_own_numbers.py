"""Numbers in the authors' words are found as a reader finds them, and compared as a reader rounds."""

from __future__ import annotations

from typing import Any

import pytest

from reportgen.verify.printed_numbers import count_equal, describe_own_numbers, find_own_numbers


def found(text: str) -> list[str]:
    return [each.text for each in find_own_numbers(text)]


@pytest.mark.parametrize(
    ("text", "numbers"),
    [
        ("It got 92 % right, or 0.31 less, in 5 of 6 cases.", ["92 %", "0.31", "5", "6"]),
        ("About 40% and 12 percent; 1,250 images.", ["40%", "12 percent", "1,250"]),
        ("Small: 3e-4; −0.5 and -2.", ["3e-4", "−0.5", "-2"]),
        ("Between 3-5 and 3–5, of 224×224.", ["3", "5", "3", "5", "224", "224"]),
        ("A decimal comma: 0,31.", ["0,31"]),
        ("From 224x224 to 222 x 222, then 14X14x512.", ["224", "224", "222", "222", "14", "14", "512"]),
    ],
)  # fmt: skip
def test_numbers_in_digits_are_the_authors(text: str, numbers: list[str]) -> None:
    assert [each.replace("\u00a0", " ") for each in found(text)] == numbers


@pytest.mark.parametrize(
    "text",
    [
        "It got {{ transfer.accuracy.test | percent(1) }} right.",
        "With $a^2 + 31$ and $$\\frac{7}{8}$$.",
        "He et al. (2015), Simonyan and Zisserman, 2014; [3]; [the paper](https://x.org/12/7) https://y.org/2020/5",
        "See Figure 3, Fig. 4, Tables 2 and 3, Section 5, page 12, question 2, @fig:images, {@tab:errors-2}.",
        "VGG19 with block5_conv4, conv2d, version 1.2.3, `x = 17`, the 2nd conv3x3, 0x1F, 2x faster.",
        "1. One\n2. Two\n\n   3) Three",
        "On 2026-01-05 at 12:30.",
    ],
)
def test_what_names_or_cites_is_no_number_of_theirs(text: str) -> None:
    assert found(text) == []


RESULTS: dict[str, Any] = {
    "accuracy": {"test": 0.9166}, "rate": -0.31, "n": 5, "ok": True, "list": [[12.34], 1250], "text": "77",
}  # fmt: skip


@pytest.mark.parametrize(
    ("text", "equal"),
    [
        ("92 %", 1), ("91.7 %", 1), ("91.66%", 1), ("91 %", 0), ("91.6 %", 0), ("0.92", 1), ("0.917", 1),
        ("0.9", 1), ("0.91", 0), ("5", 1), ("5.0", 1), ("4", 0), ("−0.31", 1), ("0.31", 0), ("1,250", 1),
        ("12.3", 1), ("12.34", 1), ("12.4", 0), ("1", 1), ("77", 0), ("500 %", 1),
    ],
)  # fmt: skip
def test_a_number_equals_one_of_the_results_to_the_digits_written(text: str, equal: int) -> None:
    assert count_equal(list(find_own_numbers(f"It is {text}.")), RESULTS) == equal


def test_the_note_lists_them_and_says_how_many_are_in_the_results() -> None:
    words = {"conclusion": "It got 92 % right, 0.44 more.", "transfer": "In 5 cases.", "errors": "No more."}
    note = describe_own_numbers(words, RESULTS)
    assert note.startswith("3 numbers in the authors' own words")
    assert ": 92 %, 0.44, 5; 2 of them equal a number" in note
    assert describe_own_numbers({"conclusion": "None. {{ n }}"}, RESULTS) == ""


def test_a_long_list_is_cut_and_counted() -> None:
    note = describe_own_numbers({"a": " ".join(f"{n}.25" for n in range(100, 130))}, RESULTS)
    assert note.startswith("30 numbers")
    assert "111.25 and 18 more; 0 of them" in note


def test_huge_numbers_are_compared_and_nothing_hangs() -> None:
    results = {"n": 10**400, "x": float("inf"), "y": 2}
    assert count_equal(list(find_own_numbers("2 and 9e999 and " + "1" * 50_000)), results) == 1
    hostile = ("{{" * 50_000, "](" * 50_000, "Fig 3" + " , " * 50_000, "`" * 50_001, "Aa and " * 20_000)
    assert [found(text) for text in hostile] == [[]] * len(hostile)
