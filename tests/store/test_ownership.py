"""Whose a folder is: empty, the program's own, or somebody else's."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest
from disk import contents

from reportgen.store.files import StorageError
from reportgen.store.lock import locked
from reportgen.store.ownership import ForeignFolderError, claim, read_listing, write_listing

HASH = "0" * 64
OF_A_BUILD = {"format": 1, "stages": {"html": {}}, "files": {"report.html": ["html", HASH]}}


def put(folder: Path, name: str, data: bytes = b"mine") -> None:
    (folder / name).parent.mkdir(parents=True, exist_ok=True)
    (folder / name).write_bytes(data)


@pytest.mark.parametrize(
    ("name", "data"),
    [
        (".gitignore", b"*"), (".gitkeep", b""), (".DS_Store", b"\0"), ("desktop.ini", b"x"), (".lock", b""),
        (".lock", b"4711"), ("bench.json", b"{}"),
        (".ready-abcdefgh/new/report.html", b"1"), (".next-a_cdefg1/x", b"1"),
    ],
)  # fmt: skip
def test_what_is_no_content_leaves_a_folder_empty(tmp_path: Path, name: str, data: bytes) -> None:
    put(tmp_path, name, data)
    assert claim(tmp_path, "report") == {}


def test_a_folder_that_is_not_there_is_empty_and_is_not_made(tmp_path: Path) -> None:
    assert claim(tmp_path / "new", "report") == {}
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    "name",
    [
        "report.pdf", "arrays/exp.npy", "figures/mine.png", ".git/config", ".env", "previous/1/results.json",
        "model.keras", "results.json", ".record.json", ".next-thing/page.js", ".lock/x", "data/cat/1.jpg",
    ],
)  # fmt: skip
def test_a_folder_of_somebody_else_s_is_refused_by_name(tmp_path: Path, name: str) -> None:
    put(tmp_path, name)
    before = contents(tmp_path)
    with pytest.raises(ForeignFolderError) as caught:
        claim(tmp_path, "report")
    assert str(tmp_path) in caught.value.problem
    assert f"'{name.split('/')[0]}'" in caught.value.problem
    assert contents(tmp_path) == before


@pytest.mark.parametrize("content", [b"[]", b"{", b"{}", b'{"files": {}}', b'{"stages": {}}', b"\xff", b"1"])
def test_another_program_s_record_makes_no_folder_ours(tmp_path: Path, content: bytes) -> None:
    put(tmp_path, ".record.json", content)
    with pytest.raises(ForeignFolderError, match=r"\.record\.json"):
        claim(tmp_path, "report")


def test_a_build_of_the_first_version_is_ours(tmp_path: Path) -> None:
    put(tmp_path, ".record.json", json.dumps(OF_A_BUILD).encode())
    put(tmp_path, "notes.txt")
    assert claim(tmp_path, "report") == {"report.html": HASH}


def test_a_report_that_lost_its_record_is_known_but_its_files_are_not_trusted(tmp_path: Path) -> None:
    put(tmp_path, "results.json", b'{"schema_version": "1.0", "provenance": {}, "checks": []}')
    put(tmp_path, "figures/1.png")
    put(tmp_path, "notes.txt")
    assert claim(tmp_path, "report") == {"results.json": "", "figures/1.png": ""}


def test_sample_images_are_no_place_for_a_report(tmp_path: Path) -> None:
    put(tmp_path, ".record.json", write_listing("sample images", {"a.jpg": HASH}))
    assert claim(tmp_path, "sample images") == {"a.jpg": HASH}
    with pytest.raises(ForeignFolderError):
        claim(tmp_path, "report")


@pytest.mark.parametrize("name", ["../a", "/etc/passwd", "a/../../b", "", "."])
def test_a_listing_that_leads_out_of_its_folder_is_none(tmp_path: Path, name: str) -> None:
    put(tmp_path, ".record.json", json.dumps({**OF_A_BUILD, "files": {name: ["html", HASH]}}).encode())
    assert read_listing(tmp_path, "report") is None


def test_a_record_that_is_a_named_pipe_is_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / ".record.json")
    with pytest.raises(ForeignFolderError):
        claim(tmp_path, "report")


def test_a_file_is_no_folder(tmp_path: Path) -> None:
    put(tmp_path, "build")
    with pytest.raises(StorageError, match="there is a file where a folder"):
        claim(tmp_path / "build", "report")


@pytest.mark.parametrize("kind", ["words", "folder", "pipe", "link"])
def test_a_lock_of_somebody_else_s_is_not_written_to(tmp_path: Path, kind: str) -> None:
    folder = tmp_path / "build"
    put(tmp_path, "mine.txt", b"")
    folder.mkdir()
    if kind == "words":
        put(folder, ".lock", b"combination 12-34-56")
    elif kind == "folder":
        (folder / ".lock").mkdir()
    elif kind == "pipe":
        os.mkfifo(folder / ".lock")
    else:
        (folder / ".lock").symlink_to(tmp_path / "mine.txt")
    before = contents(folder) if kind == "words" else None
    with pytest.raises(StorageError, match=r"\.lock"), locked(folder):
        pass
    assert (tmp_path / "mine.txt").read_bytes() == b""
    assert before in (None, contents(folder))
