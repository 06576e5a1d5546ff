"""A new project folder: what stands in it, what works in it, and what of one's own stays."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from reportgen import starter
from reportgen.cli import program
from reportgen.errors import UserError
from reportgen.grading.rubric import load_rubric
from reportgen.grading.shipped import shipped_rubrics
from reportgen.settings import load_settings
from reportgen.starter import Started, start_folder
from reportgen.store.files import StorageError

FILES = {"report.toml", ".gitignore", "rubric.toml", "Makefile"}
# Says by which name it was called, and with what.
STAND_IN = '#!/bin/sh\nprintf "%s" "$0"; printf " [%s]" "$@"; echo\n'


def contents(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def test_four_files_are_written_and_nothing_else(tmp_path: Path) -> None:
    started = start_folder(tmp_path / "new/project")
    assert started == Started(tmp_path / "new/project", tuple(started.written), ())
    assert set(started.written) == set(contents(tmp_path / "new/project")) == FILES


def test_the_settings_are_those_of_a_build_without_any(tmp_path: Path) -> None:
    folder = start_folder(tmp_path / "one").folder
    (tmp_path / "two").mkdir()
    plain = load_settings(folder=tmp_path / "two")
    moved = {"build": folder / "build", "cache": folder / ".cache/reportgen"}
    assert load_settings(folder / "report.toml") == plain.model_copy(update=moved)
    lines = (folder / "report.toml").read_text(encoding="utf-8").splitlines()
    assert sum("#" in line for line in lines) > 10, "it explains itself"


def test_the_rubric_is_that_of_the_assignment(tmp_path: Path) -> None:
    folder = start_folder(tmp_path).folder
    own = load_rubric(folder / "rubric.toml")
    shipped = [row for file in shipped_rubrics() for row in load_rubric(file).rows]
    assert [row.criterion for row in own.rows] == [row.criterion for row in shipped]


@pytest.mark.parametrize("name", sorted(FILES))
def test_what_is_there_stays_and_the_rest_is_written(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_bytes(b"mine")
    started = start_folder(tmp_path)
    assert started.kept == (name,)
    assert set(started.written) == FILES - {name}
    assert contents(tmp_path)[name] == b"mine"


@pytest.mark.parametrize("name", ["makefile", "GNUmakefile"])
def test_a_makefile_of_another_name_is_one_too(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_bytes(b"all:\n")
    assert start_folder(tmp_path).kept == (name,)
    assert set(contents(tmp_path)) == FILES - {"Makefile"} | {name}


def test_a_link_is_not_written_through(tmp_path: Path) -> None:
    (tmp_path / "project").mkdir()
    (tmp_path / "project/report.toml").symlink_to(tmp_path / "elsewhere.toml")
    assert start_folder(tmp_path / "project").kept == ("report.toml",)
    assert not (tmp_path / "elsewhere.toml").exists()


def test_what_appears_in_the_last_moment_stays(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(starter, "_own_file", lambda _folder, _name: None)
    (tmp_path / "rubric.toml").write_bytes(b"mine")
    assert start_folder(tmp_path).kept == ("rubric.toml",)
    assert contents(tmp_path)["rubric.toml"] == b"mine"


def test_the_second_time_changes_nothing(tmp_path: Path) -> None:
    start_folder(tmp_path)
    before = contents(tmp_path)
    assert set(start_folder(tmp_path).kept) == FILES
    assert contents(tmp_path) == before


def test_a_file_is_no_folder(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"mine")
    with pytest.raises(UserError, match="is a file, not a folder"):
        start_folder(tmp_path / "file")
    with pytest.raises(StorageError, match="file"):
        start_folder(tmp_path / "file/below")
    assert contents(tmp_path) == {"file": b"mine"}


@pytest.fixture
def tools(tmp_path: Path) -> Path:
    """A PATH with make, sh and a stand-in for reportgen."""
    folder = tmp_path / "tools"
    folder.mkdir()
    for name in ("make", "sh"):
        found = shutil.which(name)
        assert found, f"{name} is not on this machine"
        (folder / name).symlink_to(found)
    (folder / "reportgen").write_text(STAND_IN)
    (folder / "reportgen").chmod(0o755)
    return folder


def make(folder: Path, tools: Path, *arguments: str) -> str:
    done = subprocess.run(
        ["make", *arguments], cwd=folder, env={"PATH": str(tools)}, capture_output=True, text=True, timeout=60
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def test_the_makefile_has_five_lines_that_call_reportgen(tmp_path: Path, tools: Path) -> None:
    folder = start_folder(tmp_path / "my project").folder
    assert len((folder / "Makefile").read_text().splitlines()) == 5
    command = str(tools / "reportgen")
    assert make(folder, tools) == f"{command} [build]"
    assert make(folder, tools, "report", "DATA=my images", "ARGS=--quiet -x") == (
        f"{command} [build] [--data] [my images] [--quiet] [-x]"
    )
    assert make(folder, tools, "watch") == f"{command} [watch]"
    assert make(folder, tools, "doctor") == f"{command} [doctor]"
    assert make(folder, tools, "grade") == f"{command} [grade] [--rubric] [rubric.toml]"


def test_make_prefers_the_environment_of_the_folder(tmp_path: Path, tools: Path) -> None:
    folder = start_folder(tmp_path / "project").folder
    (folder / ".venv/bin").mkdir(parents=True)
    (tools / "reportgen").rename(folder / ".venv/bin/reportgen")
    assert make(folder, tools) == ".venv/bin/reportgen [build]"


def test_git_ignores_what_is_made_and_not_what_is_handed_in(tmp_path: Path) -> None:
    if shutil.which("git") is None:
        pytest.skip("git is not on this machine")
    folder = start_folder(tmp_path).folder
    names = {
        "build/report.html": True, ".cache/reportgen/x": True, "data/sample/test/a/1.png": True,
        ".venv/bin/python": True, "data/test/cat/1.jpg": False, "report.toml": False, "Makefile": False,
        "rubric.toml": False, "src/build/x": False,
    }  # fmt: skip
    subprocess.run(["git", "init", "--quiet"], cwd=folder, check=True)
    done = subprocess.run(["git", "check-ignore", *names], cwd=folder, capture_output=True, text=True)
    assert set(done.stdout.split()) == {name for name, ignored in names.items() if ignored}


def test_the_command_says_what_it_wrote_and_what_it_kept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    for name in ("TF_CPP_MIN_LOG_LEVEL", "KERAS_BACKEND", "SOURCE_DATE_EPOCH"):
        monkeypatch.setenv(name, os.environ.get(name, ""))
    (tmp_path / "here").mkdir()
    (tmp_path / "here/.gitignore").touch()
    monkeypatch.setattr(sys, "argv", ["reportgen", "init", "here"])
    with pytest.raises(SystemExit) as ended:
        program.main()
    assert not ended.value.code
    said = capsys.readouterr().out
    assert "Kept here/.gitignore as it was." in said
    assert [
        name for name in ("report.toml", "rubric.toml", "Makefile") if f"Wrote here/{name}." not in said
    ] == []
    assert "in here run: reportgen build" in said
