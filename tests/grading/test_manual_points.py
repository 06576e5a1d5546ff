"""Points that a person gives: the CSV to fill, read back as spreadsheets write it; mistakes named by line."""

from __future__ import annotations

import csv
import io
import json
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from small_results import small_results
from typer.testing import CliRunner

from reportgen.cli.program import app
from reportgen.errors import UserError
from reportgen.grading.manual import list_manual, read_manual, write_manual
from reportgen.grading.report import GradingError
from reportgen.grading.rubric import load_rubric
from reportgen.grading.rubric_item import RubricItem
from reportgen.store.output import TakenError

RUBRIC = """
[[check]]
criterion = "Size"
points = 6
pointer = "/transfer/feature_size"
expected = 512

[[check]]
criterion = "=Discussion, short"
points = 4
manual = true
text = "Are the limits; of the data named?"

[[check]]
criterion = "Outlook"
points = 2.5
manual = true
text = "Is it an outlook?"
"""


@pytest.fixture
def rubric(tmp_path: Path) -> Path:
    (tmp_path / "r.toml").write_text(RUBRIC, encoding="utf-8")
    (tmp_path / "results.json").write_text(small_results().model_dump_json(), encoding="utf-8")
    return tmp_path / "r.toml"


@pytest.fixture
def rows(rubric: Path) -> list[RubricItem]:
    return list_manual([load_rubric(rubric)])


def call(rubric: Path, *arguments: object) -> Any:
    home = rubric.parent
    given = ["grade", home / "results.json", "--rubric", rubric, "--json", home / "g.json", *arguments]
    return CliRunner().invoke(app, list(map(str, given)))


def fill(file: Path, points: list[str], separator: str = ",") -> None:
    """Type points in, as a spreadsheet program saves them."""
    head, *lines = csv.reader(io.StringIO(file.read_text(encoding="utf-8-sig")))
    for line, typed in zip(lines, points, strict=True):
        line[head.index("points")] = typed
    text = io.StringIO()
    csv.writer(text, delimiter=separator).writerows([head, *lines])
    file.write_text(text.getvalue(), encoding="utf-8")


def test_the_file_is_written_filled_and_read_back(rubric: Path) -> None:
    file = rubric.parent / "points.csv"
    assert call(rubric, "--write-manual", file).exit_code == 0
    found = list(csv.DictReader(io.StringIO(file.read_text(encoding="utf-8-sig"))))
    assert [(row["criterion"], row["points"], row["of"]) for row in found] == [
        ("'=Discussion, short", "", "4"), ("Outlook", "", "2.5"),
    ]  # fmt: skip
    done = call(rubric, "--manual", file)
    assert done.exit_code == 1
    assert "6 of 6 points, 6.5 not graded yet" in done.output
    fill(file, ["3", ""])
    done = call(rubric, "--manual", file)
    assert "9 of 10 points, 2.5 not graded yet" in done.output
    fill(file, ["4", "2.5"])
    assert call(rubric, "--manual", file).exit_code == 0
    assert json.loads((rubric.parent / "g.json").read_text())["score"] == "12.5"


@pytest.mark.parametrize("separator", [",", ";", "\t"])
@pytest.mark.parametrize("typed", ["2.5", "2,5", " 2.50 "])
def test_a_spreadsheet_of_another_country_is_read(
    tmp_path: Path, rows: list[RubricItem], separator: str, typed: str
) -> None:
    file = tmp_path / "p.csv"
    write_manual(file, rows)
    fill(file, [typed, "0"], separator)
    found = read_manual(file, rows)
    assert {name: mark.points for name, mark in found.items()} == {
        "=Discussion, short": Decimal("2.5"), "Outlook": Decimal(0),
    }  # fmt: skip


@pytest.mark.parametrize("typed", ["4.01", "-1", "many", "nan", "1e9"])
def test_points_that_cannot_be_are_named(tmp_path: Path, rows: list[RubricItem], typed: str) -> None:
    file = tmp_path / "p.csv"
    write_manual(file, rows)
    fill(file, [typed, "1"])
    with pytest.raises(GradingError) as caught:
        read_manual(file, rows)
    assert caught.value.problem == (
        f"{file}, line 2 ('=Discussion, short): points = {typed}; write a number from 0 to 4."
    )


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("criterion,points\nOutlok,1\n", "line 2: criterion = 'Outlok' is no manual criterion of the rubric"),
        ("criterion,points\nOutlok,1\n", "; did you mean 'Outlook'?"),
        ("criterion,points\nSize,6\n", "criterion = 'Size' is no manual criterion"),
        ("criterion,points\nOutlook,1\nOutlook,2\n", "line 3: criterion = 'Outlook' is there twice"),
        ("criterion,points,of\nOutlook,1,3\n", "of = 3, and the rubric says 2.5"),
        ("criterion,marks\nOutlook,1\n", "has no column points"),
        ("", "has no column criterion"),
    ],
)  # fmt: skip
def test_a_line_that_fits_nothing_is_named(
    tmp_path: Path, rows: list[RubricItem], text: str, said: str
) -> None:
    (tmp_path / "p.csv").write_text(text)
    with pytest.raises(GradingError) as caught:
        read_manual(tmp_path / "p.csv", rows)
    assert caught.value.exit_code == 2
    assert said in caught.value.problem


def test_points_that_were_typed_in_are_never_overwritten(rubric: Path, rows: list[RubricItem]) -> None:
    file = rubric.parent / "points.csv"
    write_manual(file, rows)
    fill(file, ["3", "1"])
    before = file.read_bytes()
    done = call(rubric, "--write-manual", file)
    assert isinstance(done.exception, TakenError)
    assert file.read_bytes() == before


def test_a_time_that_is_none_is_refused_before_anything_is_read(rubric: Path) -> None:
    done = call(rubric, "--submitted", "yesterday")
    assert isinstance(done.exception, UserError)
    assert done.exception.exit_code == 2
    assert "--submitted yesterday" in done.exception.problem


def test_the_time_of_submission_reaches_the_points(rubric: Path) -> None:
    late = "[late]\ndue = 2026-02-01T23:59:00\nper_day = 50\n"
    rubric.write_text(late + RUBRIC.split("\n\n")[0], encoding="utf-8")
    assert call(rubric, "--submitted", "2026-02-01T23:59:00").exit_code == 0
    done = call(rubric, "--submitted", "2026-02-02T10:00:00")
    assert done.exit_code == 1
    assert "1 day late: 50 % of 6 points are deducted" in done.output
