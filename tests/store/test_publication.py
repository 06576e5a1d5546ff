"""A set of files takes the place of the last one, whatever happens meanwhile."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Mapping
from pathlib import Path

import pytest
from disk import break_disk, contents

from reportgen.store.files import StorageError
from reportgen.store.publication import KEPT, OccupiedError, publish, recover

RECORD = ".record.json"


def renew(folder: Path, files: Mapping[str, bytes | None], spared: tuple[str, ...] = ()) -> list[str]:
    """Publish as a build does: with a record of what is in the folder, which the next set goes by."""
    old = folder / RECORD
    before = (
        {name: sha256 for name, (_, sha256) in json.loads(old.read_bytes())["files"].items()}
        if old.exists()
        else {}
    )
    hashes = {name: before[name] if data is None else sha(data) for name, data in files.items()}
    record = {
        "format": 1,
        "stages": {},
        "files": {name: ["stage", sha256] for name, sha256 in hashes.items()},
    }
    return publish(folder, {**files, RECORD: json.dumps(record).encode()}, before, spared)


def sha(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def report(folder: Path) -> dict[str, bytes]:
    """Everything but the records."""
    return {name: data for name, data in contents(folder).items() if not name.endswith(RECORD)}


def test_a_published_set_replaces_the_last_one(tmp_path: Path) -> None:
    renew(tmp_path, {"report.html": b"1", "report.pdf": b"1", "figures/old.png": b"1", "figures/a.png": b"1"})
    (tmp_path / ".gitignore").write_bytes(b"*")
    renew(tmp_path, {"report.html": b"2", "report.pdf": b"2", "figures/a.png": b"2"})
    assert report(tmp_path) == {
        ".gitignore": b"*",
        "report.html": b"2",
        "report.pdf": b"2",
        "figures/a.png": b"2",
    }


def test_what_an_interrupted_build_left_behind_is_cleared_away(tmp_path: Path) -> None:
    (tmp_path / ".next-abcdefgh").mkdir()
    (tmp_path / ".next-abcdefgh/report.html").write_bytes(b"half")
    renew(tmp_path, {"report.html": b"1"})
    assert sorted(path.name for path in tmp_path.iterdir()) == [RECORD, "report.html"]


@pytest.mark.parametrize(("function", "after"), [("fsync", 0), ("fsync", 2), ("replace", 1)])
def test_a_set_that_cannot_be_written_in_full_leaves_the_last_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, function: str, after: int
) -> None:
    last = {"figures/a.png": b"1", "report.html": b"1", "report.pdf": b"1"}
    renew(tmp_path, last)
    break_disk(monkeypatch, function, after=after)
    with pytest.raises(StorageError, match="No space") as caught:
        renew(tmp_path, dict.fromkeys(last, b"2"))
    assert str(tmp_path) in caught.value.problem
    assert report(tmp_path) == last
    assert not list(tmp_path.glob(".next-*"))


@pytest.mark.parametrize("blocked", ["report.html", "report.pdf"])
def test_a_folder_in_the_way_of_a_file_leaves_the_last_set(tmp_path: Path, blocked: str) -> None:
    names = ["arrays/x.npz", "figures/a.png", "head.h5", "report.html", "report.pdf"]
    last = {name: b"1" for name in names if name != blocked}
    renew(tmp_path, last)
    (tmp_path / blocked / "in the way").mkdir(parents=True)
    with pytest.raises(OccupiedError, match=blocked):
        renew(tmp_path, dict.fromkeys(["added/new.txt", "added.txt", *names], b"2"))
    assert report(tmp_path) == last
    assert (tmp_path / blocked / "in the way").is_dir()
    assert not list(tmp_path.glob(".next-*"))


def test_a_set_that_is_stopped_while_it_moves_leaves_the_last_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    last = {"figures/a.png": b"1", "report.html": b"1"}
    renew(tmp_path, last)
    real = Path.replace

    def stopped(self: Path, target: Path) -> Path:
        if Path(target) == tmp_path / "report.html":
            raise KeyboardInterrupt
        return real(self, target)

    monkeypatch.setattr(Path, "replace", stopped)
    with pytest.raises(KeyboardInterrupt):
        renew(tmp_path, dict.fromkeys(last, b"2"))
    assert report(tmp_path) == last


def test_a_build_folder_that_is_a_file_is_named(tmp_path: Path) -> None:
    (tmp_path / "build").write_bytes(b"mine")
    with pytest.raises(StorageError, match=str(tmp_path / "build")) as caught:
        renew(tmp_path / "build", {"a": b""})
    assert caught.value.remedy
    assert (tmp_path / "build").read_bytes() == b"mine"


def test_a_file_that_is_spared_goes_to_previous(tmp_path: Path) -> None:
    renew(tmp_path, {"report.pdf": b"older", "report.html": b"1"})
    renew(tmp_path, {"report.html": b"2"}, spared=("report.pdf",))
    assert report(tmp_path) == {"previous/report.pdf": b"older", "report.html": b"2"}
    renew(tmp_path, {"report.pdf": b"old", "report.html": b"3"})
    renew(tmp_path, {"report.html": b"4"}, spared=("report.pdf",))
    assert report(tmp_path) == {
        "previous/report.pdf": b"older", "previous/report-1.pdf": b"old", "report.html": b"4",
    }  # fmt: skip


def current(folder: Path) -> dict[str, bytes]:
    """The files of the last set, without those of earlier ones."""
    return {name: data for name, data in report(folder).items() if not name.startswith("previous/")}


def test_a_file_without_new_content_stays_as_it_is(tmp_path: Path) -> None:
    renew(tmp_path, {"report.html": b"1", "report.pdf": b"1", "arrays/a.npz": b"1", "arrays/b.npz": b"1"})
    kept = (tmp_path / "report.pdf").stat()
    renew(tmp_path, {"report.html": b"2", "report.pdf": None, "arrays/a.npz": b"2", "arrays/b.npz": None})
    assert report(tmp_path) == {
        "report.html": b"2", "report.pdf": b"1", "arrays/a.npz": b"2", "arrays/b.npz": b"1",
    }  # fmt: skip
    assert (tmp_path / "report.pdf").stat().st_ino == kept.st_ino


def test_a_folder_loses_what_the_new_set_does_not_name(tmp_path: Path) -> None:
    renew(tmp_path, {"figures/a.png": b"1", "figures/b.png": b"1"})
    renew(tmp_path, {"figures/a.png": None, "figures/c.png": b"2"})
    assert report(tmp_path) == {"figures/a.png": b"1", "figures/c.png": b"2"}


def test_replaced_results_stay_with_their_figures(tmp_path: Path) -> None:
    renew(tmp_path, {"results.json": b"1", "figures/a.png": b"1", "report.html": b"1"})
    renew(tmp_path, {"results.json": b"2", "figures/a.png": b"2", "report.html": b"2"})
    renew(tmp_path, {"results.json": b"3", "figures/a.png": None, "report.html": b"3"})
    assert report(tmp_path / "previous") == {
        "1/results.json": b"1", "1/figures/a.png": b"1", "2/results.json": b"2", "2/figures/a.png": b"2",
    }  # fmt: skip
    assert current(tmp_path) == {"results.json": b"3", "figures/a.png": b"2", "report.html": b"3"}


def test_results_that_stay_are_no_earlier_ones(tmp_path: Path) -> None:
    renew(tmp_path, {"results.json": b"1", "report.html": b"1"})
    renew(tmp_path, {"results.json": None, "report.html": b"2"})
    assert not (tmp_path / "previous").exists()


def test_only_the_last_few_results_stay(tmp_path: Path) -> None:
    for number in range(1, KEPT + 4):
        renew(tmp_path, {"results.json": b"%d" % number})
    assert sorted(int(path.name) for path in (tmp_path / "previous").iterdir()) == list(range(3, KEPT + 3))
    assert (tmp_path / "previous" / str(KEPT + 2) / "results.json").read_bytes() == b"%d" % (KEPT + 2)


@pytest.mark.parametrize("moved", [0, 1, 2, 3])
def test_a_set_that_was_ready_when_its_build_died_is_moved_by_the_next(tmp_path: Path, moved: int) -> None:
    last = {"figures/a.png": b"1", "report.html": b"1", "results.json": b"1"}
    renew(tmp_path, last)
    ready = tmp_path / ".ready-abcdefgh"
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
    assert report(tmp_path / "previous") == {"1/figures/a.png": b"1", "1/results.json": b"1"}
    assert not list(tmp_path.glob(".ready-*"))


def test_a_set_that_was_not_ready_is_forgotten(tmp_path: Path) -> None:
    renew(tmp_path, {"report.html": b"1"})
    (tmp_path / ".next-abcdefgh/new").mkdir(parents=True)
    (tmp_path / ".next-abcdefgh/new/report.html").write_bytes(b"2")
    recover(tmp_path)
    assert report(tmp_path) == {"report.html": b"1"}
    assert sorted(path.name for path in tmp_path.iterdir()) == [RECORD, "report.html"]


def test_results_kept_by_a_build_that_died_afterwards_are_not_kept_twice(tmp_path: Path) -> None:
    renew(tmp_path, {"results.json": b"1"})
    renew(tmp_path, {"results.json": b"2"})
    (tmp_path / ".ready-abcdefgh/old").mkdir(parents=True)
    (tmp_path / ".ready-abcdefgh/old/results.json").write_bytes(b"1")
    recover(tmp_path)
    assert report(tmp_path) == {"results.json": b"2", "previous/1/results.json": b"1"}


MINE = {
    "notes.txt": b"my notes",
    "figures/mine.png": b"my picture",
    "arrays/deep/er/exp.npy": b"my array",
    "previous/7/thoughts.txt": b"my thoughts",
}


def put(folder: Path, files: dict[str, bytes]) -> None:
    for name, data in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(data)


def test_what_the_record_does_not_list_outlives_every_set(tmp_path: Path) -> None:
    renew(tmp_path, {"figures/a.png": b"0", "results.json": b"0"})
    put(tmp_path, MINE)
    for number in range(1, KEPT + 3):
        renew(tmp_path, {f"figures/{number}.png": b"%d" % number, "results.json": b"%d" % number})
    now = report(tmp_path)
    assert {name: now[name] for name in MINE} == MINE
    assert [name for name in now if name.startswith("figures/")] == [
        f"figures/{KEPT + 2}.png", "figures/mine.png",
    ]  # fmt: skip


@pytest.mark.parametrize("name", ["report.pdf", "figures/a.png"])
def test_a_file_of_the_user_is_never_overwritten(tmp_path: Path, name: str) -> None:
    renew(tmp_path, {"results.json": b"1"})
    put(tmp_path, {name: b"mine"})
    before = contents(tmp_path)
    with pytest.raises(OccupiedError, match=name):
        renew(tmp_path, {"results.json": b"2", name: b"2"})
    assert contents(tmp_path) == before


def test_a_file_that_is_as_it_would_be_written_is_in_nobody_s_way(tmp_path: Path) -> None:
    renew(tmp_path, {"results.json": b"1"})
    put(tmp_path, {"report.pdf": b"2"})
    assert renew(tmp_path, {"results.json": b"2", "report.pdf": b"2"}) == []
    assert current(tmp_path)["report.pdf"] == b"2"


@pytest.mark.parametrize("name", ["figures", "previous"])
def test_a_file_in_the_place_of_a_folder_is_named(tmp_path: Path, name: str) -> None:
    renew(tmp_path, {"results.json": b"1"})
    put(tmp_path, {name: b"mine"})
    before = contents(tmp_path)
    with pytest.raises(OccupiedError, match=name):
        renew(tmp_path, {"results.json": b"2", "figures/a.png": b"2"})
    assert contents(tmp_path) == before


def test_a_file_changed_by_hand_is_set_aside_and_told(tmp_path: Path) -> None:
    renew(tmp_path, {"report.html": b"1", "figures/a.png": b"1"})
    for hand in (b"mine", b"mine again"):
        put(tmp_path, {"report.html": hand})
        (line,) = renew(tmp_path, {"report.html": b"2", "figures/a.png": None})
        assert "report.html" in line
        assert "previous/edited-" in line
    assert report(tmp_path) == {
        "report.html": b"2", "figures/a.png": b"1",
        "previous/edited-1/report.html": b"mine", "previous/edited-2/report.html": b"mine again",
    }  # fmt: skip


def test_a_file_changed_by_hand_that_the_new_set_lacks_stays(tmp_path: Path) -> None:
    renew(tmp_path, {"figures/a.png": b"1", "figures/b.png": b"1"})
    put(tmp_path, {"figures/a.png": b"mine"})
    renew(tmp_path, {"figures/c.png": b"2"})
    assert report(tmp_path) == {"figures/a.png": b"mine", "figures/c.png": b"2"}


def test_a_link_in_the_place_of_a_file_is_not_written_through(tmp_path: Path) -> None:
    folder = tmp_path / "build"
    renew(folder, {"report.html": b"1"})
    put(tmp_path, {"mine.html": b"1"})
    (folder / "report.html").unlink()
    (folder / "report.html").symlink_to(tmp_path / "mine.html")
    renew(folder, {"report.html": b"2"})
    assert (tmp_path / "mine.html").read_bytes() == b"1"
    assert (folder / "report.html").read_bytes() == b"2"
    assert (folder / "previous/edited-1/report.html").is_symlink()


def test_two_names_of_one_file_are_one_where_capitals_do_not_count(tmp_path: Path) -> None:
    renew(tmp_path, {"figures/cat.png": b"1"})
    # As on a file system without capitals, the file is there under both names.
    (tmp_path / "figures/Cat.png").hardlink_to(tmp_path / "figures/cat.png")
    renew(tmp_path, {"figures/Cat.png": b"2"})
    assert report(tmp_path)["figures/Cat.png"] == b"2"


@pytest.mark.long
@pytest.mark.parametrize("function", ["rename", "replace", "link", "fsync", "unlink", "mkdir"])
def test_wherever_the_disk_fails_the_set_is_the_old_or_the_new(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, function: str
) -> None:
    old = {"arrays/x.npz": b"1", "figures/a.png": b"1", "figures/b.png": b"1", "report.html": b"1"}
    new = {"arrays/x.npz": b"2", "figures/b.png": b"2", "added/c.png": b"2", "report.html": b"2"}
    ends = set()
    if function != "fsync":  # which takes long
        monkeypatch.setattr(os, "fsync", lambda _handle: None)
    for after in range(40):
        folder = tmp_path / str(after)
        renew(folder, {**old})
        put(folder, {**MINE, "figures/b.png": b"by hand"})
        before = contents(folder)
        with monkeypatch.context() as patch:
            break_disk(patch, function, after=after)
            try:
                renew(folder, {**new})
            except StorageError:
                ends.add("failed")
                now = contents(folder)
                if not list(folder.glob(".ready-*")):
                    assert now == before, after
            else:
                ends.add("done")
        recover(folder)
        now = report(folder)
        assert {name: now[name] for name in MINE} == MINE, after
        assert b"by hand" in now.values(), after
        left = {name: now[name] for name in {*old, *new} & now.keys()}
        assert left in (new, {**old, "figures/b.png": b"by hand"}), after
    assert "done" in ends


def test_a_record_that_leads_out_of_the_folder_removes_nothing(tmp_path: Path) -> None:
    put(tmp_path, {"precious.txt": b"mine"})
    folder = tmp_path / "build"
    files = {"../precious.txt": ["html", sha(b"mine")]}
    put(folder, {RECORD: json.dumps({"format": 1, "stages": {}, "files": files}).encode()})
    from reportgen.store.ownership import ForeignFolderError, claim

    with pytest.raises(ForeignFolderError):
        claim(folder, "report")
    assert (tmp_path / "precious.txt").read_bytes() == b"mine"


def test_files_swapped_away_with_a_whole_folder_by_an_older_version_come_back(tmp_path: Path) -> None:
    renew(tmp_path, {"figures/a.png": b"1"})
    put(tmp_path, {"figures/mine.png": b"mine"})
    ready = tmp_path / ".ready-abcdefgh"
    put(ready, {"new/figures/b.png": b"2"})
    (ready / "old").mkdir()
    (tmp_path / RECORD).rename(ready / "old" / RECORD)
    put(tmp_path, {RECORD: b"{}"})
    (tmp_path / "figures").rename(ready / "old/figures")
    recover(tmp_path)
    assert report(tmp_path) == {"figures/b.png": b"2", "figures/mine.png": b"mine"}
