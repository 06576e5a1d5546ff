"""Another rubric grades what was recomputed before; whatever else changes is recomputed."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from class_scene import files_of
from graded_class import SIZE, GradedClass, scores

from reportgen.batch.outcome import find_finished, write_outcome
from reportgen.batch.tables import compare_criterion
from reportgen.errors import UserError

pytestmark = pytest.mark.slow

ROW = SIZE.replace("expected = 512", "range = [1, 100000]")


@pytest.mark.long
def test_a_changed_row_is_graded_again_without_a_recomputation(tmp_path: Path) -> None:
    scene = GradedClass(tmp_path, "A", "B", rubric=ROW)
    scene.run()
    assert scores(scene.out) == {"A": "6", "B": "6"}
    scene.rubric.write_text(ROW.replace("points = 6", "points = 7.5"), encoding="utf-8")
    report = scene.run()
    assert scores(scene.out) == {"A": "7.5", "B": "7.5"}
    assert report.worked_on == 2
    assert [scene.count(name) for name in "AB"] == [1, 1]
    assert [scene.count(name, "calls") for name in "AB"] == [2, 2], "graded in a process of its own"
    outcome = report.rows[0].outcome
    assert (outcome.verification, outcome.verified, outcome.traits.words) == ("confirmed", True, {"a": "1"})
    # To the byte what a class gets that has never been graded otherwise.
    scene.run(out=tmp_path / "fresh")
    assert files_of(scene.out) == files_of(tmp_path / "fresh")
    assert [scene.count(name) for name in "AB"] == [2, 2], "the other folder has nothing to reuse"
    # And again on top of what was reused.
    scene.rubric.write_text(ROW, encoding="utf-8")
    scene.run()
    assert (scores(scene.out)["A"], scene.count("A")) == ("6", 2)


@pytest.mark.long
def test_a_criterion_is_shown_before_and_after(tmp_path: Path) -> None:
    scene = GradedClass(tmp_path, "A", "Long name", rubric=ROW)
    first = scene.run()
    assert first.before == {}
    scene.rubric.write_text(ROW.replace("points = 6", "points = 7.5"), encoding="utf-8")
    report = scene.run()
    lines = compare_criterion("Size", report.rows, report.before)
    assert [line.split() for line in lines] == [
        ["group", "before", "now", "of"],
        ["A", "6", "7.5", "7.5"],
        ["Long", "name", "6", "7.5", "7.5"],
    ]  # fmt: skip
    assert len({len(line) for line in lines}) == 1
    assert compare_criterion("Size", first.rows, first.before)[1].split() == ["A", "–", "6", "6"]
    with pytest.raises(UserError, match="Sise") as caught:
        compare_criterion("Sise", report.rows, report.before)
    assert caught.value.remedy == "Did you mean 'Size'?"


@pytest.mark.long
@pytest.mark.parametrize("harm", ["report", "build", "seal", "old"])
def test_what_is_not_as_it_was_is_recomputed(tmp_path: Path, harm: str) -> None:
    scene = GradedClass(tmp_path, "A", rubric=ROW)
    scene.run()
    folder = scene.out / "groups/a"
    if harm == "report":
        (scene.scene.folder("A") / "more.txt").write_text("new")
    elif harm == "build":
        (folder / "build/results.json").write_text("{}")
    elif harm == "seal":
        sealed = json.loads((folder / "outcome.json").read_text())
        (folder / "outcome.json").write_text(json.dumps({**sealed, "examined": "0" * 64}))
    else:
        # As earlier versions wrote it, whose folders are taken all the same.
        finished = find_finished(folder)
        assert finished is not None
        write_outcome(folder, *finished)
        assert scene.run().worked_on == 0
    scene.rubric.write_text(ROW.replace("points = 6", "points = 3"), encoding="utf-8")
    scene.run()
    assert (scores(scene.out)["A"], scene.count("A")) == ("3", 2)
