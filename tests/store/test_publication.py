"""A set of files takes the place of the last one, whatever happens meanwhile."""

from __future__ import annotations

from pathlib import Path

import pytest
from disk import break_disk, contents

from reportgen.store.files import StorageError
from reportgen.store.publication import KEPT, publish, recover, set_aside


def test_a_published_set_replaces_the_last_one(tmp_path: Path) -> None:
    publish(
        tmp_path, {"report.html": b"1", "report.pdf": b"1", "figures/old.png": b"1", "figures/a.png": b"1"}
    )
    (tmp_path / ".gitignore").write_bytes(b"*")
    publish(tmp_path, {"report.html": b"2", "report.pdf": b"2", "figures/a.png": b"2"})
    assert contents(tmp_path) == {
        ".gitignore": b"*",
        "report.html": b"2",
        "report.pdf": b"2",
        "figures/a.png": b"2",
    }


def test_what_an_interrupted_build_left_behind_is_cleared_away(tmp_path: Path) -> None:
    (tmp_path / ".next-abc").mkdir()
    (tmp_path / ".next-abc/report.html").write_bytes(b"half")
    publish(tmp_path, {"report.html": b"1"})
    assert [path.name for path in tmp_path.iterdir()] == ["report.html"]


@pytest.mark.parametrize(("function", "after"), [("fsync", 0), ("fsync", 2), ("replace", 1)])
def test_a_set_that_cannot_be_written_in_full_leaves_the_last_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, function: str, after: int
) -> None:
    last = {"figures/a.png": b"1", "report.html": b"1", "report.pdf": b"1"}
    publish(tmp_path, last)
    break_disk(monkeypatch, function, after=after)
    with pytest.raises(StorageError, match="No space") as caught:
        publish(tmp_path, dict.fromkeys(last, b"2"))
    assert str(tmp_path) in caught.value.problem
    assert contents(tmp_path) == last
    assert not list(tmp_path.glob(".next-*"))


@pytest.mark.parametrize("blocked", ["report.html", "report.pdf"])
def test_a_set_that_cannot_be_moved_in_full_leaves_the_last_one(tmp_path: Path, blocked: str) -> None:
    names = ["arrays/x.npz", "figures/a.png", "head.h5", "report.html", "report.pdf"]
    last = {name: b"1" for name in names if name != blocked}
    publish(tmp_path, last)
    (tmp_path / blocked / "in the way").mkdir(parents=True)
    with pytest.raises(StorageError, match=blocked):
        publish(tmp_path, dict.fromkeys(["added/new.txt", "added.txt", *names], b"2"))
    assert contents(tmp_path) == last
    assert (tmp_path / blocked / "in the way").is_dir()
    assert not list(tmp_path.glob(".next-*"))


def test_a_set_that_is_stopped_while_it_moves_leaves_the_last_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    last = {"figures/a.png": b"1", "report.html": b"1"}
    publish(tmp_path, last)
    real = Path.replace

    def stopped(self: Path, target: Path) -> Path:
        if Path(target) == tmp_path / "report.html":
            raise KeyboardInterrupt
        return real(self, target)

    monkeypatch.setattr(Path, "replace", stopped)
    with pytest.raises(KeyboardInterrupt):
        publish(tmp_path, dict.fromkeys(last, b"2"))
    assert contents(tmp_path) == last


def test_a_build_folder_that_is_a_file_is_named(tmp_path: Path) -> None:
    (tmp_path / "build").write_bytes(b"mine")
    with pytest.raises(StorageError, match=str(tmp_path / "build")) as caught:
        publish(tmp_path / "build", {"a": b""})
    assert caught.value.remedy
    assert (tmp_path / "build").read_bytes() == b"mine"


def test_a_file_set_aside_is_found_in_previous(tmp_path: Path) -> None:
    publish(tmp_path, {"report.pdf": b"old", "previous/report.pdf": b"older", "report.html": b"new"})
    assert set_aside(tmp_path, "report.pdf") == tmp_path / "previous/report.pdf"
    assert contents(tmp_path) == {"previous/report.pdf": b"old", "report.html": b"new"}


def test_nothing_is_set_aside_where_there_is_nothing(tmp_path: Path) -> None:
    assert set_aside(tmp_path, "report.pdf") is None
    assert list(tmp_path.iterdir()) == []


def current(folder: Path) -> dict[str, bytes]:
    """The files of the last set, without those of earlier ones."""
    return {name: data for name, data in contents(folder).items() if not name.startswith("previous/")}


def test_a_file_without_new_content_stays_as_it_is(tmp_path: Path) -> None:
    publish(tmp_path, {"report.html": b"1", "report.pdf": b"1", "arrays/a.npz": b"1", "arrays/b.npz": b"1"})
    kept = (tmp_path / "report.pdf").stat()
    publish(tmp_path, {"report.html": b"2", "report.pdf": None, "arrays/a.npz": b"2", "arrays/b.npz": None})
    assert contents(tmp_path) == {
        "report.html": b"2", "report.pdf": b"1", "arrays/a.npz": b"2", "arrays/b.npz": b"1",
    }  # fmt: skip
    assert (tmp_path / "report.pdf").stat().st_ino == kept.st_ino


def test_a_folder_loses_what_the_new_set_does_not_name(tmp_path: Path) -> None:
    publish(tmp_path, {"figures/a.png": b"1", "figures/b.png": b"1"})
    publish(tmp_path, {"figures/a.png": None, "figures/c.png": b"2"})
    assert contents(tmp_path) == {"figures/a.png": b"1", "figures/c.png": b"2"}


def test_replaced_results_stay_with_their_figures(tmp_path: Path) -> None:
    publish(tmp_path, {"results.json": b"1", "figures/a.png": b"1", "report.html": b"1"})
    publish(tmp_path, {"results.json": b"2", "figures/a.png": b"2", "report.html": b"2"})
    publish(tmp_path, {"results.json": b"3", "figures/a.png": None, "report.html": b"3"})
    assert contents(tmp_path / "previous") == {
        "1/results.json": b"1", "1/figures/a.png": b"1", "2/results.json": b"2", "2/figures/a.png": b"2",
    }  # fmt: skip
    assert current(tmp_path) == {"results.json": b"3", "figures/a.png": b"2", "report.html": b"3"}


def test_results_that_stay_are_no_earlier_ones(tmp_path: Path) -> None:
    publish(tmp_path, {"results.json": b"1", "report.html": b"1"})
    publish(tmp_path, {"results.json": None, "report.html": b"2"})
    assert not (tmp_path / "previous").exists()


def test_only_the_last_few_results_stay(tmp_path: Path) -> None:
    for number in range(1, KEPT + 4):
        publish(tmp_path, {"results.json": b"%d" % number})
    assert sorted(int(path.name) for path in (tmp_path / "previous").iterdir()) == list(range(3, KEPT + 3))
    assert (tmp_path / "previous" / str(KEPT + 2) / "results.json").read_bytes() == b"%d" % (KEPT + 2)


@pytest.mark.parametrize("moved", [0, 1, 2, 3])
def test_a_set_that_was_ready_when_its_build_died_is_moved_by_the_next(tmp_path: Path, moved: int) -> None:
    last = {"figures/a.png": b"1", "report.html": b"1", "results.json": b"1"}
    publish(tmp_path, last)
    ready = tmp_path / ".ready-abc"
    (ready / "new/figures").mkdir(parents=True)
    (ready / "old").mkdir()
    (ready / "previous/figures").mkdir(parents=True)
    for name in last:
        (ready / "new" / name).write_bytes(b"2")
    for name in ("figures/a.png", "results.json"):
        (ready / "previous" / name).hardlink_to(tmp_path / name)
    for name in sorted({name.split("/")[0] for name in last})[:moved]:
        (tmp_path / name).rename(ready / "old" / name)
        (ready / "new" / name).rename(tmp_path / name)
    recover(tmp_path)
    assert current(tmp_path) == dict.fromkeys(last, b"2")
    assert contents(tmp_path / "previous") == {"1/figures/a.png": b"1", "1/results.json": b"1"}
    assert not list(tmp_path.glob(".ready-*"))


def test_a_set_that_was_not_ready_is_forgotten(tmp_path: Path) -> None:
    publish(tmp_path, {"report.html": b"1"})
    (tmp_path / ".next-abc/new").mkdir(parents=True)
    (tmp_path / ".next-abc/new/report.html").write_bytes(b"2")
    recover(tmp_path)
    assert contents(tmp_path) == {"report.html": b"1"}
    assert [path.name for path in tmp_path.iterdir()] == ["report.html"]


def test_results_kept_by_a_build_that_died_afterwards_are_not_kept_twice(tmp_path: Path) -> None:
    publish(tmp_path, {"results.json": b"1"})
    publish(tmp_path, {"results.json": b"2"})
    (tmp_path / ".ready-abc/old").mkdir(parents=True)
    (tmp_path / ".ready-abc/old/results.json").write_bytes(b"1")
    recover(tmp_path)
    assert contents(tmp_path) == {"results.json": b"2", "previous/1/results.json": b"1"}
