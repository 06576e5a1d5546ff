"""A build folder emptied of what is the program's own."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import pytest
from disk import contents

from reportgen.store.clearing import clear
from reportgen.store.output import is_text_with
from reportgen.store.publication import publish


def put(folder: Path, files: dict[str, bytes]) -> None:
    for name, data in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(data)


def build(folder: Path, files: dict[str, bytes], before: dict[str, str]) -> dict[str, str]:
    hashes = {name: hashlib.sha256(data).hexdigest() for name, data in files.items()}
    record = {
        "format": 1,
        "stages": {},
        "files": {name: ["stage", sha256] for name, sha256 in hashes.items()},
    }
    publish(folder, {**files, ".record.json": json.dumps(record).encode()}, before)
    return hashes


def ignore(_line: str) -> None:
    """Nobody listens."""


def test_what_the_program_wrote_goes_and_what_the_user_put_there_stays(tmp_path: Path) -> None:
    folder = tmp_path / "build"
    old = build(folder, {"results.json": b"1", "figures/a.png": b"1"}, {})
    build(folder, {"results.json": b"2", "figures/a.png": b"2", "report.html": b"2"}, old)
    page = b'<meta name="generator" content="reportgen diff">'
    put(folder, {"diff.html": page, "model.keras": b"exported", ".gitignore": b"*", ".lock": b"12"})
    mine = {"notes.txt": b"mine", "figures/mine.png": b"mine", "previous/1/notes.txt": b"mine"}
    put(folder, {**mine, "report.html": b"changed by hand"})
    left = clear(folder, ignore, {"model.keras": is_text_with("exported")})
    assert contents(folder) == {**mine, ".gitignore": b"*", "report.html": b"changed by hand"}
    assert [path.relative_to(folder).as_posix() for path in left] == sorted([*mine, "report.html"])


def test_a_folder_of_nothing_else_is_empty_afterwards(tmp_path: Path) -> None:
    build(tmp_path, {"results.json": b"1", "figures/a.png": b"1"}, {})
    put(tmp_path, {".gitignore": b"*"})
    assert clear(tmp_path, ignore) == []
    assert list(tmp_path.iterdir()) == [tmp_path / ".gitignore"]


@pytest.mark.parametrize("name", ["model.keras", "diff.html", "results.json"])
def test_a_folder_of_somebody_s_is_left_alone(tmp_path: Path, name: str) -> None:
    put(tmp_path, {name: b"mine", "notes.txt": b"mine"})
    assert len(clear(tmp_path, ignore, {"model.keras": lambda _stream: False})) == 2
    assert contents(tmp_path) == {name: b"mine", "notes.txt": b"mine"}


def test_there_may_be_nothing(tmp_path: Path) -> None:
    assert clear(tmp_path / "build", ignore) == []
    assert list(tmp_path.iterdir()) == []
