"""Results in short: ten lines of text, and a page for a notebook."""

from __future__ import annotations

import json
import re
import unicodedata
from pathlib import Path
from typing import Any

import pytest
from bs4 import BeautifulSoup
from small_results import LABELS
from whole_document import change, whole, written

from reportgen import load_results
from reportgen.contract.reader import LoadedResults

ESCAPES = 'a\nb\x1b[2J\u202e<script>alert("&")</script>\t' + "x" * 300


def read(folder: Path, content: Any) -> LoadedResults:
    (folder / "results.json").write_text(json.dumps(content), encoding="utf-8")
    return load_results(folder)


def with_classes(count: int) -> Any:
    """A document of so many classes, each with two images in each split, one of them correct."""
    names = [f"class {number}" for number in range(count)]
    text = json.dumps(written())
    content = json.loads(text)

    def spread(value: Any) -> Any:
        if isinstance(value, dict) and set(value) == set(LABELS):
            return {name: spread(value[LABELS[0]]) for name in names}
        if isinstance(value, dict):
            return {key: spread(each) for key, each in value.items()}
        return [spread(each) for each in value] if isinstance(value, list) else value

    content = spread(content)
    content["dataset"]["classes"] = content["transfer"]["classes"] = names
    matrix = [
        [int(column == row) + int(column == (row + 1) % count) for column in range(count)]
        for row in range(count)
    ]
    content["transfer"]["confusion"] = dict.fromkeys(("train", "val", "test"), matrix)
    return content


def page(results: LoadedResults) -> BeautifulSoup:
    return BeautifulSoup(results._repr_html_(), "lxml")


def rows(results: LoadedResults, caption: str) -> list[list[str]]:
    """The cells of the table with that caption."""
    (table,) = (each for each in page(results).select("table") if caption in each.text)
    return [[cell.text for cell in row.select("th, td")] for row in table.select("tr")]


def test_ten_lines_say_what_the_report_found(tmp_path: Path) -> None:
    content = change(whole(), "/transfer/training/best_epoch", 1)
    results = read(tmp_path, content)
    lines = repr(results).splitlines()
    assert len(lines) == 10
    assert str(results) == f"{results}" == repr(results)
    said = dict(re.split(r":\s+", line, maxsplit=1) for line in lines)
    assert said["Results of"].startswith(str(tmp_path))
    assert said["Report"] == "A; C; Zoë"
    assert said["Data"] == "1 images (train 8, val 8, test 8) of 2 classes: cat, dog"
    assert said["Correct"] == "train 8 of 8 (100 %), val 6 of 8 (75.0 %), test 5 of 8 (62.5 %)"
    assert "cat (3, 4, 5) 7.5" in said["Neurons"]
    assert said["Guided"] == "4 neurons explained; of 2 with output zero, 1 have no gradient"
    assert said["Checks"] == "1 of 1 passed"


def test_a_check_that_fails_is_named(tmp_path: Path) -> None:
    results = read(tmp_path, change(written(), "/checks/0/passed", False))
    assert "0 of 1 passed; failed: frozen_base" in repr(results)
    assert "0 of 1 passed; failed: frozen_base" in page(results).text


@pytest.mark.parametrize(
    ("matrix", "words"),
    [
        ([[9999, 1], [0, 0]], "9999 of 10000 (99.9 %)"),
        ([[1, 9999], [0, 0]], "1 of 10000 (0.1 %)"),
        ([[0, 3], [0, 0]], "0 of 3 (0 %)"),
        ([[3, 0], [0, 0]], "3 of 3 (100 %)"),
        ([[0, 0], [0, 0]], "test 0 of 0"),
    ],
)
def test_all_and_nothing_are_printed_only_if_they_are_true(
    tmp_path: Path, matrix: list[list[int]], words: str
) -> None:
    results = read(tmp_path, change(written(), "/transfer/confusion/test", matrix))
    assert words in repr(results)
    assert words.removeprefix("test ") in page(results).text


def test_nobodys_words_play_tricks_with_a_terminal(tmp_path: Path) -> None:
    content = json.loads(json.dumps(whole()).replace('"cat"', json.dumps(ESCAPES)))
    content["report"]["group"] = content["report"]["course"] = ESCAPES
    lines = repr(read(tmp_path, content)).split("\n")
    assert len(lines) == 10
    for line in lines:
        assert len(line) <= 160
        assert {unicodedata.category(letter) for letter in line} & {"Cc", "Cf", "Zl", "Zp"} == set()
    assert "…" in lines[1]


def test_nobodys_words_become_part_of_the_page(tmp_path: Path) -> None:
    content = json.loads(json.dumps(whole()).replace('"cat"', json.dumps(ESCAPES)))
    content["report"]["group"] = content["neurons"]["layer"] = ESCAPES
    content["provenance"]["weights"]["name"] = content["checks"][0]["name"] = ESCAPES
    content["checks"][0]["passed"] = False
    results = read(tmp_path, content)
    found = {element.name for element in page(results).find_all(True)}
    assert found <= {
        *("html", "body", "div", "p", "strong", "br", "bdi", "code"),
        *("table", "caption", "thead", "tbody", "tr", "th", "td"),
    }
    assert all(element.attrs.keys() <= {"style", "scope"} for element in page(results).find_all(True))


def test_a_joiner_between_letters_stays(tmp_path: Path) -> None:
    name = "क्\u200dष"
    content = json.loads(json.dumps(written()).replace('"cat"', json.dumps(name)))
    assert name in repr(read(tmp_path, content))


def test_the_page_has_the_confusion_matrix_and_the_neurons(tmp_path: Path) -> None:
    results = read(tmp_path, whole())
    assert rows(results, "Test images by class") == [
        ["true \\ predicted", "cat", "dog"],
        ["cat", "3", "1"],
        ["dog", "2", "2"],
    ]
    assert rows(results, "most excited")[1:] == [
        ["cat", "1", "3 × 4 × 5", "7.5"],
        ["dog", "1", "3 × 4 × 5", "7.5"],
    ]
    (wrong,) = (cell for cell in page(results).select("td") if cell.text == "1" and "205" in str(cell))
    assert "background" in str(wrong["style"])


def test_of_many_classes_the_first_are_shown_and_that_is_said(tmp_path: Path) -> None:
    results = read(tmp_path, with_classes(300))
    assert max(map(len, repr(results).splitlines())) <= 160
    table = rows(results, "the first 12 of 300 classes")
    assert [len(row) for row in table] == [13] * 13
    assert table[2][2:4] == ["1", "1"]
    assert len(results._repr_html_()) < 60_000


def test_a_document_of_other_classes_is_shown_all_the_same(tmp_path: Path) -> None:
    content = change(written(), "/transfer/confusion/test", [[4]])
    content["neurons"]["top"] = {"cat": []}
    content["dataset"]["classes"] = ["b", "c", "d"]
    results = read(tmp_path, content)
    assert rows(results, "Test images by class") == [["true \\ predicted", "0"], ["0", "4"]]
    assert len(repr(results).splitlines()) == 10
