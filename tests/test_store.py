"""What stays on disk when writing succeeds, fails, or happens twice at once."""

from __future__ import annotations

import errno
import hashlib
import io
import os
import subprocess
import sys
import threading
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from reportgen import store
from reportgen.store import FeatureCache, StorageError, pack_arrays, publish, set_aside, write_atomically

IMAGE, OTHER_IMAGE = "a" * 64, "b" * 64


def contents(folder: Path) -> dict[str, bytes]:
    return {str(p.relative_to(folder)): p.read_bytes() for p in sorted(folder.rglob("*")) if p.is_file()}


def break_disk(monkeypatch: pytest.MonkeyPatch, function: str, *, after: int = 0) -> None:
    """Let ``os.fsync``, ``os.replace`` … fail with a full disk from the call after ``after`` calls on."""
    real, calls = getattr(os, function), []

    def failing(*args: object, **options: object) -> object:
        calls.append(args)
        if len(calls) > after:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        return real(*args, **options)

    monkeypatch.setattr(os, function, failing)


def test_a_written_file_has_the_bytes_and_can_be_read_by_others(tmp_path: Path) -> None:
    file = tmp_path / "new" / "folder" / "a.bin"
    write_atomically(file, b"one")
    write_atomically(file, b"two")
    assert contents(tmp_path) == {"new/folder/a.bin": b"two"}
    assert file.stat().st_mode & 0o777 == 0o644


@pytest.mark.parametrize("function", ["fsync", "replace"])
def test_a_write_that_fails_leaves_the_old_file_and_no_other(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, function: str
) -> None:
    file = tmp_path / "a.bin"
    file.write_bytes(b"old")
    break_disk(monkeypatch, function)
    with pytest.raises(OSError, match="No space"):
        write_atomically(file, b"new")
    assert contents(tmp_path) == {"a.bin": b"old"}


def test_the_old_file_stays_until_the_new_one_is_on_the_disk(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "a.bin"
    file.write_bytes(b"old")
    seen: list[bytes] = []
    monkeypatch.setattr(os, "fsync", lambda _handle: seen.append(file.read_bytes()))
    write_atomically(file, b"new")
    assert seen == [b"old"]
    assert file.read_bytes() == b"new"


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


def test_a_folder_that_cannot_be_locked_is_named(tmp_path: Path) -> None:
    (tmp_path / "build").write_bytes(b"mine")
    with pytest.raises(StorageError, match=str(tmp_path / "build")), store.locked(tmp_path / "build"):
        pass


def test_a_file_set_aside_is_found_in_previous(tmp_path: Path) -> None:
    publish(tmp_path, {"report.pdf": b"old", "previous/report.pdf": b"older", "report.html": b"new"})
    assert set_aside(tmp_path, "report.pdf") == tmp_path / "previous/report.pdf"
    assert contents(tmp_path) == {"previous/report.pdf": b"old", "report.html": b"new"}


def test_nothing_is_set_aside_where_there_is_nothing(tmp_path: Path) -> None:
    assert set_aside(tmp_path, "report.pdf") is None
    assert list(tmp_path.iterdir()) == []


def test_packed_arrays_are_read_back_as_they_were() -> None:
    arrays: dict[str, NDArray[Any]] = {
        "b": np.arange(6, dtype=np.float32).reshape(2, 3),
        "a": np.array([[1, 255]], np.uint8),
    }
    with np.load(io.BytesIO(pack_arrays(arrays)), allow_pickle=False) as packed:
        assert set(packed.files) == {"a", "b"}
        for name, array in arrays.items():
            assert packed[name].dtype == array.dtype
            np.testing.assert_array_equal(packed[name], array)


def test_equal_arrays_give_equal_bytes_at_any_time(monkeypatch: pytest.MonkeyPatch) -> None:
    arrays = {"a": np.arange(5.0)}
    first = pack_arrays(arrays)
    with monkeypatch.context() as patch:
        patch.setattr("time.time", lambda: 2e9)
        second = pack_arrays(arrays)
    assert second == first
    (entry,) = zipfile.ZipFile(io.BytesIO(first)).infolist()
    assert entry.date_time == (1980, 1, 1, 0, 0, 0)


def test_an_array_of_python_objects_is_refused() -> None:
    with pytest.raises(ValueError, match="allow_pickle"):
        pack_arrays({"a": np.array([{}], dtype=object)})


def test_the_cache_gives_back_what_was_put_in(tmp_path: Path) -> None:
    features = np.array([0.1, -2.5, np.float32(1e-30)], np.float32)
    FeatureCache(tmp_path, "base").put(IMAGE, features)
    kept = FeatureCache(tmp_path, "base").get(IMAGE)
    assert kept is not None
    assert kept.dtype == np.float32
    assert kept.tobytes() == features.tobytes()


def test_the_cache_knows_only_this_image_and_this_base(tmp_path: Path) -> None:
    FeatureCache(tmp_path, "base").put(IMAGE, np.ones(3, np.float32))
    assert FeatureCache(tmp_path, "base").get(OTHER_IMAGE) is None
    assert FeatureCache(tmp_path, "other base").get(IMAGE) is None


@pytest.mark.parametrize("damage", ["cut", "flipped", "emptied", "digest only"])
def test_a_damaged_entry_reads_as_missing_and_can_be_mended(tmp_path: Path, damage: str) -> None:
    cache = FeatureCache(tmp_path, "base")
    cache.put(IMAGE, np.ones(64, np.float32))
    (file,) = (path for path in tmp_path.rglob("*") if path.is_file())
    content = file.read_bytes()
    flipped = content[:-1] + bytes([content[-1] ^ 1])
    damaged = {"cut": content[:-4], "flipped": flipped, "emptied": b"", "digest only": content[:32]}
    file.write_bytes(damaged[damage])
    assert cache.get(IMAGE) is None
    cache.put(IMAGE, np.ones(64, np.float32))
    assert cache.get(IMAGE) is not None


def test_a_cache_that_cannot_be_written_is_no_error(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"mine")
    cache = FeatureCache(tmp_path / "file", "base")
    cache.put(IMAGE, np.ones(3, np.float32))
    assert cache.get(IMAGE) is None
    assert contents(tmp_path) == {"file": b"mine"}


def test_entries_are_kept_under_a_hash_of_base_and_image(tmp_path: Path) -> None:
    FeatureCache(tmp_path, "base").put(IMAGE, np.ones(2, np.float32))
    key = hashlib.sha256(f"base:{IMAGE}".encode()).hexdigest()
    body = np.ones(2, "<f4").tobytes()
    assert contents(tmp_path) == {f"features/{key[:2]}/{key}": hashlib.sha256(body).digest() + body}


def test_a_second_build_waits_for_the_first(tmp_path: Path) -> None:
    order: list[str] = []
    waiting = threading.Event()

    def second() -> None:
        waiting.set()
        with store.locked(tmp_path):
            order.append("second")

    other = threading.Thread(target=second)
    with store.locked(tmp_path):
        other.start()
        assert waiting.wait(10)
        other.join(0.3)
        order.append("first")
    other.join(10)
    assert order == ["first", "second"]


def test_the_lock_of_another_process_is_dropped_when_it_dies(tmp_path: Path) -> None:
    holder = (
        "import sys; from pathlib import Path; from reportgen.store import locked\n"
        "with locked(Path(sys.argv[1])):\n print('held', flush=True); sys.stdin.read()"
    )
    taken = threading.Event()

    def take() -> None:
        with store.locked(tmp_path):
            taken.set()

    with subprocess.Popen(
        [sys.executable, "-c", holder, str(tmp_path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == b"held\n"
        waiter = threading.Thread(target=take, daemon=True)
        waiter.start()
        assert not taken.wait(0.3)
        process.kill()
    assert taken.wait(10)
