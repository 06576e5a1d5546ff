"""The cache: what it gives back, what it refuses to, and what it forgets."""

from __future__ import annotations

import hashlib
import os
import socket
import time
from pathlib import Path

import pytest
from disk import break_disk, contents

from reportgen.store.cache import Cache

KEY, OTHER = "a" * 64, "b" * 64
PLENTY = 10**6


def entry(folder: Path, key: str) -> Path:
    return folder / "entries" / key[:2] / key


def test_what_was_put_in_comes_back_in_another_process(tmp_path: Path) -> None:
    Cache(tmp_path, PLENTY).put(KEY, b"content")
    cache = Cache(tmp_path, PLENTY)
    assert cache.get(KEY) == b"content"
    assert KEY in cache
    assert cache.get(OTHER) is None
    assert OTHER not in cache
    assert cache.complaints() == []


def test_an_entry_is_a_digest_and_the_content(tmp_path: Path) -> None:
    Cache(tmp_path, PLENTY).put(KEY, b"content")
    assert contents(tmp_path) == {f"entries/aa/{KEY}": hashlib.sha256(b"content").digest() + b"content"}


def test_items_are_told_apart_by_base_and_name(tmp_path: Path) -> None:
    cache = Cache(tmp_path, PLENTY)
    cache.items("base").put("item", b"1")
    assert cache.items("base").get("item") == b"1"
    assert "item" in cache.items("base")
    assert cache.items("base").get("other") is None
    assert cache.items("other").get("item") is None
    assert cache.items("base", fresh=True).get("item") is None


def test_an_item_is_made_once(tmp_path: Path) -> None:
    made: list[str] = []

    def make() -> bytes:
        made.append("made")
        return b"1"

    items = Cache(tmp_path, PLENTY).items("base")
    assert [items.obtain("x", make), items.obtain("x", make)] == [b"1", b"1"]
    assert made == ["made"]


DAMAGES = ("cut", "flipped", "emptied", "digest only", "garbage", "folder")


def damage(path: Path, how: str) -> None:
    content = path.read_bytes()
    damaged = {
        "cut": content[:-1],
        "flipped": content[:40] + bytes([content[40] ^ 1]) + content[41:],
        "emptied": b"",
        "digest only": content[:32],
        "garbage": os.urandom(200),
    }
    path.unlink()
    if how == "folder":
        path.mkdir()
    else:
        path.write_bytes(damaged[how])


@pytest.mark.parametrize("how", DAMAGES)
def test_a_damaged_entry_reads_as_missing_and_is_told(tmp_path: Path, how: str) -> None:
    cache = Cache(tmp_path, PLENTY)
    cache.put(KEY, b"content" * 9)
    damage(entry(tmp_path, KEY), how)
    assert cache.get(KEY) is None
    (line,) = cache.complaints()
    assert line.startswith("1 damaged entry")
    assert str(tmp_path) in line


@pytest.mark.parametrize("how", [how for how in DAMAGES if how != "folder"])
def test_a_damaged_entry_can_be_made_again(tmp_path: Path, how: str) -> None:
    cache = Cache(tmp_path, PLENTY)
    cache.put(KEY, b"content" * 9)
    damage(entry(tmp_path, KEY), how)
    assert cache.items("").obtain("unrelated", lambda: b"") == b""
    assert cache.get(KEY) is None
    cache.put(KEY, b"again")
    assert cache.get(KEY) == b"again"


def test_a_cache_that_cannot_be_written_says_so_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    cache = Cache(tmp_path, PLENTY)
    with monkeypatch.context() as patch:
        break_disk(patch, "replace")
        cache.put(KEY, b"1")
        cache.put(OTHER, b"2")
    assert contents(tmp_path) == {}
    (line,) = cache.complaints()
    assert "cannot be written" in line
    assert "No space left" in line


def test_a_file_in_the_place_of_the_cache_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"mine")
    cache = Cache(tmp_path / "file", PLENTY)
    cache.put(KEY, b"1")
    assert cache.get(KEY) is None
    assert KEY not in cache
    cache.trim()
    assert len(cache.complaints()) >= 1
    assert contents(tmp_path) == {"file": b"mine"}


def aged(path: Path, seconds: float) -> None:
    moment = time.time() - seconds
    os.utime(path, (moment, moment))


def test_the_least_recently_used_goes_first(tmp_path: Path) -> None:
    keys = [letter * 64 for letter in "abcd"]
    size = 32 + 100
    cache = Cache(tmp_path, 3 * size)
    for age, key in enumerate(keys):
        cache.put(key, bytes(100))
        aged(entry(tmp_path, key), 1000 - age)
    assert cache.get(keys[0]) is not None  # used now, so it is the newest
    cache.trim()
    assert [key in cache for key in keys] == [True, False, True, True]


def test_a_cache_within_its_limit_keeps_everything(tmp_path: Path) -> None:
    cache = Cache(tmp_path, 2 * 132)
    cache.put(KEY, bytes(100))
    cache.put(OTHER, bytes(100))
    cache.trim()
    assert KEY in cache
    assert OTHER in cache


def test_what_dying_writers_left_is_cleared_away_after_an_hour(tmp_path: Path) -> None:
    cache = Cache(tmp_path, PLENTY)
    cache.put(KEY, b"1")
    old, young = (entry(tmp_path, KEY).with_name(f".{KEY}.{name}") for name in ("old", "young"))
    for path in (old, young):
        path.write_bytes(b"half")
    aged(old, 2 * 3600)
    cache.trim()
    assert not old.exists()
    assert young.exists()  # another build may be writing it
    assert KEY in cache


def test_a_blind_cache_is_only_written(tmp_path: Path) -> None:
    blind = Cache(tmp_path, PLENTY, blind=True)
    blind.put(KEY, b"1")
    assert blind.get(KEY) is None
    assert Cache(tmp_path, PLENTY).get(KEY) == b"1"


@pytest.mark.parametrize("kind", ["pipe", "socket", "device"])
def test_what_is_no_file_is_thrown_away_and_not_waited_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kind: str
) -> None:
    cache = Cache(tmp_path, PLENTY)
    path = entry(tmp_path, KEY)
    path.parent.mkdir(parents=True)
    if kind == "pipe":
        os.mkfifo(path)
    elif kind == "socket":
        with socket.socket(socket.AF_UNIX) as listener:
            monkeypatch.chdir(path.parent)  # the whole path may be too long for a socket
            listener.bind(path.name)
    else:
        path.symlink_to("/dev/zero")
    assert KEY not in cache
    assert cache.get(KEY) is None
    assert not path.is_symlink()
    assert not path.exists()
    cache.put(KEY, b"1")
    assert cache.get(KEY) == b"1"


def test_files_of_somebody_s_in_the_cache_s_folder_stay(tmp_path: Path) -> None:
    mine = ["notes.txt", "entries/notes.txt", "entries/aa/notes.txt", "entries/aa/.hidden", "entries/mine/a"]
    for name in mine:
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_bytes(b"mine")
        aged(tmp_path / name, 10**6)
    cache = Cache(tmp_path, 1)
    cache.put(KEY, b"1")
    cache.trim()
    assert contents(tmp_path) == dict.fromkeys(mine, b"mine")
