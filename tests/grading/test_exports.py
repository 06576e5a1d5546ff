"""What other programs read from the same grades."""

from __future__ import annotations

import csv
import io
import json
import unicodedata
import xml.etree.ElementTree as ElementTree
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest
from bs4 import BeautifulSoup
from hypothesis import given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator
from markdown_it import MarkdownIt

from reportgen.grading.exports import Exports, remove_exports, write_exports
from reportgen.grading.exports.document import read_grades, write_gradescope, write_json
from reportgen.grading.exports.table import (
    describe_grades,
    list_properties,
    one_line,
    plain,
    write_csv,
    write_markdown,
)
from reportgen.grading.report import GradingError
from reportgen.grading.score import STATUSES, VISIBILITIES, Case, Criterion, Grades
from reportgen.store.files import StorageError

HOSTILE = (
    "=cmd|' /C calc'!A1 | <b>&amp;</b> `x` **b** [l](http://e.org) "
    "\x1b[31mred\x1b[0m \x00\x07\udc80\ufffe\u202e"
)
THREE = (Case("a", "passed"), Case("b", "failed", "3 is not 4"), Case("c", "passed"))
GRADES = Grades(
    "group 7",
    (
        Criterion("Q1 shape", Decimal(2), THREE),
        Criterion("Q2", Decimal("1.5"), (Case("d", "passed"),), "after_published", ("cnn", "easy")),
        Criterion("Q3", Decimal(1), (Case("e", "skipped", "skipped because 'Q1 shape' failed"),), "hidden"),
        Criterion("test_x.py", Decimal(0), (Case("test_x.py", "error", "no such module"),)),
    ),
    "The assignment", 12.3456789, ("test_x.py could not be collected",),
)  # fmt: skip
WHOLE = Grades("whole", GRADES.criteria[1:2])
BAD = Grades(HOSTILE, (Criterion(HOSTILE, Decimal(1), (Case(HOSTILE, "failed", HOSTILE),), tags=(HOSTILE,)),))

texts = st.text(st.characters(codec=None), max_size=30)
made = st.builds(
    Grades,
    texts,
    st.lists(
        st.builds(
            Criterion,
            texts,
            st.decimals(0, 1000, places=4),
            st.lists(
                st.builds(
                    Case,
                    texts,
                    st.sampled_from(STATUSES),
                    texts,
                    st.floats(0, 1e6),
                    st.fractions(0, 9, max_denominator=99),
                ),
                max_size=3,
            ).map(tuple),
            st.sampled_from(VISIBILITIES),
            st.lists(texts, max_size=2).map(tuple),
        ),
        max_size=3,
    ).map(tuple),
    texts,
    st.floats(0, 1e6),
    st.lists(texts, max_size=2).map(tuple),
)


@pytest.fixture(scope="module")
def gradescope() -> Draft202012Validator:
    schema = json.loads(Path(__file__).with_name("gradescope.schema.json").read_text(encoding="utf-8"))
    Draft202012Validator.check_schema(schema)
    return Draft202012Validator(schema)


def rows(grades: Grades) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(write_csv(grades), newline="")))


def table(markdown: str) -> list[list[str]]:
    """The cells as a reader of Markdown shows them."""
    page = BeautifulSoup(MarkdownIt("commonmark").enable("table").render(markdown), "lxml")
    assert not page.find_all(["b", "em", "a", "img", "code"])
    return [[cell.get_text() for cell in row.find_all(["th", "td"])] for row in page.find_all("tr")]


def columns(text: str) -> int:
    """How many columns of a terminal a text takes."""
    return sum(2 if unicodedata.east_asian_width(c) in "WF" else not unicodedata.combining(c) for c in text)


# --- Gradescope


@pytest.mark.parametrize("grades", [GRADES, WHOLE, BAD, Grades("none", ())])
def test_gradescope_s_file_is_as_documented(gradescope: Draft202012Validator, grades: Grades) -> None:
    document = json.loads(write_gradescope(grades))
    gradescope.validate(document)
    assert document["score"] == pytest.approx(sum(test["score"] for test in document["tests"]))


def test_gradescope_s_file_says_everything() -> None:
    document = json.loads(write_gradescope(GRADES))
    assert document["score"] == 2.83
    assert document["execution_time"] == pytest.approx(12.35, abs=0.01)
    assert document["visibility"] == "visible"
    assert document["stdout_visibility"] == "hidden"
    assert "incomplete" in document["output"]
    assert "test_x.py could not be collected" in document["output"]
    first, second, third, fourth = document["tests"]
    assert {**first, "output": ""} == {
        "name": "Q1 shape", "number": "1", "score": 1.33, "max_score": 2.0, "status": "failed", "output": "",
        "output_format": "text", "tags": [], "visibility": "visible",
    }  # fmt: skip
    assert first["output"].splitlines() == [
        "2 of 3 cases passed", "a: passed", "b: failed: 3 is not 4", "c: passed",
    ]  # fmt: skip
    assert (second["status"], second["visibility"]) == ("passed", "after_published")
    assert second["tags"] == ["cnn", "easy"]
    assert third["output"] == "skipped because 'Q1 shape' failed"
    assert fourth["output"] == "error: no such module"
    assert "incomplete" not in json.loads(write_gradescope(WHOLE))["output"]


# --- CSV


def test_csv_has_a_row_for_each_criterion() -> None:
    first, second, third, _ = rows(GRADES)
    assert first == {
        "subject": "group 7", "number": "1", "criterion": "Q1 shape", "score": "1.33", "points": "2",
        "status": "failed", "passed": "2", "cases": "3", "visibility": "visible", "tags": "",
        "message": "b: 3 is not 4", "complete": "no", "kind": "points",
        "not_checkable": "0", "not_graded": "0",
    }  # fmt: skip
    assert second["tags"] == "cnn, easy"
    assert third["message"] == "skipped because 'Q1 shape' failed"
    assert rows(WHOLE)[0]["complete"] == "yes"


def test_csv_shortens_what_pytest_tells_of_an_assertion() -> None:
    case = Case("a", "failed", "assert 1 == 2\n +  where 1 = f()\n +    and   2 = g()\nelse")
    assert rows(Grades("s", (Criterion("Q", Decimal(1), (case,)),)))[0]["message"] == "assert 1 == 2 else"


@pytest.mark.parametrize("start", ["=", "+", "-", "@", "\t=", "\r=", "\n=", " =", "\x1b[1m=", "＝"])
def test_no_cell_is_a_formula(start: str) -> None:
    text = f"{start}cmd()"
    bad = Grades(text, (Criterion(text, Decimal(1), (Case(text, "failed", text),), tags=(text,)),))
    (row,) = rows(bad)
    assert all(row[key].startswith("'") for key in ("subject", "criterion", "message", "tags"))


@settings(derandomize=True, deadline=None)
@given(made)
def test_csv_of_anything_has_plain_rows_of_one_line(grades: Grades) -> None:
    written = write_csv(grades)
    written.encode("utf-8")
    found = rows(grades)
    assert written.count("\n") == len(found) + 1 == len(grades.criteria) + 1
    for row, criterion in zip(found, grades.criteria, strict=True):
        assert (Decimal(row["score"]), Decimal(row["points"])) == (criterion.score, criterion.points)
        assert not any(cell.startswith(("=", "+", "-", "@")) for cell in row.values())


# --- JSON


@settings(derandomize=True, deadline=None)
@given(made)
def test_json_is_read_back_without_any_loss(tmp_path_factory: pytest.TempPathFactory, grades: Grades) -> None:
    file = tmp_path_factory.getbasetemp() / "grades.json"
    file.write_text(write_json(grades), encoding="ascii")
    read = read_grades(file)
    assert read == grades
    assert [str(item.points) for item in read.criteria] == [str(item.points) for item in grades.criteria]


def change(path: list[Any], value: Any) -> str:
    document = json.loads(write_json(GRADES))
    location = document
    for step in path[:-1]:
        location = location[step]
    location[path[-1]] = value
    return json.dumps(document)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[]",
        "{}",
        "[" * 100_000,
        change(["version"], 2),
        change(["score"], "4.5"),  # not what the criteria give
        change(["points"], "4"),
        change(["complete"], True),
        change(["criteria", 0, "score"], "2"),
        change(["criteria", 0, "status"], "passed"),
        change(["criteria", 0, "cases", 1, "status"], "passed"),
        change(["criteria", 0, "cases", 1, "status"], "great"),
        change(["criteria", 0, "cases", 1, "weight"], "1/0"),
        change(["criteria", 0, "points"], 2),
        change(["criteria", 0, "points"], "1e999999999"),
        change(["criteria", 0, "points"], "NaN"),
        change(["criteria", 0, "visibility"], "none"),
        change(["criteria"], None),
        change(["subject"], 7),
    ],
)
def test_json_that_does_not_hold_together_is_refused_by_name(tmp_path: Path, text: str) -> None:
    (tmp_path / "grades.json").write_text(text)
    with pytest.raises(GradingError, match=r"grades\.json: holds no grades"):
        read_grades(tmp_path / "grades.json")


def test_json_that_is_not_there_is_an_error_that_names_it(tmp_path: Path) -> None:
    with pytest.raises(GradingError, match=r"grades\.json: cannot be read"):
        read_grades(tmp_path / "grades.json")


# --- Markdown


def test_markdown_shows_a_table_with_the_total() -> None:
    found = table(write_markdown(GRADES))
    assert found[0] == ["Criterion", "Points", "Of", "Status", "Message"]
    assert found[1] == ["Q1 shape", "1.33", "2", "failed", "b: 3 is not 4"]
    assert found[-1] == ["Total", "2.83", "4.5", "", ""]
    assert "incomplete" in write_markdown(GRADES)
    assert "incomplete" not in write_markdown(WHOLE)


@settings(derandomize=True, deadline=None)
@given(st.text(st.characters(codec="utf-8"), max_size=40))
def test_markdown_shows_names_and_messages_as_they_are(text: str) -> None:
    name = one_line(text) or "-"
    grades = Grades(name, (Criterion(name, Decimal(1), (Case("a", "failed", name),)),), gaps=(name,))
    found = table(write_markdown(grades))
    assert (found[1][0], found[1][4]) == (name, name)


# --- the terminal


@pytest.mark.parametrize("width", [60, 80, 200])
@pytest.mark.parametrize("grades", [GRADES, BAD, Grades("none", ())])
def test_the_table_is_aligned_and_fits(grades: Grades, width: int) -> None:
    lines = [line.text for line in describe_grades(grades, width)]
    assert all(columns(line) <= width or line.startswith("  ") for line in lines)
    if grades.title:
        title, empty, *lines = lines
        assert title
        assert not empty
    size = len(grades.criteria) + 2
    location = columns(lines[0].partition("Status")[0])
    for line, criterion in zip(lines[1 : size - 1], grades.criteria, strict=True):
        assert columns(line.partition(f"  {criterion.status}")[0]) + 2 == location
    assert lines[size - 1].split()[:1] == ["Total"]


def test_the_table_says_status_in_words_and_cuts_messages_with_a_sign() -> None:
    long = Criterion("画像の形" * 20, Decimal(2), (Case("a", "passed"), Case("b", "failed", "long " * 100)))
    head, line, total, *below = (each.text for each in describe_grades(Grades("s", (long,)), 80))
    assert "failed 1/2" in line
    assert line.count("…") == 2
    assert columns(line) <= 80
    assert columns(head.partition("Status")[0]) == columns(line.partition("failed")[0])
    assert total.split() == ["Total", "1", "2"]
    assert below[0] == "Why points were lost or not given:"
    assert " ".join(below[1:]).count("long") == 100
    assert max(map(columns, below)) <= 80
    lines = describe_grades(GRADES)[2:]  # without the title
    assert [line.status for line in lines[:3]] == [None, "failed", "passed"]
    assert (
        len({line.text.index(text) for line, text in zip(lines[1:5:2], ("b: 3", "skipped b"), strict=True)})
        == 1
    )


# --- JUnit's properties; the file itself is read in test_junit.py


def test_properties_hold_totals_and_criteria() -> None:
    criteria = (*GRADES.criteria, Criterion("total", Decimal(1), (Case("a", "passed"),)))
    found = list_properties(Grades("s", criteria, gaps=("a file",)))
    assert len(dict(found)) == len(found)
    assert dict(found) == {
        "points.total": "3.83", "points.max": "5.5", "points.complete": "false", "points.Q1 shape": "1.33/2",
        "points.Q2": "1.5/1.5", "points.Q3": "0/1", "points.test_x.py": "0/0",
        "points.criterion total": "1/1", "points.gap": "a file",
    }  # fmt: skip


# --- all of them


@pytest.mark.parametrize("write", [write_gradescope, write_csv, write_markdown])
def test_nothing_that_acts_on_a_terminal_or_breaks_a_parser_gets_through(write: Any) -> None:
    text = write(BAD)
    text.encode("utf-8")
    assert "red" in text
    assert not set(text) & set("\x00\x07\x1b\ufffe\u202e\udc80")


@settings(derandomize=True, deadline=None)
@given(texts)
def test_plain_text_is_fit_for_xml(text: str) -> None:
    made = plain(text)
    document = f"<a>{made.translate({38: '&amp;', 60: '&lt;'})}</a>"
    assert ElementTree.fromstring(document).text in (made, None)  # noqa: S314 - written one line above
    assert plain(made) == made


def test_colours_go_and_letters_stay() -> None:
    assert plain("\x1b[1;31mError\x1b[0m: \x1b]8;;http://x\x07link\x1b]8;;\x07\r\nnext\tcell é 画") == (
        "Error: link\nnext\tcell é 画"
    )
    assert plain("abcdef", 4) == "abcd… (2 more characters)"


def test_files_are_written_whole_and_old_ones_removed(tmp_path: Path) -> None:
    exports = Exports(gradescope=tmp_path / "new/g.json", csv=tmp_path / "g.csv", json=tmp_path / "j.json")
    (tmp_path / "g.csv").write_text("old")
    write_exports(GRADES, exports)
    assert sorted(path.name for path in tmp_path.rglob("*.*")) == ["g.csv", "g.json", "j.json"]
    assert (tmp_path / "g.csv").read_bytes().decode() == write_csv(GRADES)
    assert read_grades(tmp_path / "j.json") == GRADES
    remove_exports(exports)
    assert not list(tmp_path.rglob("*.*"))


def test_a_place_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    (tmp_path / "taken").mkdir()
    with pytest.raises(StorageError, match="taken"):
        write_exports(GRADES, Exports(markdown=tmp_path / "taken"))


def test_the_example_is_worth_what_it_says() -> None:
    exact = Fraction(2) * Fraction(2, 3) + Fraction(3, 2)
    assert abs(Fraction(GRADES.score) - exact) < Fraction(1, 200)


# --- what neither passed nor failed

OPEN_CASES = (Case("a", "passed"), Case("b", "not checkable", "the arrays are not part of a PDF"))
UNDECIDED = Grades(
    "group 8",
    (
        Criterion("Q1", Decimal(80), (Case("a", "passed"),)),
        Criterion("Q2", Decimal(4), OPEN_CASES),
        Criterion("Q3", Decimal(8), (Case("a", "not checkable", "no page"),)),
        Criterion("Q4", Decimal(3), (Case("a", "not graded yet", "a person"),)),
        Criterion("Q5", Decimal(5), (Case("a", "failed", "3 is not 4", share=Fraction(2, 5)),)),
        Criterion("Q6", Decimal(2), (Case("a", "not checkable", "no page"),), kind="bonus"),
        Criterion("Q7", Decimal(0), (Case("a", "failed", "holds"),), kind="deduction", change=Decimal(-12)),
        Criterion(
            "Late", Decimal(0), (Case("Late", "passed", "in time"),), kind="adjustment", change=Decimal(0)
        ),
    ),
)
SUM = "72 of 87 points, 10 not checkable, 3 not graded yet, a bonus of up to 2 not decided"
"""80 + 2 + 2 − 12 of 80 + 2 + 5; the other half of Q2, and Q3, are not checkable."""


def test_the_sum_never_hides_what_could_not_be_checked() -> None:
    assert (f"{UNDECIDED.score:f}", f"{UNDECIDED.points:f}", f"{UNDECIDED.checked:f}") == ("72", "100", "87")
    assert SUM in [line.text for line in describe_grades(UNDECIDED)]
    assert f"**{SUM}**" in write_markdown(UNDECIDED)
    assert json.loads(write_gradescope(UNDECIDED))["output"] == SUM
    found = list_properties(UNDECIDED)
    assert [value for name, value in found if name == "points.open"] == SUM.split(", ")[1:]
    assert dict(found)["points.Q2"] == "2/4, 2 not checkable"
    document = json.loads(write_json(UNDECIDED))
    assert (document["checked"], document["not_checkable"], document["not_graded"]) == ("87", "10", "3")


def test_each_table_has_three_states() -> None:
    states = ["passed", "not checkable", "not checkable", "not graded yet", "failed", "not checkable"]
    assert [row["status"] for row in rows(UNDECIDED)[:6]] == states
    assert [row["not_checkable"] for row in rows(UNDECIDED)] == ["0", "2", "8", "0", "0", "2", "0", "0"]
    assert [row["not_graded"] for row in rows(UNDECIDED)] == ["0", "0", "0", "3", "0", "0", "0", "0"]
    assert [cells[3] for cells in table(write_markdown(UNDECIDED))[1:7]] == states
    assert [line.status for line in describe_grades(UNDECIDED)[1:7]] == states


def test_gradescope_is_told_of_no_failure_where_nothing_failed(gradescope: Draft202012Validator) -> None:
    document = json.loads(write_gradescope(UNDECIDED))
    gradescope.validate(document)
    tests = document["tests"]
    assert document["score"] == sum(test["score"] for test in tests) == 72
    assert [test.get("status") for test in tests] == [
        "passed", None, None, None, "failed", None, "failed", "passed",
    ]  # fmt: skip
    assert [test["max_score"] for test in tests] == [80, 2, 0, 0, 5, 0, 0, 0]
    assert [test["name"] for test in tests[1:4]] == [
        "Q2 (2 not checkable)", "Q3 (8 not checkable)", "Q4 (3 not graded yet)",
    ]  # fmt: skip


def test_rows_add_up_to_the_total() -> None:
    assert sum(Decimal(row["score"]) for row in rows(UNDECIDED)) == UNDECIDED.score
    assert rows(UNDECIDED)[-1]["message"] == "in time"


def test_grades_of_an_older_version_are_read_as_they_were(tmp_path: Path) -> None:
    document = json.loads(write_json(GRADES))
    for key in ("checked", "not_checkable", "not_graded"):
        del document[key]
    for criterion in document["criteria"]:
        for key in ("kind", "best", "change", "not_checkable", "not_graded"):
            del criterion[key]
        for case in criterion["cases"]:
            del case["share"], case["part"]
    (tmp_path / "g.json").write_text(json.dumps(document))
    assert read_grades(tmp_path / "g.json") == GRADES


def test_a_csv_of_an_older_version_is_replaced(tmp_path: Path) -> None:
    head = "subject,number,criterion,score,points,status,passed,cases,visibility,tags,message,complete\r\n"
    (tmp_path / "g.csv").write_text(head)
    remove_exports(Exports(csv=tmp_path / "g.csv"))
    assert not (tmp_path / "g.csv").exists()


@settings(derandomize=True, deadline=None)
@given(made)
def test_no_more_is_reached_than_could_be_checked(grades: Grades) -> None:
    assert 0 <= grades.score <= grades.checked <= grades.points
    assert grades.checked + grades.not_checkable + grades.not_graded == grades.points


@pytest.mark.parametrize("character", ["\u202e", "\u2028", "\u200b", "\x07", "\udc80"])
def test_what_cannot_be_seen_is_replaced_as_everywhere(character: str) -> None:
    assert plain(f"Group{character}A\n\tB") == "Group\ufffdA\n\tB"
