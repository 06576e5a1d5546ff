"""Single files: whole or not at all."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from disk import break_disk, contents

from reportgen.store.files import link_or_copy, write_atomically


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
