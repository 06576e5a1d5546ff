"""The choice among the fonts of a machine, in files made here whose characters are known."""

from __future__ import annotations

from pathlib import Path

import pytest
from made_fonts import collect, make_font

from reportgen.typefaces.choice import FaceChoice, fingerprint, font_folders, list_fonts, search_fonts
from reportgen.typefaces.face import Face


def face(file: str, index: int = 0) -> Face:
    return Face(Path(file), index)


def test_a_regular_face_is_preferred_then_noto_and_then_the_first_file(tmp_path: Path) -> None:
    bold = make_font(tmp_path / "a-bold.ttf", "豹", weight=700)
    second, first = (make_font(tmp_path / name / "b.ttf", "豹") for name in "yx")
    noto = make_font(tmp_path / "NotoSansX.ttf", "豹")
    serif = make_font(tmp_path / "NotoSerifX.ttf", "豹")
    resort = make_font(tmp_path / "1.ttf", "豹蝶", family="LastResort")
    (tmp_path / "0-broken.ttf").write_bytes(b"no font")
    files = [str(tmp_path / "0-broken.ttf"), resort, bold, first, second, noto, serif]
    for expected in (serif, noto, first):
        assert search_fonts(["豹"], files).faces == (face(expected),)
        files.remove(expected)
    files.remove(second)
    assert search_fonts(["豹"], files).faces == (face(bold),)


def test_the_font_with_most_of_the_words_comes_first(tmp_path: Path) -> None:
    some, both = make_font(tmp_path / "a.ttf", "豹"), make_font(tmp_path / "b.ttf", "豹蝶")
    other = make_font(tmp_path / "c.ttf", "鳥蝶")
    found = search_fonts(["豹", "豹蝶", "蝶", "鳥", "魚"], [some, both, other])
    assert found == FaceChoice((face(both), face(other)), ("魚",))
    assert search_fonts(["豹"], [some, both]).faces == (face(some),)


def test_a_font_with_parts_of_a_word_does_not_set_it(tmp_path: Path) -> None:
    parts = [make_font(tmp_path / f"{n}.ttf", letters) for n, letters in enumerate(("נש", "לום"))]
    assert search_fonts(["שלום"], parts) == FaceChoice((), ("שלום",))


def test_what_may_not_be_embedded_is_named_and_not_taken(tmp_path: Path) -> None:
    closed = make_font(tmp_path / "a.ttf", "豹", family="Closed", rights=2)
    found = search_fonts(["豹", "蝶"], [closed])
    assert (found.faces, found.lacking, found.forbidden) == ((), ("豹", "蝶"), ("Closed",))
    free = make_font(tmp_path / "b.ttf", "豹")
    assert search_fonts(["豹"], [closed, free]) == FaceChoice((face(free),))


def test_every_face_of_a_collection_is_looked_at(tmp_path: Path) -> None:
    both = collect(tmp_path / "a.ttc", [make_font(tmp_path / f"{c}.ttf", c) for c in "豹蝶"])
    assert search_fonts(["蝶"], [both]).faces == (face(both, 1),)


def test_what_was_found_can_be_kept(tmp_path: Path) -> None:
    found = FaceChoice((face("/a/b.ttc", 2),), ("豹",), ("Closed",))
    assert FaceChoice.from_json(found.as_json()) == found


def test_fonts_are_listed_by_name_wherever_they_lie(tmp_path: Path) -> None:
    files = [
        make_font(tmp_path / location, "a") for location in ("y/b.ttf", "x/deep/c.OTF", "x/b.ttf", "z/a.ttc")
    ]
    (tmp_path / "x" / "readme.txt").write_text("")
    (tmp_path / "x" / "again.ttf").symlink_to(files[0])
    listing = list_fonts([tmp_path / "x", tmp_path / "y", tmp_path / "z", tmp_path / "nowhere"])
    assert [path for path, _, _ in listing] == [files[3], files[2], files[0], files[1]]


def test_a_list_with_another_file_has_another_fingerprint(tmp_path: Path) -> None:
    make_font(tmp_path / "a.ttf", "a")
    before = fingerprint(list_fonts([tmp_path]))
    assert fingerprint(list_fonts([tmp_path])) == before
    make_font(tmp_path / "b.ttf", "a")
    assert fingerprint(list_fonts([tmp_path])) != before
    (tmp_path / "b.ttf").unlink()
    assert fingerprint(list_fonts([tmp_path])) == before
    make_font(tmp_path / "a.ttf", "ab")
    assert fingerprint(list_fonts([tmp_path])) != before


def test_fonts_lie_where_the_system_keeps_its_data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "own"))
    monkeypatch.setenv("XDG_DATA_DIRS", f"{tmp_path}/a:{tmp_path}/b")
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    folders = font_folders()
    for location in ("own/fonts", "a/fonts", "b/fonts", "home/.fonts", "home/.local/share/fonts"):
        assert tmp_path / location in folders
    monkeypatch.delenv("XDG_DATA_DIRS")
    monkeypatch.delenv("HOME")
    assert Path("/usr/share/fonts") in font_folders()
