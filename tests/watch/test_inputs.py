"""Which changes count, judged without waiting for any."""

from __future__ import annotations

from pathlib import Path

import pytest

import reportgen
from reportgen.templates import templates_folder
from reportgen.watch.changes import ChangeEffect, Inputs, Scope


@pytest.fixture
def home(tmp_path: Path) -> Path:
    for name in ("home/data/train", "home/data/out", "templates/sections", "package/watch"):
        (tmp_path / name).mkdir(parents=True)
    return tmp_path


@pytest.fixture
def scope(home: Path) -> Scope:
    return Scope(inputs(home))


def inputs(home: Path) -> Inputs:
    return Inputs(
        home / "home/report.toml",
        (home / "home/data",),
        (home / "templates",),
        home / "package",
        (home / "home/data/out", home / "home"),
    )


@pytest.mark.parametrize(
    ("path", "concern"),
    [
        ("home/data/train/cat/1.png", ChangeEffect.REPORT),
        ("home/data/train/4913/1.png", ChangeEffect.REPORT),
        ("home/data/train/tmp.png", ChangeEffect.REPORT),
        ("home/data/README.md", ChangeEffect.REPORT),
        ("home/data/outside/1.png", ChangeEffect.REPORT),
        ("home/data", ChangeEffect.REPORT),
        ("templates/sections/neurons.html.j2", ChangeEffect.REPORT),
        ("templates/report.css", ChangeEffect.REPORT),
        ("package/watch/server.py", ChangeEffect.CODE),
        ("package/watch/page.js", None),
        ("package/watch/__pycache__/server.cpython-311.pyc", None),
        ("package/.venv/x.py", None),
        ("package/watch/.#server.py", None),
        ("home/data/out/report.html", None),
        ("home/data/out", None),
        ("home/data/.cache/x.png", None),
        ("home/data/train/.DS_Store", None),
        ("home/data/train/1.png~", None),
        ("home/data/train/.1.png.swp", None),
        ("templates/report.css.swp", None),
        ("templates/4913", None),
        ("templates/#report.css#", None),
        ("templates/report.css___jb_tmp___", None),
        ("home/database/1.png", None),
        ("home/report.html", None),
    ],
)
def test_a_change_calls_for_what_it_should(
    scope: Scope, home: Path, path: str, concern: ChangeEffect | None
) -> None:
    assert scope.effect_of(home / path) == concern


@pytest.mark.parametrize(
    ("path", "counts"),
    [
        ("home/report.toml", True),
        ("home/data", True),
        ("home", True),
        ("templates", True),
        ("home/report.toml.bak", False),
        ("home/report", False),
        ("home/other", False),
        ("home/data/train", False),
    ],
)
def test_only_the_settings_file_and_whole_trees_count_at_a_door(
    scope: Scope, home: Path, path: str, counts: bool
) -> None:
    assert scope.is_entrance(home / path) is counts


def test_trees_are_the_folders_there_are_and_none_twice(home: Path) -> None:
    inner = Inputs(
        home / "home/report.toml",
        (home / "home/data", home / "home/data/train", home / "none"),
        (home / "templates",),
        home / "package",
    )
    assert Scope(inner).trees == [home / "home/data", home / "package", home / "templates"]


def test_what_is_missing_is_awaited_where_it_would_appear(home: Path) -> None:
    away = Inputs(
        home / "gone/deep/report.toml", (home / "home/x/y",), (home / "templates",), home / "package"
    )
    assert Scope(away).doors == [home, home / "home"]


def test_a_folder_that_may_not_be_listed_is_no_door(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("os.access", lambda path, _mode: path != home)
    assert Scope(inputs(home)).doors == [home / "home"]


def test_a_link_is_followed_and_both_its_ends_are_awaited(home: Path) -> None:
    (home / "links").mkdir()
    (home / "links/data").symlink_to(home / "home/data")
    (home / "links/report.toml").symlink_to(home / "package/real.toml")
    linked = Inputs(
        home / "links/report.toml", (home / "links/data",), (home / "templates",), home / "templates"
    )
    scope = Scope(linked)
    assert scope.trees == [home / "home/data", home / "templates"]
    assert scope.doors == [home, home / "home", home / "links", home / "package"]
    assert scope.effect_of(home / "home/data/1.png") == ChangeEffect.REPORT
    for name in ("links/data", "home/data", "links/report.toml", "package/real.toml"):
        assert scope.is_entrance(home / name)


def test_templates_and_code_are_reportgen_s_own_unless_said_otherwise(home: Path) -> None:
    own = Inputs(home / "report.toml")
    assert own.templates == (templates_folder(),)
    assert reportgen.__file__ is not None
    assert own.sources == Path(reportgen.__file__).resolve().parent
