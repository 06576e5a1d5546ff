"""Rubrics as tables: every fault is told by row and key, stars become cases, nothing passes unseen."""

from __future__ import annotations

import json
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path

import pytest
from small_results import document, small_results

from reportgen.grading.checks import find_checks
from reportgen.grading.exports import Exports
from reportgen.grading.formula import find_matches
from reportgen.grading.rubric import RubricError, load_rubric
from reportgen.grading.rubric_item import Named
from reportgen.grading.run import grade
from reportgen.grading.score import Grades, find_criterion
from reportgen.grading.shipped import shipped_rubrics, write_rubric
from reportgen.outline.kind import find_kind

Grade = Callable[..., Grades]


def write(folder: Path, *rows: str, head: str = "") -> Path:
    file = folder / "my.rubric.toml"
    text = head + "".join(
        f'[[check]]\ncriterion = "C{n}"\npoints = 2\n{row}\n' for n, row in enumerate(rows, 1)
    )
    file.write_text(text, encoding="utf-8")
    return file


@pytest.fixture
def graded(tmp_path: Path) -> Grade:
    """Grade the small results by these rows."""

    def run(*rows: str) -> Grades:
        (tmp_path / "results.json").write_text(small_results().model_dump_json(), encoding="utf-8")
        return grade(tmp_path / "results.json", [write(tmp_path, *rows)], show=False)

    return run


def scores(grades: Grades) -> list[Decimal]:
    return [criterion.score for criterion in grades.criteria]


@pytest.mark.parametrize(
    ("row", "passes"),
    [
        ('pointer = "/transfer/feature_size"\nexpected = 512', True),
        ('pointer = "/transfer/feature_size"\nexpected = 511', False),
        ('pointer = "/transfer/feature_size"\nexpected = 511\ntolerance = 1', True),
        ('pointer = "/transfer/feature_size"\nexpected = 511\ntolerance = 0.9', False),
        ('pointer = "/transfer/feature_size"\nexpected = 500\nrelative = 0.024', True),
        ('pointer = "/transfer/feature_size"\nexpected = 500\nrelative = 0.023', False),
        ('pointer = "/neurons/layer_shape"\nexpected = [14, 14, 512]', True),
        ('pointer = "/neurons/layer_shape"\nexpected = [14, 14, 511]', False),
        ('pointer = "/neurons/layer"\nexpected = "block5_conv4"', True),
        ('pointer = "/neurons/layer"\nexpected = "block5_conv3"', False),
        ('pointer = "/convolution/matches"\nexpected = true', True),
        ('pointer = "/convolution/matches"\nexpected = false', False),
        ('pointer = "/transfer/accuracy/test"\nrange = [0.625, 1]', True),
        ('pointer = "/transfer/accuracy/test"\nrange = [0, 0.625]', True),
        ('pointer = "/transfer/accuracy/test"\nrange = [0.626, inf]', False),
        ('pointer = "/transfer/accuracy/test"\nrange = [-inf, 0.624]', False),
        ('pointer = "/occlusion/neurons/cat/0/blank"\nrange = [0.75, 0.75]', True),
        ('pointer = "/transfer/accuracy/test"\nformula = "\'/transfer/correct/test\' / 8"', True),
        ('pointer = "/transfer/accuracy/test"\nformula = "\'/transfer/correct/test\' / 9"', False),
        ('pointer = "/transfer/accuracy/test"\nformula = "\'/transfer/correct/test\' / 8.000001"', False),
        ('pointer = "/transfer/accuracy/test"\nformula = "1 / \'/convolution/padding\'"', False),
        ('pointer = "/neurons/top/owl/0/value"\nexpected = 1', False),  # a class that this report lacks
        ('pointer = "/neurons/top/cat/7/value"\nexpected = 1', False),
        ('pointer = "/dataset/warnings/*"\nexpected = "x"', False),
    ],
)
def test_a_row_passes_if_its_claim_holds(graded: Grade, row: str, passes: bool) -> None:
    assert scores(graded(row)) == [Decimal(2 if passes else 0)]


def test_each_match_of_a_star_is_a_case_with_its_share_of_the_points(graded: Grade) -> None:
    grades = graded('pointer = "/transfer/accuracy/*"\nrange = [0.7, 1]')  # 8, 6 and 5 of 8 are right
    (criterion,) = grades.criteria
    assert [case.status for case in criterion.cases] == ["passed", "passed", "failed"]
    assert criterion.score == Decimal("1.33")
    assert "/transfer/accuracy/test: found 0.625, less than 0.7" in criterion.cases[2].message


def test_a_failure_shows_the_numbers_and_the_graders_word(graded: Grade) -> None:
    grades = graded('pointer = "/transfer/feature_size"\nexpected = 4096\nmessage = "Flatten first."')
    message = grades.criteria[0].cases[0].message
    assert "Flatten first." in message
    assert "512" in message
    assert "4096" in message
    assert "/transfer/feature_size" in message
    assert "Traceback" not in message


def test_visibility_tags_and_dependencies_reach_the_grades(graded: Grade) -> None:
    grades = graded(
        'pointer = "/transfer/feature_size"\nexpected = 1\nvisibility = "hidden"\ntags = ["a", "b"]',
        'pointer = "/transfer/feature_size"\nexpected = 512\ndepends = "C1"',
    )
    first, second = (find_criterion(grades, name) for name in ("C1", "C2"))
    assert (first.visibility, first.tags) == ("hidden", ("a", "b"))
    assert second.status == "skipped"
    assert second.score == 0
    assert "'C1' failed" in second.cases[0].message


def test_the_title_stands_above_the_points(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "results.json").write_text(small_results().model_dump_json(), encoding="utf-8")
    rubric = write(
        tmp_path, 'pointer = "/transfer/feature_size"\nexpected = 512', head='title = "Exam <2>"\n'
    )
    exports = Exports(markdown=tmp_path / "points.md")
    assert grade(tmp_path / "results.json", [rubric], exports=exports).title == "Exam <2>"
    assert capsys.readouterr().out.startswith("Exam <2>\n\nCriterion")
    assert (tmp_path / "points.md").read_text(encoding="utf-8").startswith("# Exam &lt;2&gt;\n")


def test_arrays_that_did_not_come_along_are_said_to_be_missing(graded: Grade) -> None:
    (criterion,) = graded('check = "largest_neurons"').criteria
    assert criterion.status == "not checkable"
    assert criterion.score == 0
    assert "grade the build folder" in criterion.cases[0].message


@pytest.mark.parametrize(
    ("row", "said"),
    [
        (
            'pointer = "/transfer/feature_size"',
            "needs one of expected, range, bands, formula, check, manual, commentary, and has none",
        ),
        ('pointer = "/transfer/feature_size"\nexpected = 1\nrange = [0, 1]', "has expected and range"),
        ("expected = 1", "no pointer"),
        ('pointer = "a"\nexpected = 1', "does not start with '/'"),
        ('pointer = "/transfer/feature_size"\nexpekted = 1', "did you mean 'expected'"),
        ('pointer = "/transfer/feature_size"\nrange = [1, 0]', "the lower first"),
        ('pointer = "/transfer/feature_size"\nrange = [1]', "two numbers"),
        ('pointer = "/transfer/feature_size"\nrange = [nan, 1]', "two numbers"),
        (
            'pointer = "/transfer/feature_size"\nrange = [0, 1]\ntolerance = 1',
            "tolerance does not go with range",
        ),
        ('pointer = "/transfer/feature_size"\nexpected = 1\ntolerance = -1', "tolerance = -1"),
        ('pointer = "/transfer/feature_size"\nformula = "__import__(1)"', "not allowed"),
        ('pointer = "/transfer/feature_size"\nformula = "\'/transfer/accuracy/*\'"', "more stars"),
        (
            'pointer = "/transfer/feature_size"\n'
            "formula = \"'/transfer/accuracy/*' + '/transfer/feature_size'\"",
            "more stars",
        ),
        ('check = "largest_neuron"', "did you mean 'largest_neurons'"),
        ('check = "largest_neurons"\npointer = "/transfer/feature_size"', "pointer does not go with check"),
        ('pointer = "/transfer/feature_size"\nexpected = 1\nvisibility = "secret"', "after_due_date"),
        ('pointer = "/transfer/feature_size"\nexpected = 1\ndepends = "C9"', "no criterion"),
        ('pointer = "/transfer/feature_size"\nexpected = 1\ntags = [1]', "tags"),
        ('pointer = "/transfer/feature_size"\nexpected = 1\nmessage = 1', "message = 1"),
    ],
)
def test_a_wrong_row_is_named_with_its_remedy(tmp_path: Path, row: str, said: str) -> None:
    file = write(tmp_path, 'pointer = "/transfer/feature_size"\nexpected = 1', row)
    with pytest.raises(RubricError) as caught:
        load_rubric(file)
    assert f"{file}: check 2 (C2): " in caught.value.problem
    assert said in caught.value.problem
    assert "check 1" not in caught.value.problem


@pytest.mark.parametrize("points", ["0", "-0.0", "nan", "'many'", "true", "1e9", "-1e9", "[1]"])
def test_points_are_a_number(tmp_path: Path, points: str) -> None:
    file = tmp_path / "rubric.toml"
    row = 'criterion = "C"\npointer = "/transfer/feature_size"\nexpected = 1\n'
    file.write_text(f"[[check]]\npoints = {points}\n{row}")
    with pytest.raises(RubricError, match="points"):
        load_rubric(file)


def test_all_faults_are_told_at_once(tmp_path: Path) -> None:
    file = write(tmp_path, "expected = 1", 'pointer = "b"\nexpected = 1', head="what = 1\n")
    with pytest.raises(RubricError) as caught:
        load_rubric(file)
    assert len(caught.value.problem.splitlines()) == 3


@pytest.mark.parametrize("text", ["", "title = 3", "check = 1", "check = []", "[[check", "\x00"])
def test_a_file_that_is_no_rubric_is_an_error(tmp_path: Path, text: str) -> None:
    file = tmp_path / "rubric.toml"
    file.write_text(text)
    with pytest.raises(RubricError, match=r"rubric\.toml"):
        load_rubric(file)


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16"])
def test_a_file_of_another_editor_is_read(tmp_path: Path, encoding: str) -> None:
    file = tmp_path / "mine.toml"
    file.write_bytes(write_rubric().encode(encoding))
    shipped = [row for one in shipped_rubrics() for row in load_rubric(one).rows]
    assert [(row.criterion, row.points) for row in load_rubric(file).rows] == [
        (row.criterion, row.points) for row in shipped
    ]


def test_two_rows_of_one_criterion_are_an_error(tmp_path: Path) -> None:
    file = tmp_path / "rubric.toml"
    row = '[[check]]\ncriterion = "C"\npoints = 1\npointer = "/transfer/feature_size"\nexpected = 1\n'
    file.write_text(row + row)
    with pytest.raises(RubricError, match="same criterion"):
        load_rubric(file)


def test_decimal_points_are_exact(tmp_path: Path) -> None:
    file = tmp_path / "rubric.toml"
    row = '[[check]]\ncriterion = "C{0}"\npoints = {1}\npointer = "/transfer/feature_size"\nexpected = 1\n'
    file.write_text("".join(row.format(n, points) for n, points in enumerate(("0.1", "0.2", '"0.3"'))))
    assert load_rubric(file).points == Decimal("0.6")


OF_EVERY_REPORT = {"splits_disjoint", "counts_true", "figures_captioned", "tables_captioned", "weights_named"}


@pytest.mark.parametrize(("name", "fewest", "most"), [("assignment", 20, 30), ("architectures", 25, 35)])
def test_a_shipped_rubric_is_worth_100_points_and_names_every_check_of_its_report(
    name: str, fewest: int, most: int
) -> None:
    kind = find_kind(name)
    rows = [row for file in shipped_rubrics(kind) for row in load_rubric(file).rows]
    assert sum(row.points for row in rows) == 100
    assert fewest <= len(rows) <= most
    modules = [module for section in kind.sections if (module := section.load("checks")) is not None]
    brought = {check for module in modules for check in module.CHECKS}
    assert {row.test.name for row in rows if isinstance(row.test, Named)} == OF_EVERY_REPORT | brought


def test_stars_follow_the_document() -> None:
    found = [match.pointer for match in find_matches(document(), "/dataset/counts/*/cat")]
    assert found == [f"/dataset/counts/{split}/cat" for split in ("train", "val", "test")]
    assert [match.keys for match in find_matches({"a": [{"b/c": 1}]}, "/a/*/*")] == [("0", "b/c")]
    assert find_matches({"a": []}, "/a/*") == []
    # What some of several lack is found missing, not passed over.
    both = find_matches({"a": {"x": {"k": 1}, "y": {}}}, "/a/*/k")
    assert [match.pointer for match in both] == ["/a/x/k", "/a/y/k"]


def test_every_check_says_what_passes() -> None:
    assert all(len(check.meaning) > 30 for check in find_checks().values())
    json.dumps([check.meaning for check in find_checks().values()])
