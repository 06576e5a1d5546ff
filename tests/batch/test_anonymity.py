"""Groups as numbers: nothing that is passed on names anybody, and a number stays whose it is."""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path

import pytest
from class_scene import COMMAND, Scene
from graded_class import BY_HAND, GradedClass, read_table

from reportgen.batch.anonymity import NumbersLostError, assign_numbers, hide_names
from reportgen.batch.attempt import LocalRunner
from reportgen.batch.class_file import Group
from reportgen.batch.manual_points import Naming, write_template
from reportgen.batch.outcome import Author, Outcome, Traits
from reportgen.batch.progress_view import SilentView
from reportgen.batch.run import Options, Report, run_batch
from reportgen.batch.tables import GroupResult
from reportgen.grading.manual import list_manual
from reportgen.grading.rubric import load_rubric
from reportgen.store.output import TakenError

NAMES = ("Noether", "Gauß", "Euler", "Lovelace")
PASSED_ON = ("overview.html", "grades.csv", "files.csv", "timings.csv")


def run(scene: Scene, *, anonymous: bool = True) -> Report:
    options = Options(command=COMMAND, anonymous=anonymous)
    return run_batch(scene.chosen, scene.out, LocalRunner(4), SilentView(), options)


@pytest.mark.long
@pytest.mark.slow
def test_tables_have_numbers_and_the_key_has_the_names(tmp_path: Path) -> None:
    acts = ("ok", "bad", "forged", "raise")
    scene = Scene(tmp_path, dict(zip(NAMES, acts, strict=True)))
    run(scene, anonymous=False)
    named = {row["group"]: row for row in read_table(scene.out / "grades.csv")}
    assert run(scene).worked_on == 0
    for file in PASSED_ON:
        text = (scene.out / file).read_text(encoding="utf-8").casefold()
        assert not [name for name in NAMES if name.casefold() in text], file
        assert "groups/" not in text
    key = {row["number"]: row["group"] for row in read_table(scene.out / "names.csv")}
    assert sorted(key.values()) == sorted(NAMES)
    rows = read_table(scene.out / "grades.csv")
    assert [row["group"] for row in rows] == [f"Number 00{number}" for number in range(1, 5)]
    for row in rows:
        assert [row[cell] for cell in ("status", "score", "Q1 shape")] == [
            named[key[row["group"]]][cell] for cell in ("status", "score", "Q1 shape")
        ]
    run(scene, anonymous=False)
    assert [row["group"] for row in read_table(scene.out / "grades.csv")] == list(NAMES)


def test_a_number_stays_with_its_group_though_others_come_and_the_key_is_taken(tmp_path: Path) -> None:
    first = assign_numbers(tmp_path, NAMES)
    assert sorted(first.values()) == [f"Number 00{number}" for number in range(1, 5)]
    (tmp_path / "names.csv").unlink()
    more = assign_numbers(tmp_path, ["Abel", *NAMES[:2]])
    assert more == {"Abel": "Number 005", **{name: first[name] for name in NAMES[:2]}}
    assert len(read_table(tmp_path / "names.csv")) == 3


def test_a_key_that_is_somebody_s_own_or_has_remarks_is_not_written_over(tmp_path: Path) -> None:
    key = tmp_path / "names.csv"
    key.write_bytes(b"mine")
    with pytest.raises(TakenError, match=r"names\.csv"):
        assign_numbers(tmp_path, NAMES)
    assert key.read_bytes() == b"mine"
    key.unlink()
    assign_numbers(tmp_path, NAMES[:3])
    assign_numbers(tmp_path, NAMES)
    key.write_bytes(key.read_bytes() + b"with a remark")
    with pytest.raises(TakenError):
        assign_numbers(tmp_path, NAMES)
    assert key.read_bytes().endswith(b"with a remark")


def test_numbers_are_the_same_after_the_hidden_file_was_deleted(tmp_path: Path) -> None:
    """With a new salt, four groups and two that come later would hardly get the same numbers: 1 in 24."""
    names = (*NAMES, "=Abel", "Ab, el")
    for number in map(str, range(6)):
        (tmp_path / number).mkdir()
        first = assign_numbers(tmp_path / number, names)
        (tmp_path / number / ".numbers.json").unlink()
        assert assign_numbers(tmp_path / number, ["Cauchy", *names]) == {**first, "Cauchy": "Number 007"}


@pytest.mark.parametrize("key", [None, b"number,group\nNumber 001,Euler\nNumber 001,Noether\n", b"\xff"])
def test_without_a_key_numbers_in_tables_are_not_given_to_others(tmp_path: Path, key: bytes | None) -> None:
    assign_numbers(tmp_path, NAMES)
    (tmp_path / ".numbers.json").write_text("{")
    (tmp_path / "names.csv").unlink()
    if key is not None:
        (tmp_path / "names.csv").write_bytes(key)
    (tmp_path / "grades.csv").write_text("group,status\nNumber 001,done\n", encoding="utf-8")
    with pytest.raises(NumbersLostError, match=r"\.numbers\.json and names\.csv"):
        assign_numbers(tmp_path, NAMES)
    # What names nobody by a number is no reason.
    (tmp_path / "names.csv").unlink(missing_ok=True)
    (tmp_path / "grades.csv").write_text("group,status\nEuler,done\n", encoding="utf-8")
    assert len(assign_numbers(tmp_path, NAMES)) == len(NAMES)


def test_the_order_is_nobody_s(tmp_path: Path) -> None:
    """Of 20 classes of four, by their own salts, hardly all are in one order: 24 to the power of -19."""
    orders = set()
    for number in range(20):
        (tmp_path / str(number)).mkdir()
        orders.add(tuple(assign_numbers(tmp_path / str(number), NAMES).values()))
    assert len(orders) > 1


@pytest.mark.parametrize("count", [24, 1002])
def test_all_lists_are_in_the_order_of_the_numbers(tmp_path: Path, count: int) -> None:
    """2 before 10, and 999 before 1000; the order of the class, which tells whose a number is, is another."""
    labels = assign_numbers(tmp_path, [f"Group {n}" for n in range(count)])
    (tmp_path / "mine.toml").write_text(BY_HAND, encoding="utf-8")
    items = list_manual([load_rubric(tmp_path / "mine.toml")])
    (tmp_path / "manual.csv").write_bytes(write_template(Naming(labels, labels), items))
    rows = [GroupResult(Group(name, None, name), Outcome(), None, {}, "", "") for name in labels]

    asked = [row["group"] for row in read_table(tmp_path / "manual.csv")]

    numbers = [f"Number {n:03d}" for n in range(1, count + 1)]
    assert asked == [number for number in numbers for _ in range(2)]
    assert [row["number"] for row in read_table(tmp_path / "names.csv")] == numbers
    assert [row.group.name for row in hide_names(rows, labels)] == numbers


def test_a_number_that_is_a_name_is_given_to_nobody(tmp_path: Path) -> None:
    labels = assign_numbers(tmp_path, ["number-001", "Euler"])
    assert sorted(labels.values()) == ["Number 002", "Number 003"]


def test_texts_that_may_name_somebody_are_left_out() -> None:
    said = "nothing differs; 1 could not be recomputed: weights of Ann"
    outcome = Outcome(
        score="1", points="2", verification=said, verified=True, hold="1 part could not be recomputed: Ann",
        notes=("Of several reports ann.pdf was graded, and not b.pdf.", "1 of 1 points, 1 not graded yet"),
        undecided="1 of 1 points, 1 not graded yet", traits=Traits((Author("Ann"),)),
    )  # fmt: skip
    row = GroupResult(Group("Ann", None, "ann"), outcome, None, {}, "e", "r")
    (hidden,) = hide_names([row], {"Ann": "Number 001"})
    assert "ann" not in repr(replace(hidden, costs=None)).casefold()
    assert hidden.notes == (
        "1 of 1 points, 1 not graded yet", "Notes left out, which may name files or people: 1.",
    )  # fmt: skip
    assert hidden.outcome.hold == "1 part could not be recomputed"
    failed = replace(row, outcome=Outcome("data", "ann.pdf: is no PDF"))
    assert "ann" not in repr(hide_names([failed], {"Ann": "Number 001"})).casefold()


@pytest.mark.long
@pytest.mark.slow
def test_points_are_given_to_numbers_and_reach_the_groups(tmp_path: Path) -> None:
    scene = GradedClass(tmp_path, "Euler", "Gauß")
    scene.run(anonymous=True)
    rows = read_table(scene.out / "manual.csv")
    assert [row["group"] for row in rows] == ["Number 001"] * 2 + ["Number 002"] * 2
    key = {row["number"]: row["group"] for row in read_table(scene.out / "names.csv")}
    mine = tmp_path / "mine.csv"
    mine.write_text("group,criterion,points\nNumber 002,Outlook,2.5\n", encoding="utf-8")
    scene.run(manual=mine)
    reached = {row["group"]: row["Outlook"] for row in read_table(scene.out / "grades.csv")}
    assert reached[key["Number 002"]] == "2.5"
    assert reached[key["Number 001"]] == "0"
    shutil.rmtree(scene.out)
