"""What is remembered of a large file, and when it is not believed."""

from __future__ import annotations

import hashlib
import json
import os
import time
from pathlib import Path
from typing import Any

import pytest

from reportgen.errors import WeightsError
from reportgen.store import digests
from reportgen.store.digests import DigestMemory, Digests, hash_file
from reportgen.weights import embedded_path


@pytest.fixture
def hashed(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The names of the files whose contents were read; files count as large from 4 bytes on."""
    names: list[str] = []

    def count(path: Path) -> Digests:
        names.append(path.name)
        return hash_file(path)

    monkeypatch.setattr(digests, "hash_file", count)
    monkeypatch.setattr(digests, "LARGE", 4)
    return names


@pytest.fixture
def file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A large file that was changed long ago, as far as the clock tells."""
    path = tmp_path / "vgg.h5"
    path.write_bytes(b"hello")
    now = time.time_ns
    monkeypatch.setattr(time, "time_ns", lambda: now() + 10**10)
    return path


def wanted(content: bytes) -> Digests:
    md5 = hashlib.md5(content, usedforsecurity=False).hexdigest()
    return Digests(md5, hashlib.sha256(content).hexdigest())


@pytest.mark.parametrize("size", [0, 5, 2**20, 2**20 + 1])
def test_both_hashes_are_those_of_the_content(tmp_path: Path, size: int) -> None:
    content = os.urandom(size)
    (tmp_path / "x").write_bytes(content)

    assert hash_file(tmp_path / "x") == wanted(content)


def test_a_large_file_is_hashed_once_for_all_builds(file: Path, tmp_path: Path, hashed: list[str]) -> None:
    for _ in range(3):
        assert DigestMemory(tmp_path / "cache").digests(file) == wanted(b"hello")
    assert hashed == ["vgg.h5"]


def test_a_small_file_is_hashed_every_time(file: Path, tmp_path: Path, hashed: list[str]) -> None:
    file.write_bytes(b"abc")
    for _ in range(2):
        assert DigestMemory(tmp_path / "cache").digests(file) == wanted(b"abc")
    assert hashed == ["vgg.h5"] * 2
    assert not (tmp_path / "cache").exists()


def replace_it(file: Path) -> None:
    other = file.with_name("other")
    other.write_bytes(b"HELLO")
    before = file.stat()
    os.utime(other, ns=(before.st_atime_ns, before.st_mtime_ns))
    other.replace(file)


def rewrite_it(file: Path) -> None:
    before = file.stat()
    with file.open("r+b") as stream:
        stream.write(b"HELLO")
    os.utime(file, ns=(before.st_atime_ns, before.st_mtime_ns))


def lengthen_it(file: Path) -> None:
    with file.open("ab") as stream:
        stream.write(b"!")


@pytest.mark.parametrize("change", [replace_it, rewrite_it, lengthen_it])
def test_a_changed_file_is_hashed_again_whatever_its_modification_time(
    file: Path, tmp_path: Path, hashed: list[str], change: Any
) -> None:
    memory = DigestMemory(tmp_path / "cache")
    memory.digests(file)
    time.sleep(0.02)  # longer than a tick of the file system's clock
    change(file)

    assert memory.digests(file) == wanted(file.read_bytes())
    assert DigestMemory(tmp_path / "cache").digests(file) == wanted(file.read_bytes())


def test_a_file_changed_just_now_is_not_remembered(
    file: Path, tmp_path: Path, hashed: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    changed = file.stat().st_mtime_ns
    monkeypatch.setattr(time, "time_ns", lambda: changed + 10**9)
    for _ in range(2):
        DigestMemory(tmp_path / "cache").digests(file)
    assert hashed == ["vgg.h5"] * 2


def alter(location: str, value: Any) -> Any:
    def change(memory: Path) -> None:
        table = json.loads(memory.read_bytes())
        (entry,) = table.values()
        group, key = location.split(".")
        entry[group][key] = value
        memory.write_text(json.dumps(table))

    return change


def make_pipe(memory: Path) -> None:
    memory.unlink()
    os.mkfifo(memory)


DAMAGES = {
    "another hash": alter("digests.sha256", "0" * 64),
    "another MD5": alter("digests.md5", "0" * 32),
    "no hash": alter("digests.sha256", None),
    "no JSON": lambda memory: memory.write_bytes(b"{"),
    "no table": lambda memory: memory.write_bytes(b"[1]"),
    "no entry": lambda memory: memory.write_text(
        json.dumps(dict.fromkeys(json.loads(memory.read_bytes()), 1))
    ),
    "a pipe": make_pipe,
}


@pytest.mark.parametrize("damage", DAMAGES.values(), ids=DAMAGES)
def test_a_damaged_memory_is_not_believed_and_made_again(
    file: Path, tmp_path: Path, hashed: list[str], damage: Any
) -> None:
    DigestMemory(tmp_path / "cache").digests(file)
    damage(tmp_path / "cache" / "weights.json")

    for _ in range(2):
        assert DigestMemory(tmp_path / "cache").digests(file) == wanted(b"hello")
    assert hashed == ["vgg.h5"] * 2


def test_an_entry_of_one_file_is_not_that_of_another(file: Path, tmp_path: Path, hashed: list[str]) -> None:
    DigestMemory(tmp_path / "cache").digests(file)
    memory = tmp_path / "cache" / "weights.json"
    (entry,) = json.loads(memory.read_bytes()).values()
    link = tmp_path / "other.h5"
    os.link(file, link)  # all its numbers are the same now, but for the change time
    memory.write_text(json.dumps({str(link): entry}))

    DigestMemory(tmp_path / "cache").digests(link)
    assert hashed == ["vgg.h5", "other.h5"]


def test_a_memory_that_may_not_write_writes_nothing_and_one_that_is_blind_believes_nothing(
    file: Path, tmp_path: Path, hashed: list[str]
) -> None:
    DigestMemory(tmp_path / "cache", writes=False).digests(file)
    assert not (tmp_path / "cache").exists()
    DigestMemory(tmp_path / "cache").digests(file)
    DigestMemory(tmp_path / "cache", blind=True).digests(file)
    assert hashed == ["vgg.h5"] * 3


def test_what_is_forgotten_is_hashed_again(file: Path, tmp_path: Path, hashed: list[str]) -> None:
    memory = DigestMemory(tmp_path / "cache")
    memory.digests(file)
    memory.forget(file)
    memory.digests(file)
    assert hashed == ["vgg.h5"] * 2


def test_a_folder_that_cannot_be_written_is_no_error(file: Path, tmp_path: Path, hashed: list[str]) -> None:
    (tmp_path / "cache").write_text("in the way")
    assert DigestMemory(tmp_path / "cache").digests(file) == wanted(b"hello")


def test_a_pipe_in_the_place_of_weights_is_named_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "vgg.h5")
    with pytest.raises(WeightsError, match="not a file"):
        DigestMemory().digests(tmp_path / "vgg.h5")


def test_the_embedded_weights_are_remembered() -> None:
    """Red at the limit of 64 MB: each command hashed them, some three times."""
    assert embedded_path().stat().st_size >= digests.LARGE
