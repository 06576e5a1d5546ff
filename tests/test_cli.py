"""The command line: what it passes on, what it prints where, and how it ends."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from reportgen import __version__
from reportgen.cli import program as cli
from reportgen.cli.program import repeat_option
from reportgen.errors import DataError, RenderError, UserError


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty current folder."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


def run(monkeypatch: pytest.MonkeyPatch, *arguments: str) -> object:
    """Run the command in this process; returns the exit code (None: not left by an exit)."""
    monkeypatch.setattr(sys, "argv", ["reportgen", *arguments])
    try:
        cli.main()
    except SystemExit as stopped:
        return stopped.code
    return None


class CalledError(BaseException):
    """Raised in place of the work, with what it was called with; not to be taken for a fault."""


def intercept(monkeypatch: pytest.MonkeyPatch, target: str) -> None:
    def stop(*args: Any, **options: Any) -> None:
        raise CalledError(args, options)

    monkeypatch.setattr(target, stop)


def call_of(monkeypatch: pytest.MonkeyPatch, *arguments: str) -> tuple[tuple[Any, ...], dict[str, Any]]:
    with pytest.raises(CalledError) as called:
        run(monkeypatch, *arguments)
    args, options = called.value.args
    return args, options


@pytest.mark.parametrize(
    ("arguments", "repeated"),
    [
        (["--classes", "a", "b", "c"], ["--classes", "a", "--classes", "b", "--classes", "c"]),
        (["x", "--classes", "a", "b", "--out", "o"], ["x", "--classes", "a", "--classes", "b", "--out", "o"]),
        (["--out", "o", "x", "--classes", "a"], ["--out", "o", "x", "--classes", "a"]),
        (["--classes", "a", "--classes", "b"], ["--classes", "a", "--classes", "b"]),
        (["--classes", "a", "-q", "b"], ["--classes", "a", "-q", "b"]),
        (["--classes"], ["--classes"]),
        ([], []),
    ],
)
def test_an_option_may_be_followed_by_several_values(arguments: list[str], repeated: list[str]) -> None:
    assert repeat_option(arguments, "--classes") == repeated


def test_fetch_takes_several_classes(monkeypatch: pytest.MonkeyPatch) -> None:
    intercept(monkeypatch, "reportgen.acquire.caltech101.fetch_caltech101")
    arguments = ("fetch", "caltech101", "--classes", "butterfly", "kangaroo", "Leopards", "--out", "here")
    args, _ = call_of(monkeypatch, *arguments)
    assert args == (["butterfly", "kangaroo", "Leopards"], Path("here"))


def test_annotate_takes_images_and_outlines(monkeypatch: pytest.MonkeyPatch, folder: Path) -> None:
    intercept(monkeypatch, "reportgen.acquire.outlines.annotate")
    args, _ = call_of(monkeypatch, "annotate", "Annotations", "--data", "mine")
    assert args[:3] == (folder / "mine", Path("Annotations"), 671)


def test_sample_takes_folder_and_seed(monkeypatch: pytest.MonkeyPatch) -> None:
    intercept(monkeypatch, "reportgen.acquire.sample.draw_sample")
    args, _ = call_of(monkeypatch, "sample", "--out", "here", "--seed", "5")
    assert args[:2] == (Path("here"), 5)


def test_build_passes_on_what_was_asked(monkeypatch: pytest.MonkeyPatch, folder: Path) -> None:
    intercept(monkeypatch, "reportgen.engine.pipeline.build")
    (folder / "sub").mkdir()
    (folder / "sub/report.toml").write_text('data = "mine"\nbuild = "theirs"\nseed = 9')
    arguments = ("--settings", "sub/report.toml", "--build", "out", "--weights", "w.h5", "--quiet")
    (settings, data, *_), _ = call_of(monkeypatch, "build", *arguments)
    assert data == folder / "sub/mine", "a path of the file counts from the file"
    assert settings.build == folder / "out", "one of the command line from the current folder"
    assert settings.weights == str(folder / "w.h5")
    assert settings.seed == 9


@pytest.mark.parametrize("weights", ["auto", "imagenet", "imagenet-notop", "embedded"])
def test_the_name_of_weights_is_no_path(monkeypatch: pytest.MonkeyPatch, weights: str) -> None:
    intercept(monkeypatch, "reportgen.engine.preparation.prepare_settings")
    (settings, *_), _ = call_of(monkeypatch, "build", "--data", "d", "--weights", weights)
    assert settings.weights == weights


def test_without_data_the_sample_is_drawn_first(monkeypatch: pytest.MonkeyPatch, folder: Path) -> None:
    intercept(monkeypatch, "reportgen.acquire.sample.draw_sample")
    args, _ = call_of(monkeypatch, "build", "--quiet")
    assert args[0] == folder / "data/sample"


def test_a_sample_that_is_there_is_not_drawn_again(monkeypatch: pytest.MonkeyPatch, folder: Path) -> None:
    (folder / "data/sample").mkdir(parents=True)
    intercept(monkeypatch, "reportgen.engine.pipeline.build")
    monkeypatch.delattr("reportgen.acquire.sample.draw_sample")
    monkeypatch.setattr("reportgen.acquire.sample.draw_sample", None, raising=False)
    (_, data, *_), _ = call_of(monkeypatch, "build", "--quiet")
    assert data == folder / "data/sample"


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (UserError("The value x.", "Do y."), 2),
        (DataError(["a.jpg is empty", "b.jpg is empty"], "Do y."), 2),
        (RenderError("The value x.", "Do y."), 1),
    ],
)
def test_an_error_goes_to_the_error_stream_with_its_remedy(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], error: UserError, code: int
) -> None:
    def fail(*_: Any) -> None:
        raise error

    monkeypatch.setattr("reportgen.engine.pipeline.build", fail)
    assert run(monkeypatch, "build", "--data", "d", "--quiet") == code
    out, err = capsys.readouterr()
    assert out == ""
    assert err == f"reportgen: {error.problem}\n  → Do y.\n"


def test_bad_settings_are_told_with_file_and_key(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], folder: Path
) -> None:
    (folder / "report.toml").write_text("sead = 1")
    assert run(monkeypatch, "build") == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert "report.toml, line 1: " in err
    assert "'sead' (did you mean 'seed'?)" in err


def test_a_data_folder_that_is_not_there_is_named(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], folder: Path
) -> None:
    assert run(monkeypatch, "build", "--data", "nowhere", "--quiet") == 2
    assert str(folder / "nowhere") in capsys.readouterr().err


def test_a_build_folder_that_is_a_file_is_named(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], folder: Path
) -> None:
    (folder / "build").write_text("mine")
    assert run(monkeypatch, "build", "--data", "nowhere", "--quiet") == 2
    assert f"{folder / 'build'}: cannot be written" in capsys.readouterr().err
    assert (folder / "build").read_text() == "mine"


def test_a_model_needs_a_build_first(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], folder: Path
) -> None:
    assert run(monkeypatch, "export-model", "--quiet") == 2
    err = capsys.readouterr().err
    assert str(folder / "build/results.json") in err
    assert "reportgen build" in err


def test_the_doctor_exits_with_1_if_something_is_wrong(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    from reportgen.doctor import Finding

    findings = [Finding(True, "Fonts"), Finding(False, "Disk: full")]
    monkeypatch.setattr("reportgen.doctor.examine", lambda _: findings)
    assert run(monkeypatch, "doctor") == 1
    assert capsys.readouterr().out.splitlines() == ["ok       Fonts", "PROBLEM  Disk: full"]
    del findings[1]
    assert not run(monkeypatch, "doctor")


def test_control_c_ends_with_130(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    def stop(*_: Any) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("reportgen.engine.pipeline.build", stop)
    assert run(monkeypatch, "build", "--data", "d", "--quiet") == 130
    out, err = capsys.readouterr()
    assert out == ""
    assert "what was made before is as it was" in err
    assert "Traceback" not in err


@pytest.mark.parametrize(
    "arguments", [["bild"], ["build", "--dta", "x"], ["fetch", "imagenet"], ["sample", "--seed", "x"]]
)
def test_what_cannot_be_understood_is_named(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], arguments: list[str]
) -> None:
    assert run(monkeypatch, *arguments) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert arguments[1 if len(arguments) > 1 else 0] in err


def test_help_names_every_command(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert not run(monkeypatch, "--help")
    said = capsys.readouterr().out
    for command in ("build", "sample", "annotate", "fetch", "doctor", "--version"):
        assert command in said


def test_the_version_is_printed(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    assert not run(monkeypatch, "--version")
    assert capsys.readouterr() == (f"reportgen {__version__}\n", "")


def test_the_module_is_the_command(folder: Path) -> None:
    command = [sys.executable, "-m", "reportgen", "build", "--settings", "none.toml"]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=60)
    assert done.returncode == 2
    assert done.stdout == ""
    assert "none.toml" in done.stderr
    assert "Traceback" not in done.stderr
