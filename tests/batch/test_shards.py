"""A class in parts, each with a process of its own on a shared folder; the oracle is one run of the whole."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from class_scene import COMMAND, Scene, files_of, reasons
from graded_class import COMMAND as QUICK
from graded_class import GradedClass, read_table

from reportgen.batch.attempt import LocalRunner
from reportgen.batch.progress_view import SilentView
from reportgen.batch.run import Options, Report, run_shard
from reportgen.batch.shards import Shard, parse_shard
from reportgen.errors import UserError


def run_part(scene: Scene, number: int, count: int, out: Path) -> tuple[Report, list[str]]:
    options = Options(command=COMMAND)
    return run_shard(scene.chosen, out, LocalRunner(2), SilentView(), options, Shard(number, count))


@pytest.mark.parametrize("count", [1, 2, 3, 7])
def test_each_group_is_in_one_part_and_parts_are_even(count: int) -> None:
    for size in (0, 1, 5, 24):
        parts = [Shard(number, count).choose(range(size)) for number in range(1, count + 1)]
        assert sorted(group for part in parts for group in part) == list(range(size))
        assert max(map(len, parts)) - min(map(len, parts)) <= 1


@pytest.mark.parametrize("text", ["", "1", "0/2", "3/2", "1/0", "-1/2", "1/2/3", "a/b", "1/1001", "1 / 2"])
def test_what_is_no_part_is_refused(text: str) -> None:
    with pytest.raises(UserError, match="NUMBER/PARTS"):
        parse_shard(text)


@pytest.mark.slow
def test_parts_make_what_one_run_makes_though_one_of_them_dies(tmp_path: Path) -> None:
    """Two parts end, the third is stopped after its first group, and somebody else puts all together."""
    acts = {"A": "ok", "B": "bad", "C": "forged", "D": "ok", "E": "raise", "F": "ok"}
    scene = Scene(tmp_path, acts)
    here, shared = tmp_path / "here", tmp_path / "shared"
    scene.run(out=here)
    before = {name: scene.calls(name) for name in acts}
    first, left = run_part(scene, 1, 3, shared)
    assert ([row.group.name for row in first.rows], left) == (["A", "D"], ["2/3", "3/3"])
    assert not (shared / "grades.csv").exists()
    # Again: what it did is kept.
    assert run_part(scene, 1, 3, shared)[0].worked_on == 0
    second, left = run_part(scene, 2, 3, shared)
    assert ([row.group.name for row in second.rows], left) == (["B", "E"], ["3/3"])

    class Dying(LocalRunner):
        def run(self, jobs, on_message):  # type: ignore[no-untyped-def]
            for attempt in super().run(jobs[:1], on_message):
                yield attempt
                raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run_shard(scene.chosen, shared, Dying(1), SilentView(), Options(command=COMMAND), Shard(3, 3))
    whole = scene.run(out=shared)
    assert whole.worked_on == 1  # F, which the third part had not come to
    assert {name: scene.calls(name) - before[name] for name in acts} == dict.fromkeys(acts, 1)
    assert files_of(shared) == files_of(here)
    assert reasons(whole) == {row.group.name: row.outcome.reason for row in scene.run(out=here).rows}
    # The folder of the part that died may be one that is still at work.
    assert [path.name for path in (shared / ".shards").iterdir()] == ["3-of-3"]


@pytest.mark.long
@pytest.mark.slow
def test_what_changed_since_a_part_was_done_is_done_again(tmp_path: Path) -> None:
    scene = GradedClass(tmp_path, "A", "B")
    shared = tmp_path / "shared"
    chosen = replace(scene.scene.chosen, rubrics=(scene.rubric,))
    for number in (1, 2):
        options = Options(command=QUICK)
        _, left = run_shard(chosen, shared, LocalRunner(1), SilentView(), options, Shard(number, 2))
    assert left == []
    (scene.scene.folder("B") / "report.pdf").write_text("%PDF- another", encoding="utf-8")
    assert scene.run(out=shared).worked_on == 1
    assert (scene.count("A"), scene.count("B")) == (1, 2)
    assert len(read_table(shared / "grades.csv")) == 2
    assert not (shared / ".shards").exists()
    # A part looks at what the whole has, and has nothing to do.
    assert run_shard(chosen, shared, LocalRunner(1), SilentView(), options, Shard(1, 2))[0].worked_on == 0
