"""Single files: whole or not at all."""

from __future__ import annotations

import errno
import os
import socket
from pathlib import Path

import pytest
from disk import break_disk, contents

from reportgen.store.files import (
    NoFileError,
    StorageError,
    hash_of,
    link_or_copy,
    read_file,
    sync_folder,
    write_atomically,
    writing,
)


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


def test_a_file_is_copied_where_there_are_no_links(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "a").write_bytes(b"content")
    break_disk(monkeypatch, "link")
    link_or_copy(tmp_path / "a", tmp_path / "b")
    assert contents(tmp_path) == {"a": b"content", "b": b"content"}
    assert (tmp_path / "a").stat().st_ino != (tmp_path / "b").stat().st_ino


@pytest.mark.parametrize(
    ("number", "words", "room"),
    [
        ("ENOSPC", "disk is full", True), ("EDQUOT", "quota", True), ("EROFS", "only be read", False),
        ("EACCES", "no right", False), ("EPERM", "forbids", False), ("EMFILE", "too many files", False),
        ("ENFILE", "too many files", False), ("ENAMETOOLONG", "too long", False),
        ("EIO", "disk failed", False),
        ("ESTALE", "network drive", False), ("ETXTBSY", "running it", False), ("ELOOP", "leads back", False),
        ("ENOTDIR", "folder is needed", False), ("EISDIR", "file is needed", False),
        ("EFBIG", "larger", False), ("EINVAL", "refuses", False),
        ("ENOSYS", "Function not implemented", False),
    ],
)  # fmt: skip
def test_each_fault_of_a_disk_has_words_of_its_own(
    tmp_path: Path, number: str, words: str, room: bool
) -> None:
    code = getattr(errno, number)
    with pytest.raises(StorageError) as caught, writing(tmp_path / "out"):
        raise OSError(code, os.strerror(code))
    assert words in caught.value.problem
    assert os.strerror(code) in caught.value.problem
    assert str(tmp_path / "out") in caught.value.problem
    assert ("room" in caught.value.remedy.casefold()) is room


def test_the_file_is_named_and_not_its_temporary_name(tmp_path: Path) -> None:
    (tmp_path / "taken").mkdir()
    with pytest.raises(StorageError, match="taken: cannot be written") as caught, writing(tmp_path / "taken"):
        write_atomically(tmp_path / "taken", b"1")
    assert ".writing" not in caught.value.problem


@pytest.mark.parametrize("kind", ["pipe", "socket", "device", "folder"])
def test_nothing_but_a_file_is_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kind: str) -> None:
    path = tmp_path / "x"
    if kind == "pipe":
        os.mkfifo(path)
    elif kind == "socket":
        with socket.socket(socket.AF_UNIX) as listener:
            monkeypatch.chdir(tmp_path)  # the whole path may be too long for a socket
            listener.bind(path.name)
    elif kind == "device":
        path.symlink_to("/dev/zero")
    else:
        path.mkdir()
    with pytest.raises(NoFileError, match=kind):
        read_file(path)
    assert hash_of(path) == ""


@pytest.mark.parametrize(
    ("function", "error"), [("chmod", "EPERM"), ("chmod", "ENOTSUP"), ("fsync", "EINVAL")]
)
def test_a_file_system_without_rights_or_syncing_is_written_to(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, function: str, error: str
) -> None:
    def fail(*_: object, **__: object) -> None:
        raise OSError(getattr(errno, error), error)

    monkeypatch.setattr(os, function, fail)
    write_atomically(tmp_path / "a", b"1")
    sync_folder(tmp_path)
    assert contents(tmp_path) == {"a": b"1"}


def test_the_longest_name_there_is_can_be_written(tmp_path: Path) -> None:
    name = "n" * os.pathconf(tmp_path, "PC_NAME_MAX")
    write_atomically(tmp_path / name, b"1")
    assert contents(tmp_path) == {name: b"1"}
