"""Names in the attached report.toml are those of the results, in whatever form Unicode has them typed."""

from __future__ import annotations

import unicodedata
from typing import Literal

import pytest

from reportgen.verify.choices import _compare_examples

Form = Literal["NFC", "NFD"]

LABEL, FILE = "caf\u00e9", "train/caf\u00e9/\u00fcber.png"


@pytest.mark.parametrize("results", ["NFC", "NFD"])
@pytest.mark.parametrize("settings", ["NFC", "NFD"])
@pytest.mark.parametrize("name", [FILE, "\u00fcber.png"])
def test_an_example_is_the_same_however_its_name_is_composed(
    results: Form, settings: Form, name: str
) -> None:
    used = {unicodedata.normalize(results, LABEL): unicodedata.normalize(results, FILE)}
    chosen = {unicodedata.normalize(settings, LABEL): unicodedata.normalize(settings, name)}
    assert [row.status for row in _compare_examples(used, chosen)] == ["confirmed"]


def test_another_letter_is_another_name() -> None:
    assert [row.status for row in _compare_examples({LABEL: FILE}, {LABEL: "uber.png"})] == ["differs"]
    assert [row.status for row in _compare_examples({LABEL: FILE}, {"cafe": FILE})] == ["differs"]
