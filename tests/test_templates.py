"""The package's templates, and the user's own in their place."""

from __future__ import annotations

from pathlib import Path

import pytest

from reportgen.errors import SettingsError
from reportgen.templates import Templates, open_templates, templates_folder


def test_without_a_folder_of_one_s_own_all_come_from_the_package() -> None:
    files = open_templates().files
    assert files["report.html.j2"] == templates_folder() / "report.html.j2"
    assert {"report.css", "screen.css", "report.js", "sections/title.html.j2"} <= set(files)
    assert [name for name in files if name.startswith("diff.")] == []


def test_a_file_of_one_s_own_takes_the_place_of_its_namesake_only(tmp_path: Path) -> None:
    (tmp_path / "sections").mkdir()
    for name in ("report.css", "sections/mine.j2", ".hidden"):
        (tmp_path / name).write_text("")
    files = open_templates(tmp_path).files
    usual = open_templates().files
    assert files["report.css"] == tmp_path / "report.css"
    assert {name: path for name, path in files.items() if path.is_relative_to(tmp_path)} == {
        "report.css": tmp_path / "report.css",
        "sections/mine.j2": tmp_path / "sections/mine.j2",
    }
    assert {name: files[name] for name in usual if name != "report.css"} == {
        name: path for name, path in usual.items() if name != "report.css"
    }


def test_a_theme_is_a_folder_with_a_style_sheet_for_paper(tmp_path: Path) -> None:
    for name in ("themes/mine/print.css", "themes/none/other.css", "print.css"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text("")
    assert open_templates().themes == ("paper", "report")
    assert open_templates(tmp_path).themes == ("mine", "paper", "report")


def test_what_was_listed_stays_until_it_is_listed_again(tmp_path: Path) -> None:
    templates = Templates((tmp_path,))
    assert dict(templates.files) == {}
    (tmp_path / "a.j2").write_text("")
    assert dict(templates.files) == {}
    assert list(templates.reread().files) == ["a.j2"]


@pytest.mark.parametrize(("made", "said"), [(False, "no such folder"), (True, "no files in it")])
def test_a_folder_that_cannot_be_meant_is_an_error(tmp_path: Path, made: bool, said: str) -> None:
    own = tmp_path / "mine"
    if made:
        own.mkdir()
    with pytest.raises(SettingsError, match=said) as caught:
        open_templates(own)
    assert str(own) in caught.value.problem
    assert str(templates_folder()) in caught.value.remedy
