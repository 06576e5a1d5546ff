"""Which face sets which word: the report's own, those of the settings, those of the machine."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from made_fonts import MATPLOTLIB, make_font

from reportgen.errors import SettingsError
from reportgen.typefaces.choice import choose_typefaces, describe_lack, find_lack, open_named
from reportgen.typefaces.face import OWN, Face, Typefaces

STIX, DEJAVU = Face(MATPLOTLIB / "STIXGeneral.ttf"), Face(MATPLOTLIB / "DejaVuSans.ttf")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "fonts").mkdir()
    return tmp_path / "fonts"


def test_the_fonts_of_the_machine_are_not_looked_at_without_need(folder: Path) -> None:
    listed: list[str] = []

    class Watched(type(folder)):  # type: ignore[misc]
        def __fspath__(self) -> str:
            listed.append(str(self))
            return str(self)

    for text in ("Größe – 12 × 3", "שלום зебра Nguyễn ἀγάπη χ²", "x\u2009y\u200bz"):
        faces = choose_typefaces([text], (), folders=[Watched(folder)])
        assert (faces.found, faces.lacking, listed) == ((), (), [])
    choose_typefaces(["豹"], (), folders=[Watched(folder)])
    assert listed


def test_a_word_is_set_in_one_font_if_one_has_all_of_it(folder: Path) -> None:
    assert OWN.divide("Nguyễn Văn") == [(DEJAVU, "Nguyễn"), (STIX, " Văn")]
    assert OWN.divide("cat ქ") == [(STIX, "cat "), (DEJAVU, "ქ")]
    assert OWN.divide("שלום עולם") == [(DEJAVU, "שלום עולם")]
    # DejaVu Sans has the Hebrew letters and points, but no accents: not even half of the name comes from it.
    whole = Face(Path(make_font(folder / "a.ttf", "שלוםְִֹ֣")))
    faces = choose_typefaces(["שלֹ֣ום"], (), folders=[folder])
    assert faces.divide("שלֹ֣ום") == [(whole, "שלֹ֣ום")]


def test_what_no_font_has_whole_is_set_letter_by_letter(folder: Path) -> None:
    mark = Face(Path(make_font(folder / "a.ttf", "ם֣")))
    faces = choose_typefaces(["לם֣"], (), folders=[folder])
    assert faces.divide("לם֣") == [(DEJAVU, "ל"), (mark, "ם֣")]
    assert faces.lacking == ()


def test_named_fonts_come_after_stix_and_before_all_others(folder: Path, tmp_path: Path) -> None:
    machine = make_font(folder / "a.ttf", "豹ქa")
    first, second = (
        Face(Path(make_font(tmp_path / name, text))) for name, text in (("1.ttf", "豹"), ("2.ttf", "豹ქa蝶"))
    )
    faces = choose_typefaces(["a ქ 豹 蝶 鳥"], (first, second), folders=[folder])
    assert {text: faces.choose(text) for text in ("a", "ქ", "豹", "蝶")} == {
        "a": STIX, "ქ": second, "豹": first, "蝶": second,
    }  # fmt: skip
    assert faces.lacking == ("鳥",)
    assert Path(machine) not in {face.file for face in faces.serving(["a ქ 豹 蝶"])}
    assert faces.serving(["豹"]) == (first,)
    assert faces.serving(["蝶 豹"]) == (first, second)
    assert faces.serving(["cat Größe зебра"]) == ()


def test_a_named_font_that_sets_nothing_is_left_out(tmp_path: Path, folder: Path) -> None:
    named = Face(Path(make_font(tmp_path / "1.ttf", "abc")))
    assert choose_typefaces(["abc ქ"], (named,), folders=[folder]).named == ()


def test_the_choice_is_remembered_until_the_fonts_change(folder: Path) -> None:
    kept: dict[str, bytes] = {}
    made: list[str] = []

    def memo(name: str, make: Callable[[], bytes]) -> bytes:
        if name not in kept:
            made.append(name)
            kept[name] = make()
        return kept[name]

    def choose() -> Typefaces:
        return choose_typefaces(["豹"], (), memo, [folder])

    assert choose().lacking == ("豹",)
    made.clear()
    assert choose().lacking == ("豹",)
    assert made == []
    new = make_font(folder / "a.ttf", "豹")
    assert choose().found == (Face(Path(new)),)
    assert choose().serving(["豹"]) == (Face(Path(new)),)


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("none.ttf", "No such file"),
        ("text.ttf", "no font"),
        ("font.woff2", r"\.ttf, \.otf, \.ttc, \.otc"),
        ("closed.ttf", "Closed Regular must not be embedded"),
    ],
)
def test_a_named_font_that_cannot_be_used_is_refused_with_its_reason(
    tmp_path: Path, name: str, said: str
) -> None:
    (tmp_path / "text.ttf").write_text("no font at all")
    (tmp_path / "font.woff2").write_text("")
    make_font(tmp_path / "closed.ttf", "a", family="Closed", rights=2)
    with pytest.raises(SettingsError, match=said) as caught:
        open_named([tmp_path / name])
    assert name in caught.value.problem


@pytest.mark.parametrize(
    ("text", "letters", "scripts", "package"),
    [
        ("big 豹", "豹", "Han", "fonts-noto-cjk"),
        ("ひょう", "ひ ょ う", "Hiragana", "fonts-noto-cjk"),
        ("เสือ", "เ ส U+0E37 อ", "Thai", "fonts-noto-core"),
        ("豹ส", "豹 ส", "Han and Thai", "fonts-noto-cjk fonts-noto-core"),
        ("Nguyễn \U0001f980", "\U0001f980", "symbols", "fonts-symbola"),
        ("x\ue000", "U+E000", "symbols", "fonts-symbola"),
    ],
    ids=ascii,
)
def test_what_no_font_has_is_named_with_its_script_and_a_package(
    text: str, letters: str, scripts: str, package: str
) -> None:
    problem, remedy = describe_lack(text, OWN)
    assert f"“{text}”" in problem
    assert f"has {letters} ({scripts})" in problem
    assert f"apt install {package})" in remedy
    assert "fonts = [" in remedy
    assert find_lack("שלום зебра", OWN) == []


def test_a_font_that_may_not_be_embedded_is_told_of(folder: Path) -> None:
    make_font(folder / "a.ttf", "豹", family="Closed", rights=2)
    faces = choose_typefaces(["豹"], (), folders=[folder])
    assert "Closed may not be embedded" in describe_lack("豹", faces)[0]


def test_of_a_long_text_the_words_in_question_are_quoted() -> None:
    problem, _ = describe_lack(f"{'word ' * 100}豹 {'word ' * 100}", OWN)
    assert problem.startswith("“豹")
    assert len(problem) < 200
