"""What a font says of itself, in files made here."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest
from made_fonts import collect, make_font

from reportgen.typefaces.face import Face, coverage, describe_face, embedding_rights


@pytest.mark.parametrize(
    ("rights", "allowed"),
    [
        (0x0000, "subset"), (0x0002, "forbidden"), (0x0004, "subset"), (0x0008, "subset"),
        (0x0006, "subset"), (0x0100, "whole"), (0x0108, "whole"), (0x0102, "forbidden"),
        (0x0200, "forbidden"),
    ],
)  # fmt: skip
def test_rights_are_those_of_the_specification(tmp_path: Path, rights: int, allowed: str) -> None:
    # OpenType 1.9, OS/2 fsType: 2 restricted, 4 print, 8 editable, 0x100 no subsetting, 0x200 bitmaps only;
    # of several levels, which old fonts have, the least restrictive counts.
    assert embedding_rights(rights) == allowed
    made = Face(Path(make_font(tmp_path / "a.ttf", "a", rights=rights)))
    assert describe_face(made).embedding == allowed


def test_a_face_has_its_name_its_characters_and_its_hash(tmp_path: Path) -> None:
    file = Path(make_font(tmp_path / "a.ttf", "a豹", family="Own Squares"))
    assert describe_face(Face(file)).name == "Own Squares Regular"
    assert coverage(Face(file)) == {ord("a"), ord("豹")}
    assert Face(file).sha256 == hashlib.sha256(file.read_bytes()).hexdigest()


def test_the_faces_of_a_collection_are_told_apart(tmp_path: Path) -> None:
    files = [make_font(tmp_path / f"{c}.ttf", c, family=c) for c in "ab"]
    both = Path(collect(tmp_path / "both.ttc", files))
    assert [coverage(Face(both, n)) for n in (0, 1)] == [{ord("a")}, {ord("b")}]
    assert [describe_face(Face(both, n)).name for n in (0, 1)] == ["a Regular", "b Regular"]
