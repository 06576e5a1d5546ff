"""Classes that a rubric names and that the instructor's own images do not have: the rubric's fault."""

from __future__ import annotations

import unicodedata
from pathlib import Path

import pytest
from tiny_data import CLASSES, ZEBRA, draw_tiny_data

from reportgen.batch.class_file import ClassError, Group
from reportgen.batch.inspection import inspect_data
from reportgen.grading.rubric import list_classes


def rubric(folder: Path, *rows: str) -> Path:
    file = folder / "mine.toml"
    checks = (f"[[check]]\ncriterion = 'C{n}'\npoints = 1\n{row}\n" for n, row in enumerate(rows, 1))
    file.write_text("".join(checks), encoding="utf-8")
    return file


def test_a_class_that_no_image_has_is_told_with_row_and_remedy(tmp_path: Path) -> None:
    """Red if only the points of every group tell of it."""
    data = draw_tiny_data(tmp_path / "data")
    wrong = ZEBRA[:-1]
    file = rubric(
        tmp_path,
        f"pointer = '/neurons/top/{ZEBRA}/0/value'\nrange = [0, inf]",
        f"pointer = '/neurons/top/{wrong}/0/value'\nrange = [0, inf]",
        "pointer = '/neurons/top/*/0/value'\nrange = [0, inf]",
        f"pointer = '/transfer/accuracy/test'\nformula = \"'/dataset/counts/test/{wrong}' - 1\"",
        "commentary = 'transfer'\nfigures = ['/dataset/counts/test/xylophone']",
    )
    named = list_classes(file)
    with pytest.raises(ClassError) as caught:
        inspect_data([Group("A", tmp_path, "a", data=data)], named)
    lines = caught.value.problem.splitlines()
    hint = f"is no class of {data}; did you mean '{ZEBRA}'?"
    assert lines[:2] == [
        f"{file}: check {number} (C{number}): '{wrong}' in {pointer} {hint}"
        for number, pointer in ((2, f"/neurons/top/{wrong}/0/value"), (4, f"/dataset/counts/test/{wrong}"))
    ]
    assert "check 5 (C5): 'xylophone'" in lines[2]
    assert all(label in lines[2] for label in CLASSES)
    assert len(lines) == 3
    assert caught.value.exit_code == 2
    # Groups with images of their own may have any classes.
    assert inspect_data([Group("A", tmp_path, "a")], named) == {}


def test_an_accent_is_the_same_however_it_is_written(tmp_path: Path) -> None:
    data = draw_tiny_data(tmp_path / "data")
    accented = "caf\u00e9"
    for split in ("train", "val", "test"):
        if (data / split / ZEBRA).is_dir():
            (data / split / ZEBRA).rename(data / split / accented)
    if (data / ZEBRA).is_dir():
        (data / ZEBRA).rename(data / accented)
    for form in ("NFC", "NFD"):
        row = f"pointer = '/neurons/top/{unicodedata.normalize(form, accented)}/0/value'\nrange = [0, inf]"
        assert inspect_data([Group("A", tmp_path, "a", data=data)], list_classes(rubric(tmp_path, row)))
