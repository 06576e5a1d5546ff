"""What a teacher puts into a batch's folder, or changes in it, outlives the next batches."""

from __future__ import annotations

from pathlib import Path

import pytest
from class_scene import Scene

from reportgen.batch.progress_view import SilentView
from reportgen.batch.publication import OutputFolderError


class Hearing(SilentView):
    def __init__(self) -> None:
        self.said: list[str] = []

    def say(self, message: str) -> None:
        self.said.append(message)


@pytest.mark.long
@pytest.mark.parametrize("then", ["ok again", "bad"])
def test_notes_in_a_group_s_folder_outlive_its_next_attempts(tmp_path: Path, then: str) -> None:
    scene = Scene(tmp_path, {"A": "ok"})
    scene.run()
    group = scene.out / "groups/a"
    mine = {"notes.txt": b"late by a day", "build/figures/mine.png": b"mine", "talk/slides.txt": b"1"}
    for name, data in mine.items():
        (group / name).parent.mkdir(parents=True, exist_ok=True)
        (group / name).write_bytes(data)
    for act in (then, "ok", "ok once more"):
        scene.set_act("A", act)
        scene.run()
        assert {name: (group / name).read_bytes() for name in mine} == mine, act
    assert not (group / "kept").exists(), "what stays where it was is not kept twice"


def test_a_file_of_a_group_that_was_changed_by_hand_is_kept_and_told(tmp_path: Path) -> None:
    scene = Scene(tmp_path, {"A": "ok"})
    scene.run()
    page = scene.out / "groups/a/build/report.html"
    made = page.read_bytes()
    page.write_bytes(b"with my remarks")
    view = Hearing()
    scene.run(view=view)
    assert page.read_bytes() == made
    assert (scene.out / "groups/a/kept/build/report.html").read_bytes() == b"with my remarks"
    (line,) = view.said
    assert "report.html was changed by hand" in line


@pytest.mark.long
@pytest.mark.parametrize("name", ["grades.csv", "overview.html"])
def test_a_table_that_was_changed_by_hand_is_kept_and_told(tmp_path: Path, name: str) -> None:
    scene = Scene(tmp_path, {"A": "ok"})
    scene.run()
    table = scene.out / name
    made = table.read_bytes()
    table.write_bytes(b"with my remarks")
    view = Hearing()
    scene.run(view=view)
    assert table.read_bytes() == made
    assert table.with_name(f"{table.stem}-edited-1{table.suffix}").read_bytes() == b"with my remarks"
    assert len(view.said) == 1
    scene.run(view=view)
    assert len(view.said) == 1


@pytest.mark.parametrize("name", [".batch", "grades.csv", ".git/config"])
def test_a_folder_of_somebody_s_is_no_output(tmp_path: Path, name: str) -> None:
    scene = Scene(tmp_path, {"A": "ok"})
    (scene.out / name).parent.mkdir(parents=True)
    (scene.out / name).write_bytes(b"mine")
    with pytest.raises(OutputFolderError, match=name.split("/")[0]):
        scene.run()
    assert [path for path in scene.out.rglob("*") if path.is_file()] == [scene.out / name]


def test_a_folder_with_nothing_but_a_gitignore_is_an_output(tmp_path: Path) -> None:
    scene = Scene(tmp_path, {"A": "ok"})
    scene.out.mkdir()
    (scene.out / ".gitignore").write_bytes(b"*")
    assert not scene.run().failed
