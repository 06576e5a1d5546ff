"""When reports came: in class.toml or in a table; what a day costs, and what nothing known costs: nothing."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from pathlib import Path

import pytest
from graded_class import LATE, SIZE, GradedClass, read_table

from reportgen.batch.class_file import ClassError, read_class
from reportgen.batch.outcome import Mark
from reportgen.batch.summary import _lost
from reportgen.batch.supplements import read_times

ALWAYS = LATE + SIZE.replace("expected = 512", "range = [1, 100000]")


@pytest.mark.long
@pytest.mark.slow
def test_lateness_costs_what_the_rubric_says_and_no_recomputation(tmp_path: Path) -> None:
    scene = GradedClass(tmp_path, "In time", "Two days", "Unknown", rubric=ALWAYS)
    scene.run()
    rows = read_table(scene.out / "grades.csv")
    assert [row["score"] for row in rows] == ["6", "6", "6"]
    assert all("nothing is deducted for lateness" in row["notes"] for row in rows)
    times = tmp_path / "times.csv"
    # A second and a day after the due time two days have begun; 20 % of 6 points are 1.2.
    times.write_text("group;submitted\nin-time;2026-02-01T12:00:00\nTwo days;2026-02-02 12:00:01\n")
    assert scene.run(submissions_times=times).worked_on == 2
    rows = read_table(scene.out / "grades.csv")
    assert [(row["score"], row["Late submission"]) for row in rows] == [
        ("6", "0"), ("4.8", "'-1.2"), ("6", "0"),
    ]  # fmt: skip
    assert [("nothing is deducted" in row["notes"]) for row in rows] == [False, False, True]
    assert [scene.count(name) for name in ("In time", "Two days", "Unknown")] == [1, 1, 1]
    # What class.toml says of a group goes before the table: five days late, and 50 % at most.
    groups = scene.scene.chosen.groups
    late = replace(groups[0], submitted=datetime(2026, 2, 9, 12))
    scene.run(submissions_times=times, groups=(late, *groups[1:]))
    assert [row["score"] for row in read_table(scene.out / "grades.csv")] == ["3", "4.8", "6"]


@pytest.mark.long
@pytest.mark.slow
def test_times_without_a_policy_change_nothing_and_that_is_said(tmp_path: Path) -> None:
    scene = GradedClass(tmp_path, "A", rubric=SIZE)
    scene.run()
    times = tmp_path / "times.csv"
    times.write_text("group,submitted\nA,2026-02-09T12:00:00\n")
    assert scene.run(submissions_times=times).worked_on == 0
    assert scene.view.said == ["No rubric has [late], so the times of submission change no points."]


@pytest.mark.slow
def test_a_time_that_cannot_be_compared_is_told_before_any_group(tmp_path: Path) -> None:
    scene = GradedClass(tmp_path, "A", rubric=ALWAYS)
    times = tmp_path / "times.csv"
    times.write_text("group,submitted\nA,2026-02-09T12:00:00+01:00\n")
    with pytest.raises(ClassError, match=r"group 'A': .* one of them has an offset"):
        scene.run(submissions_times=times)
    assert scene.count("A") == 0


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("Nobody,2026-02-09T12:00:00", "line 2: group = 'Nobody': there is no group of that name"),
        ("A,9.2.2026 12:00", "line 2: submitted = '9.2.2026 12:00': is no date with a time"),
        ("A,2026-02-09", "line 2: submitted = '2026-02-09': is no date with a time"),
        ("A,2026-02-09T12:00\na,2026-02-09T12:00", "line 3: group = 'a': is there twice"),
    ],
)
def test_every_mistake_in_the_table_is_told(tmp_path: Path, line: str, said: str) -> None:
    (tmp_path / "times.csv").write_text(f"group,submitted\n{line}\n")
    (tmp_path / "a").mkdir()
    file = tmp_path / "class.toml"
    file.write_text('submissions_times = "times.csv"\n[[group]]\nname = "A"\nfolder = "a"\n')
    chosen = read_class(file)
    with pytest.raises(ClassError) as caught:
        read_times(chosen.submissions_times, chosen.groups)
    assert f"{tmp_path / 'times.csv'}, {said}" in caught.value.problem


def test_a_deduction_is_no_part_of_anything() -> None:
    assert _lost(Mark("Late submission", "-1.2", "0", "failed")) == "Late submission (-1.2)"


def test_class_toml_says_when_a_report_came(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    file = tmp_path / "class.toml"
    for written, read in (("2026-02-02T10:00:00", datetime(2026, 2, 2, 10)), ('"soon"', None)):
        file.write_text(f'[[group]]\nname = "A"\nfolder = "a"\nsubmitted = {written}\n')
        if read:
            assert read_class(file).groups[0].submitted == read
        else:
            with pytest.raises(ClassError, match=r"group 1\.submitted = 'soon'"):
                read_class(file)
