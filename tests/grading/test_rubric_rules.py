"""Score bands, deductions, bonus, the best of a group, late submissions; what cannot be meant is refused."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from small_results import small_results

from reportgen.document.html import COMMON_TABLES
from reportgen.grading.checks import list_exhibits
from reportgen.grading.report import GradingError, ManualPoints, Supplement
from reportgen.grading.rubric import RubricError, load_rubric
from reportgen.grading.run import grade
from reportgen.grading.score import Grades, find_criterion

RIGHT = 'pointer = "/transfer/feature_size"\nexpected = 512\n'
WRONG = 'pointer = "/transfer/feature_size"\nexpected = 511\n'
# Of 8 images each 8, 6 and 5 are right: accuracies 1, 0.75 and 0.625.
TEST, VAL = 'pointer = "/transfer/accuracy/test"\n', 'pointer = "/transfer/accuracy/val"\n'
LATE = "[late]\ndue = 2026-02-01T23:59:00\nper_day = 10\nmost = 50\n"

Grade = Callable[..., Grades]


def write(folder: Path, *rows: str, head: str = "", name: str = "my.rubric.toml") -> Path:
    file = folder / name
    checks = "".join(f'[[check]]\ncriterion = "C{n}"\n{row}\n' for n, row in enumerate(rows, 1))
    file.write_text(head + checks, encoding="utf-8")
    return file


@pytest.fixture
def graded(tmp_path: Path) -> Grade:
    """Grade the small results by these rows, with what a grader gives besides."""

    def run(*rows: str, head: str = "", **given: Any) -> Grades:
        (tmp_path / "results.json").write_text(small_results().model_dump_json(), encoding="utf-8")
        rubric = write(tmp_path, *rows, head=head)
        return grade(tmp_path / "results.json", [rubric], show=False, supplement=Supplement(**given))

    return run


def of(grades: Grades) -> tuple[str, str]:
    return f"{grades.score:f}", f"{grades.points:f}"


def faults(folder: Path, *rows: str, head: str = "") -> list[str]:
    with pytest.raises(RubricError) as caught:
        load_rubric(write(folder, *rows, head=head))
    assert caught.value.exit_code == 2
    return caught.value.problem.splitlines()


# --- bands


@pytest.mark.parametrize(
    ("bands", "score"),
    [
        ("[[0.625, 5], [0.5, 3]]", "5"),  # the edge belongs to its band
        ("[[0.63, 5], [0.625, 3]]", "3"),
        ("[[0.9, 5], [0.8, 3]]", "0"),
        ("[[0.9, 5], [0.8, 3], [0.1, 0.5]]", "0.5"),
        ("[[0.9, '2.5'], [0.6, 1.25], [0.1, 1]]", "1.25"),  # of all that it reaches the best
    ],
)
def test_a_band_is_worth_its_own_points(graded: Grade, bands: str, score: str) -> None:
    grades = graded(f"{TEST}bands = {bands}")
    (only,) = grades.criteria
    assert f"{only.score:f}" == score
    assert (only.status == "passed") == (score == f"{only.points:f}")


def test_each_match_of_a_star_has_a_band_of_its_own(graded: Grade) -> None:
    grades = graded('pointer = "/transfer/accuracy/*"\nbands = [[0.9, 6], [0.7, 3]]')
    assert of(grades) == ("3", "6")  # 2 + 1 + 0
    assert "gives 3 of 6" in grades.criteria[0].cases[1].message


# --- deductions


def test_a_deduction_takes_points_if_its_condition_holds(graded: Grade) -> None:
    grades = graded(f"{RIGHT}points = 5", f"{RIGHT}points = -2\nmessage = 'Not so.'", f"{WRONG}points = -1")
    assert of(grades) == ("3", "5")
    held, other = grades.criteria[1:]
    assert (f"{held.score:f}", held.status, f"{other.score:f}", other.status) == (
        "-2",
        "failed",
        "0",
        "passed",
    )
    assert held.cases[0].message == "this holds, so points are deducted\nNot so."


def test_a_deduction_is_taken_by_the_cases_that_hold(graded: Grade) -> None:
    grades = graded(f"{RIGHT}points = 5", 'pointer = "/transfer/accuracy/*"\nrange = [0.7, 1]\npoints = -3')
    assert of(grades) == ("3", "5")


def test_deductions_never_take_more_than_there_is(graded: Grade) -> None:
    grades = graded(f"{RIGHT}points = 1", f"{RIGHT}points = -5")
    assert of(grades) == ("0", "1")
    assert [f"{item.name} {item.score:f}" for item in grades.criteria] == [
        "C1 1",
        "C2 -5",
        "Not below zero 4",
    ]


# --- bonus


@pytest.mark.parametrize(
    ("head", "score"), [("", "9"), ("most_bonus = 2.5\n", "7.5"), ("most_bonus = 4\n", "9")]
)
def test_a_bonus_is_above_the_maximum_up_to_its_limit(graded: Grade, head: str, score: str) -> None:
    grades = graded(
        f"{RIGHT}points = 5",
        f"{RIGHT}points = 4\nbonus = true",
        f"{WRONG}points = 3\nbonus = true",
        head=head,
    )
    assert of(grades) == (score, "5")
    assert sum(item.score for item in grades.criteria) == grades.score


# --- the best of a group


BEST = '[[best_of]]\ngroup = "Maps"\ncount = 2\n\n'


def test_the_best_rows_of_a_group_count(graded: Grade) -> None:
    rows = [
        f"{WRONG}points = 3\ngroup = 'Maps'",
        f"{TEST}bands = [[0.9, 3], [0.5, 1]]\ngroup = 'Maps'",
        f"{RIGHT}points = 3\ngroup = 'Maps'",
        f"{RIGHT}points = 2\ndepends = 'C3'",
        f"{RIGHT}points = 2\ndepends = 'C1'",
    ]
    grades = graded(*rows, head=BEST)
    assert of(grades) == ("6", "10")  # 3 + 1 of 6, and 2 of 4
    group = find_criterion(grades, "Maps: best 2 of 3")
    assert [case.name for case in group.cases] == ["C1", "C2", "C3"]
    assert find_criterion(grades, "C5").cases[0].message == "skipped because 'C1' failed"


def test_a_group_is_worth_its_best_rows(tmp_path: Path) -> None:
    rows = [f"{RIGHT}points = 3\ngroup = 'Maps'"] * 3
    assert load_rubric(write(tmp_path, *rows, f"{RIGHT}points = 0.5", head=BEST)).points == Decimal("6.5")


def test_a_row_that_is_not_needed_leaves_nothing_open(graded: Grade) -> None:
    hand = "manual = true\ntext = 'Look.'\npoints = 3\ngroup = 'Maps'"
    right, wrong = f"{RIGHT}points = 3\ngroup = 'Maps'", f"{WRONG}points = 3\ngroup = 'Maps'"
    assert graded(right, right, hand, head=BEST).open_points == []
    assert graded(right, wrong, hand, head=BEST).open_points == ["3 not graded yet"]


# --- late submissions


@pytest.mark.parametrize(
    ("time", "score"),
    [
        ("2026-02-01T23:59:00", "8"),
        ("2026-02-01T23:59:01", "7.2"),  # a day that has begun
        ("2026-02-02T23:59:00", "7.2"),
        ("2026-02-02T23:59:00.5", "6.4"),
        ("2026-02-06T12:00:00", "4"),
        ("2027-02-06T12:00:00", "4"),  # and no more
        ("2025-01-01T00:00:00", "8"),
    ],
)
def test_each_day_that_has_begun_takes_its_part_of_the_points_reached(
    graded: Grade, time: str, score: str
) -> None:
    grades = graded(
        f"{RIGHT}points = 8", f"{WRONG}points = 2", head=LATE, submitted=datetime.fromisoformat(time)
    )
    assert of(grades) == (score, "10")
    assert grades.criteria[-1].name == "Late submission"


def test_without_a_time_nothing_is_deducted_and_that_is_said(graded: Grade) -> None:
    grades = graded(f"{RIGHT}points = 8", head=LATE)
    assert of(grades) == ("8", "8")
    late = grades.criteria[-1]
    assert late.status == "not checkable"
    assert late.cases[0].message == "no time of submission was given, so nothing is deducted"


def test_times_that_cannot_be_compared_are_an_error(graded: Grade) -> None:
    with pytest.raises(GradingError, match="offset from UTC"):
        graded(f"{RIGHT}points = 8", head=LATE, submitted=datetime.fromisoformat("2026-02-01T23:59:00+01:00"))


def test_times_with_offsets_are_compared_as_moments(graded: Grade) -> None:
    head = LATE.replace("23:59:00", "23:59:00+01:00")
    at = datetime.fromisoformat
    assert of(graded(f"{RIGHT}points = 10", head=head, submitted=at("2026-02-01T22:59:00Z")))[0] == "10"
    assert of(graded(f"{RIGHT}points = 10", head=head, submitted=at("2026-02-01T23:30:00Z")))[0] == "9"


# --- what a person decides, and what depends on it


def test_points_by_hand_are_not_zero_before_they_are_given(graded: Grade) -> None:
    hand = "manual = true\ntext = 'Is the discussion sound?'\npoints = 4"
    rows = (f"{RIGHT}points = 6", hand, f"{RIGHT}points = 2\ndepends = 'C2'")
    grades = graded(*rows)
    assert [item.status for item in grades.criteria] == ["passed", "not graded yet", "not checkable"]
    assert (f"{grades.score:f}", f"{grades.checked:f}") == ("6", "6")
    assert grades.open_points == ["2 not checkable", "4 not graded yet"]
    marks = {"C2": ManualPoints(Decimal("3"), Decimal(4), "Good.")}
    given = graded(*rows, manual=marks)
    assert [f"{item.score:f} {item.status}" for item in given.criteria] == [
        "6 passed",
        "3 failed",
        "0 skipped",
    ]
    assert given.criteria[1].cases[0].message == "3 of 4: Good."
    whole = graded(*rows, manual={"C2": ManualPoints(Decimal(4), Decimal(4), "Perfect.")})
    assert of(whole) == ("12", "12")
    assert whole.criteria[1].cases[0].message == "Perfect."


def test_what_depends_on_a_loss_and_on_what_is_open_is_lost(graded: Grade) -> None:
    hand = "manual = true\ntext = 'Look.'\npoints = 4"
    grades = graded(hand, f"{WRONG}points = 2", f"{RIGHT}points = 1\ndepends = ['C1', 'C2']")
    assert grades.criteria[2].status == "skipped"
    assert grades.open_points == ["4 not graded yet"]


# --- faults of a rubric


@pytest.mark.parametrize(
    ("row", "said"),
    [
        ('pointer = "/transfer/acuracy/test"\nrange = [0, 1]', "did you mean '/transfer/accuracy/test'?"),
        ('pointer = "/transfer/accuracy/tset"\nrange = [0, 1]', "did you mean '/transfer/accuracy/test'?"),
        ('pointer = "/nothing/there"\nexpected = 1', "in no results.json; 'reportgen schema --pointers'"),
        (f"{TEST}formula = \"'/transfer/corect/test'\"", "did you mean '/transfer/correct/test'?"),
        (f"{TEST}range = [1.1, 2]", "range = [1.1, 2] cannot hold"),
        (f"{TEST}range = [-2, -1]", "lies between 0 and 1"),
        (f"{TEST}range = [inf, inf]", "cannot hold"),
        ('pointer = "/transfer/correct/test"\nrange = [0.8, 0.9]', "is a whole number; correct the limits"),
        (f"{TEST}range = [-inf, -inf]", "cannot hold"),
        ('pointer = "/neurons/layer"\nrange = [0, 1]', "is no number; use expected"),
        ('pointer = "/convolution/matches"\nrange = [0, 1]', "is no number"),
        (f"{TEST}bands = [[80, 5]]", "cannot hold"),
        # What no report can have, so that every one would lose the points.
        (f"{TEST}expected = 90", "expected = 90 cannot be: the value at /transfer/accuracy/test lies betw"),
        (f"{TEST}expected = 1.1\ntolerance = 0.05", "expected = 1.1 cannot be"),
        (f"{TEST}expected = 'high'", "is a number; correct it, or the pointer"),
        (f"{TEST}expected = inf", "is a number"),
        (f"{TEST}expected = true", "is a number"),
        ('pointer = "/transfer/correct/test"\nexpected = 2.5', "is a whole number"),
        ('pointer = "/transfer/feature_size"\nexpected = 2.5\ntolerance = 0.4', "is a whole number"),
        (
            'pointer = "/neurons/layer_shape"\nexpected = [14, 14]',
            "list has 2 values, and that at /neurons/layer_",
        ),
        ('pointer = "/neurons/layer_shape"\nexpected = [14, 14, "512"]', "/neurons/layer_shape/2 is a whole"),
        ('pointer = "/neurons/layer_shape"\nexpected = 14', "is a list"),
        ('pointer = "/neurons/layer_shape/3"\nexpected = 14', "is in no results.json"),
        ('pointer = "/neurons/layer"\nexpected = 5', "is a text"),
        ('pointer = "/convolution/matches"\nexpected = 1', "is true or false"),
        ('pointer = "/convolution/filter/0/0"\nexpected = "a"', "is a number or a list"),
        (f"{TEST}formula = \"'/transfer/correct/test' + 2\"", "which is 2 or more, cannot hold"),
        (f"{TEST}formula = \"2 - '/transfer/accuracy/val' / 2\"", "which is from 1.5 to 2, cannot hold"),
        (f"{TEST}formula = \"-1 - '/transfer/correct/test' ** 2\"", "which is -1 at most, cannot hold"),
        ("commentary = 'transfer'\nfigures = '@fig:nothing'", "figures = '@fig:nothing' is in no report"),
        ("commentary = 'transfer'\nfigures = '@fig:confusoin'", "did you mean '@fig:confusion'?"),
        ("commentary = 'transfer'\nfigures = '@tab:confusion'", "did you mean"),
        (f"{TEST}bands = [[0.8, 3], [0.9, 5]]", "is not below the pair before it"),
        (f"{TEST}bands = [[0.8, 3], [0.7, 3]]", "is not below"),
        (f"{TEST}bands = [[0.8, 3], [0.7, 0]]", "leave that pair out"),
        (f"{TEST}bands = []", "is no list of pairs"),
        (f"{TEST}bands = [[0.8]]", "is no pair of numbers"),
        (f"{TEST}bands = [[0.8, 3]]\npoints = 5", "points = 5, and the first of bands is worth 3"),
        (f"{RIGHT}points = 0", "points = 0 is worth nothing; give it points, or leave the row out"),
        ("manual = true\ntext = 'a'\npoints = -3", "a deduction does not go with manual"),
        (f"{RIGHT}points = -3\nbonus = true", "a deduction is no bonus"),
        (f"{RIGHT}points = 3\nbonus = 1", "bonus = 1; write true"),
        (f"{RIGHT}points = 3\ngroup = 'Maps'", "group = 'Maps' is no best_of"),
        ("manual = true\npoints = 1", "it has no text"),
        ("manual = false\npoints = 1\ntext = 'a'", "manual = False"),
        (f"{RIGHT}points = 1\nunexpected = 2", "did you mean 'expected'? Allowed are bands, bonus, "),
    ],
)
def test_a_fault_is_one_line_with_row_key_and_remedy(tmp_path: Path, row: str, said: str) -> None:
    row = row if "points" in row or "bands" in row else f"{row}\npoints = 2"
    (line,) = faults(tmp_path, f"{RIGHT}points = 1", row)
    assert line.startswith(f"{tmp_path / 'my.rubric.toml'}: check 2 (C2): ")
    assert said in line


@pytest.mark.parametrize(
    "row",
    [
        f"{TEST}expected = 0.9\ntolerance = 0.05",
        f"{TEST}expected = 1",
        # Above all shares, but within the tolerance of one.
        f"{TEST}expected = 1.1\ntolerance = 0.1",
        f"{TEST}expected = 1.1\nrelative = 0.1",
        'pointer = "/transfer/feature_size"\nexpected = 511.5\ntolerance = 0.5',
        'pointer = "/transfer/correct/test"\nexpected = 2.0',
        'pointer = "/neurons/top/*/0/position"\nexpected = [1, 2, 3]',
        # Filters have up to 31 rows, as the settings say.
        'pointer = "/convolution/filter/9/9"\nexpected = 0.5',
        'pointer = "/convolution/filter/0/0"\nexpected = [0.5, 0.5, 0.5]',
        'pointer = "/dataset/classes"\nexpected = ["cat", "dog"]',
        f"{TEST}formula = \"'/transfer/correct/test' - 1\"",
        f"{TEST}formula = \"2 * '/transfer/accuracy/val'\"",
        f"{TEST}formula = \"1 + '/transfer/accuracy/val'\"",
        f"{TEST}formula = \"1 / '/transfer/correct/test'\"",
        f"{TEST}formula = \"(7 + '/transfer/correct/test') % 3\"",
        f"{TEST}formula = \"2 + '/transfer/accuracy/val'\"\nrelative = 0.5",
        f"{TEST}formula = \"9 + '/transfer/accuracy/val'\"\nrelative = 1",
        *(
            f"commentary = 'transfer'\nfigures = '{cited}'"
            for cited in (
                "@fig:patches-leopard", "@fig:patches-0", "@figure:Confusion", "@tab:guided-red-fox",
                "@tab:counts", "@fig:gradient-leopard-3", "@fig:layer_patches_1_cat",
            )
        ),
    ],
)  # fmt: skip
def test_what_a_report_can_have_is_no_fault(tmp_path: Path, row: str) -> None:
    """An honest rubric must not be refused."""
    assert len(load_rubric(write(tmp_path, f"{row}\npoints = 1")).rows) == 1


def test_tables_of_every_report_can_be_asked_for() -> None:
    assert {("tab", name) for name in COMMON_TABLES} <= set(list_exhibits())


@pytest.mark.parametrize(
    ("head", "said"),
    [
        ("most_bonus = 0\n", "most_bonus = 0"),
        ("[late]\nper_day = 10\n", "late: due = None is no date with a time"),
        ("[late]\ndue = 2026-02-01\nper_day = 10\n", "due = 2026-02-01 is no date with a time"),
        ("[late]\ndue = '2026-02-01T10:00'\nper_day = 10\n", "without quotes"),
        ("[late]\ndue = 2026-02-01T23:59:00\nper_day = 60\nmost = 50\n", "more than most = 50"),
        ("[late]\ndue = 2026-02-01T23:59:00\nper_day = 200\n", "per_day = 200"),
        (
            "[late]\ndue = 2026-02-01T23:59:00\nper_day = 10\ngrace = 1\n",
            "late: unknown key 'grace'; allowed are due, per_day, most.",
        ),
        (BEST, "count = 2, and it has 0 rows"),
        ("[[best_of]]\ngroup = 'C1'\ncount = 1\n", "group 'C1' has the same name"),
        ("[[best_of]]\ncount = 1\n", "best_of 1: it has no group"),
        ("[[best_of]]\ngroup = 'x'\ncount = 0\n", "count = 0"),
    ],
)
def test_rules_that_make_no_sense_are_faults(tmp_path: Path, head: str, said: str) -> None:
    assert said in "\n".join(faults(tmp_path, f"{RIGHT}points = 1", head=head))


def test_rows_of_a_group_are_worth_the_same(tmp_path: Path) -> None:
    rows = [f"{RIGHT}points = {points}\ngroup = 'Maps'" for points in (2, 2, 3)]
    (line,) = faults(tmp_path, *rows, head=BEST)
    assert "check 3 (C3): points = 3, and check 1 of the same group has 2; give both the same" in line


@pytest.mark.parametrize("other", ["C1", "c1", " C1 ", "Late submission"])
def test_names_that_would_be_taken_for_each_other_are_faults(tmp_path: Path, other: str) -> None:
    file = write(tmp_path, f"{RIGHT}points = 1", f"{RIGHT}points = 1")
    file.write_text(file.read_text().replace('"C2"', f'"{other}"'))
    with pytest.raises(RubricError, match=r"check 2 .*rename one of them"):
        load_rubric(file)


def test_two_rubrics_with_rows_of_one_name_are_refused(tmp_path: Path) -> None:
    (tmp_path / "results.json").write_text(small_results().model_dump_json(), encoding="utf-8")
    files = [write(tmp_path, f"{RIGHT}points = 1", name=name) for name in ("a.toml", "b.toml")]
    with pytest.raises(GradingError, match=r"criterion = 'C1'.*a\.toml has a row of the same name"):
        grade(tmp_path / "results.json", files, show=False)


def test_two_rubrics_with_two_due_times_are_refused(tmp_path: Path) -> None:
    (tmp_path / "results.json").write_text(small_results().model_dump_json(), encoding="utf-8")
    a = write(tmp_path, f"{RIGHT}points = 1", head=LATE, name="a.toml")
    b = write(tmp_path, f"{RIGHT}points = 1", head=LATE.replace("= 10", "= 20"), name="b.toml")
    b.write_text(b.read_text().replace("C1", "C2"))
    with pytest.raises(GradingError, match="different values of late"):
        grade(tmp_path / "results.json", [a, b], show=False)


def test_a_pointer_that_this_report_merely_lacks_costs_its_points(graded: Grade) -> None:
    grades = graded('pointer = "/neurons/top/owl/0/value"\nrange = [0, 9]\npoints = 2')
    assert of(grades) == ("0", "2")
    assert grades.criteria[0].status == "failed"


def test_a_deduction_that_nobody_can_decide_takes_nothing_and_is_said(graded: Grade) -> None:
    rows = (f"{RIGHT}points = 5", "check = 'largest_neurons'\npoints = -2", f"{WRONG}points = 1")
    grades = graded(*rows, f"{RIGHT}points = -1\ndepends = 'C3'")
    assert of(grades) == ("5", "6")
    assert [item.status for item in grades.criteria[1::2]] == ["not checkable", "skipped"]
    assert grades.open_points == ["a deduction of up to 2 not decided"]
