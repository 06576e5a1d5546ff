"""Points by hand in a class: the table to fill in, mistakes named by line, and nothing typed ever lost."""

from __future__ import annotations

from pathlib import Path

import pytest
from class_scene import files_of
from graded_class import BY_HAND, SIZE, GradedClass, read_table, scores

from reportgen.batch.class_file import ClassError, read_class

pytestmark = pytest.mark.slow


def fill(file: Path, source: Path, points: dict[tuple[str, str], str]) -> None:
    """Type points into a table, as a person with a spreadsheet that likes semicolons."""
    rows = read_table(source)
    lines = [";".join(rows[0])]
    for row in rows:
        row["points"] = points.get((row["group"], row["criterion"]), "")
        lines.append(";".join(row.values()))
    file.write_text("\n".join(lines), encoding="utf-8")


@pytest.mark.long
def test_points_are_typed_once_and_count_without_a_recomputation(tmp_path: Path) -> None:
    scene = GradedClass(tmp_path, "Ä", "B")
    scene.run()
    rows = read_table(scene.out / "manual.csv")
    assert [list(row.values()) for row in rows] == [
        [name, *cells, "", ""]
        for name in ("Ä", "B")
        for cells in (
            ("'=Discussion", "Are the limits named?", "4"),
            ("Outlook", "Is there one?", "2.5"),
        )
    ]
    size = int(float(scores(scene.out)["B"]))
    assert size in (0, 6)
    mine = tmp_path / "mine.csv"
    fill(mine, scene.out / "manual.csv", {("Ä", "'=Discussion"): "3,5", ("B", "Outlook"): "2.5"})
    report = scene.run(manual=mine)
    assert scores(scene.out) == {"Ä": f"{size + 3.5:g}", "B": f"{size + 2.5:g}"}
    assert report.worked_on == 2
    assert [scene.count(name) for name in "ÄB"] == [1, 1], "nothing was recomputed"
    assert "4 not graded yet" in read_table(scene.out / "grades.csv")[1]["notes"]
    # What does not change anything is no change: another spelling of the same number.
    mine.write_text(mine.read_text(encoding="utf-8").replace("3,5", "3.50"), encoding="utf-8")
    assert scene.run(manual=mine).worked_on == 0
    fill(mine, mine_of(mine), {("Ä", "'=Discussion"): "4", ("B", "Outlook"): "2.5"})
    assert scene.run(manual=mine).worked_on == 1
    # Whoever has the points at once gets the same files, to the byte.
    scene.run(out=tmp_path / "fresh", manual=mine)
    assert files_of(scene.out, ["manual.csv"]) == files_of(tmp_path / "fresh", ["manual.csv"])


def mine_of(file: Path) -> Path:
    """The same table with commas, as :func:`fill` reads it."""
    copy = file.with_name("commas.csv")
    copy.write_text(file.read_text(encoding="utf-8").replace("3.50", "").replace(";", ","), encoding="utf-8")
    return copy


@pytest.mark.long
def test_what_was_typed_is_never_written_over(tmp_path: Path) -> None:
    scene = GradedClass(tmp_path, "A")
    scene.run()
    own = scene.out / "manual.csv"
    scene.scene.acts["B"] = "ok"
    scene.scene.set_act("B", "ok")
    scene.run()
    assert [row["group"] for row in read_table(own)] == ["A", "A", "B", "B"], "unfilled: written again"
    fill(own, own, {("A", "Outlook"): "1"})
    typed = own.read_bytes()
    scene.scene.acts["C"] = "ok"
    scene.scene.set_act("C", "ok")
    scene.run()
    assert own.read_bytes() == typed
    assert "do not count until class.toml names it" in scene.view.said[0]
    more = read_table(scene.out / "manual-completed.csv")
    assert [(row["group"], row["points"]) for row in more if row["criterion"] == "Outlook"] == [
        ("A", "1"), ("B", ""), ("C", ""),
    ]  # fmt: skip
    fill(scene.out / "manual-completed.csv", scene.out / "manual-completed.csv", {("C", "Outlook"): "2"})
    typed = (scene.out / "manual-completed.csv").read_bytes()
    scene.run()
    assert (scene.out / "manual-completed.csv").read_bytes() == typed
    assert any("move it away" in line for line in scene.view.said)


def test_a_rubric_without_points_by_hand_asks_for_none(tmp_path: Path) -> None:
    scene = GradedClass(tmp_path, "A", rubric=SIZE)
    scene.run()
    assert not (scene.out / "manual.csv").exists()
    assert scene.view.said == []


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("Grup 5,Outlook,1", "line 2: group = 'Grup 5': there is no group of that name; did you mean 'Gr"),
        ("Group 5,Outlok,1", "criterion = 'Outlok': is no manual criterion of the rubric; did you mean"),
        ("group-5,Outlook,3", "line 2 (Group 5, Outlook): points = 3; write a number from 0 to 2.5"),
        ("Group 5,Outlook,-1", "points = -1; write a number from 0 to 2.5"),
        ("Group 5,Outlook,good", "points = good; write a number from 0 to 2.5"),
        ("Group 5,Outlook,1\nGroup 5,Outlook,2", "line 3 (Group 5, Outlook): is that of line 2, too"),
    ],
)  # fmt: skip
def test_every_mistake_is_told_before_any_group(tmp_path: Path, line: str, said: str) -> None:
    scene = GradedClass(tmp_path, "Group 5", rubric=BY_HAND)
    mine = tmp_path / "mine.csv"
    mine.write_text(f"group,criterion,points\n{line}\n", encoding="utf-8")
    with pytest.raises(ClassError) as caught:
        scene.run(manual=mine)
    assert said in caught.value.problem
    assert caught.value.problem.startswith(f"{mine}, line ")
    assert caught.value.remedy
    assert scene.count("Group 5") == 0


def test_points_of_another_rubric_are_refused(tmp_path: Path) -> None:
    scene = GradedClass(tmp_path, "A")
    mine = tmp_path / "mine.csv"
    mine.write_text("group,criterion,maximum,points\nA,Outlook,5,2\n", encoding="utf-8")
    with pytest.raises(ClassError, match=r"maximum = 5, and the rubric says 2\.5"):
        scene.run(manual=mine)


def test_a_table_that_is_not_there_is_told_with_how_to_get_one(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    file = tmp_path / "class.toml"
    file.write_text('manual = "no.csv"\n[[group]]\nname = "A"\nfolder = "a"\n', encoding="utf-8")
    with pytest.raises(
        ClassError, match=r"manual = 'no\.csv': there is no such file; leave the key out once"
    ):
        read_class(file)
    (tmp_path / "no.csv").write_text("")
    assert read_class(file).manual == tmp_path / "no.csv"
