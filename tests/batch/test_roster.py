"""The students of a class: read from a table, found in a download, and graded in a row each."""

from __future__ import annotations

import csv
import io
from pathlib import Path

import pytest
from class_scene import Scene, read_rows
from test_reception import packed, reports, write

from reportgen.batch.class_file import ClassError, read_class
from reportgen.batch.outcome import Outcome
from reportgen.batch.reception import receive
from reportgen.batch.roster import Student, add_groups, find_people, read_roster, write_student_grades
from reportgen.batch.tables import GroupResult

ROSTER = """id,E-Mail,Name,Group
1,ann@uni.example,Ann Marie Lee,Team 1
2,ben@uni.example,"Bo, Ben",Team 1
3,cem@uni.example,Cem Ay,Team 2
4,dan@uni.example,Dan Ek,Team 3
5,eva@uni.example,Eva Li,
"""


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
@pytest.mark.parametrize("separator", [",", ";", "\t"])
def test_tables_of_spreadsheets_are_read(tmp_path: Path, encoding: str, separator: str) -> None:
    rows = [["Student ID", "E-mail Address", "Full Name", "GROUP", "Note"], ["007", "z@x", "Zoë Ö", "A", "n"]]
    buffer = io.StringIO(newline="")
    csv.writer(buffer, delimiter=separator).writerows(rows)
    (tmp_path / "r.csv").write_bytes(buffer.getvalue().encode(encoding))
    assert read_roster(tmp_path / "r.csv") == (Student("007", "z@x", "Zoë Ö", "A"),)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("id,email,name\n1,a@x,A\n", "line 1: has no column group"),
        ("", "line 1: has no column id, email, name, group"),
        ("id,email,name,group\n", "has no student"),
        ("id,email,name,group\n,,Ann,A\n", "line 2: 'Ann' has neither an id nor an e-mail address"),
        ("id,email,name,group\n1,a@x,A,A\n1,b@x,B,A\n", "line 3: id = '1': is that of line 2, too"),
        ("id,email,name,group\n1,a@x,A,A\n2,A@x,B,A\n", "line 3: email = 'a@x': is that of line 2, too"),
        ("id,email,name,group\n1,a@x,A,…\n", "line 2: group = '…': has no letter and no digit"),
    ],
)
def test_each_mistake_is_told_with_its_line(tmp_path: Path, text: str, said: str) -> None:
    (tmp_path / "r.csv").write_text(text, encoding="utf-8")
    with pytest.raises(ClassError) as caught:
        read_roster(tmp_path / "r.csv")
    assert str(tmp_path / "r.csv") in caught.value.problem
    assert said in caught.value.problem


def test_submissions_of_students_are_those_of_their_groups(tmp_path: Path) -> None:
    write(tmp_path / "given", {
        "Ann Marie Lee_71_assignsubmission_file_/report.pdf": "1",
        "bobe_72_901_data.zip": packed({"data/cat/a.png": "i"}),
        "boben_73_902_data.zip": packed({"data/cat/a.png": "i"}),
        "aycem_LATE_74_903_report.pdf": "2",
        "Team 4/report.pdf": "4",
    })  # fmt: skip
    (tmp_path / "roster.csv").write_text(ROSTER, encoding="utf-8")
    (tmp_path / "class.toml").write_text('submissions = "given"\nroster = "roster.csv"\n', encoding="utf-8")
    students = read_roster(tmp_path / "roster.csv")
    chosen = add_groups(read_class(tmp_path / "class.toml"), students)
    received = receive(chosen, tmp_path / "out", people=find_people(students))
    assert reports(received) == {
        "Team 1": "report.pdf", "Team 2": "report.pdf", "Team 3": "", "bobe": "", "Team 4": "report.pdf",
    }  # fmt: skip
    first = next(group for group in received.groups if group.name == "Team 1")
    assert len(first.roots) == 2, "the PDF of one student and the zip of the other"


def test_a_name_of_students_of_two_groups_is_nobody_s() -> None:
    two = (Student("1", "", "Ann Lee", "A"), Student("2", "", "Lee Ann", "B"), Student("3", "", "Bo", "B"))
    assert find_people(two) == {"bo": "B"}


def test_groups_that_differ_in_punctuation_stay_two(tmp_path: Path) -> None:
    groups = "".join(f'[[group]]\nname = "Group {number}"\nfolder = "."\n' for number in ("1.1", "11"))
    (tmp_path / "class.toml").write_text(groups, encoding="utf-8")
    students = [Student("1", "", "Ann", "Group 1.1"), Student("2", "", "Bo", "Group 11")]
    chosen = add_groups(read_class(tmp_path / "class.toml"), students)
    assert [group.name for group in chosen.groups] == ["Group 1.1", "Group 11"]
    scores = zip(chosen.groups, ("3", "7"), strict=True)
    rows = [GroupResult(group, Outcome(score=score, points="10"), None, {}) for group, score in scores]
    moodle = write_student_grades(students, rows, "A")["grades-moodle.csv"].splitlines()
    assert [line.rpartition(",")[2] for line in moodle[1:]] == ["3", "7"]


@pytest.mark.slow
def test_every_student_has_a_row_for_every_system_and_held_points_are_in_none(tmp_path: Path) -> None:
    scene = Scene(tmp_path, {"Team 1": "ok", "team-2": "forged"})
    roster = tmp_path / "roster.csv"
    roster.write_text(ROSTER, encoding="utf-8")
    scene.run(roster=roster, assignment="Homework 2")
    # Points as pretend_worker gives them: the sum of the name's bytes modulo 5, and 1.5 more.
    points = {name: f"{sum(name.encode()) % 5 + 1.5:g}" for name in ("Team 1", "team-2")}
    assert [row["score"] for row in read_rows(scene.out)] == [points["Team 1"], "", "0"]
    expected = [points["Team 1"], points["Team 1"], "", "0", ""]

    def read(name: str) -> list[list[str]]:
        text = (scene.out / f"grades-{name}.csv").read_bytes().decode("utf-8")
        return list(csv.reader(io.StringIO(text, newline="")))

    moodle, canvas, gradescope, blackboard = map(read, ("moodle", "canvas", "gradescope", "blackboard"))
    assert moodle[0] == ["ID number", "Email address", "Full name", "Homework 2"]
    assert moodle[1] == ["1", "ann@uni.example", "Ann Marie Lee", points["Team 1"]]
    assert canvas[0] == ["Student", "ID", "SIS User ID", "SIS Login ID", "Section", "Homework 2"]
    assert [cell.strip() for cell in canvas[1]] == ["Points Possible", "", "", "", "", "10"]
    assert canvas[3][:4] == ["Bo, Ben", "", "2", "ben@uni.example"]
    assert [row[-1] for row in gradescope] == [
        "Status",
        "Graded",
        "Graded",
        "Ungraded",
        "Missing",
        "Ungraded",
    ]
    assert blackboard[0] == ["Username", "Student ID", "Name", "Homework 2 [Total Pts: 10 Score]"]
    assert (scene.out / "grades-blackboard.csv").read_text().startswith('"Username","Student ID"')
    assert [row[-1] for row in moodle[1:]] == expected
    assert [row[-1] for row in canvas[2:]] == expected
    assert [row[3] for row in gradescope[1:]] == expected
    assert [row[-1] for row in blackboard[1:]] == expected
    assert [row[4] for row in read("students")[1:]] == [
        "done", "done", "held", "nothing handed in", "in no group",
    ]  # fmt: skip

    scene.run(roster=roster, assignment="Homework 2", released=frozenset({"team-2"}))
    assert read("moodle")[3][-1] == points["team-2"]
    scene.run()
    assert not (scene.out / "grades-moodle.csv").exists(), "nor would anybody take an old one for a new one"
