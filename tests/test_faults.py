"""Faults of reportgen itself: never a verdict, always two lines."""

from __future__ import annotations

import errno
import os
import subprocess
import sys
from email.message import Message
from importlib import metadata
from pathlib import Path
from typing import Any

import pytest
from small_results import write_build

from reportgen import faults
from reportgen.cli import program as cli

COMMANDS = {
    "build": ("reportgen.engine.pipeline.build", ("--data", "d", "--quiet")),
    "diff": ("reportgen.diff.compare", ("here/build", "here/build")),
    "watch": ("reportgen.watch.watcher.watch", ()),
    "sample": ("reportgen.acquire.sample.draw_sample", ()),
    "annotate": ("reportgen.acquire.outlines.annotate", ("Annotations", "--data", "d")),
    "doctor": ("reportgen.doctor.examine", ()),
    "export-model": ("reportgen.export.export", ()),
    "grade": ("reportgen.grading.run.grade", ("x",)),
    "verify": ("reportgen.verify.verify", ("x", "--data", "d")),
    "batch": ("reportgen.batch.run.run_batch", ("here/class", "--out", "out")),
}
ERRORS = [
    ValueError("the value 7"),
    KeyError("transfer"),
    EOFError("no data left"),
    OSError(errno.EPIPE, "Broken pipe"),
    PermissionError(errno.EACCES, "Permission denied", "/x"),
    ImportError("No module named 'keras'"),
    RecursionError("too deep"),
    AssertionError("impossible"),
    StopIteration("spent"),
]


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The current folder, with a build and a class that can be worked on."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv(faults.TRACEBACK, raising=False)
    write_build(tmp_path / "here/build")
    (tmp_path / "here/class/one").mkdir(parents=True)
    return tmp_path


def run(monkeypatch: pytest.MonkeyPatch, *arguments: str) -> object:
    monkeypatch.setattr(sys, "argv", ["reportgen", *arguments])
    with pytest.raises(SystemExit) as ended:
        cli.main()
    return ended.value.code


def fail(monkeypatch: pytest.MonkeyPatch, target: str, error: BaseException) -> None:
    def raise_it(*_: Any, **__: Any) -> None:
        raise error

    monkeypatch.setattr(target, raise_it)


@pytest.mark.long
@pytest.mark.parametrize("command", COMMANDS)
@pytest.mark.parametrize("error", ERRORS, ids=lambda error: type(error).__name__)
def test_a_fault_of_ours_is_no_verdict(
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    folder: Path,
    command: str,
    error: Exception,
) -> None:
    target, arguments = COMMANDS[command]
    fail(monkeypatch, target, error)
    assert run(monkeypatch, command, *arguments) == 70
    reported, report = capsys.readouterr().err.splitlines()[-2:]
    assert reported.startswith("reportgen: this is a fault of reportgen itself (")
    assert type(error).__name__ in reported
    assert "in reportgen/cli/" in reported
    assert "report it to" in report


def test_the_trace_is_shown_to_those_who_ask_for_it(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], folder: Path
) -> None:
    target, arguments = COMMANDS["grade"]
    fail(monkeypatch, target, ValueError("the value 7"))
    assert run(monkeypatch, "grade", *arguments) == 70
    assert len(capsys.readouterr().err.splitlines()) == 2
    monkeypatch.setenv("REPORTGEN_TRACEBACK", "1")
    assert run(monkeypatch, "grade", *arguments) == 70
    lines = capsys.readouterr().err.splitlines()
    assert lines[0] == "Traceback (most recent call last):"
    assert lines[-3] == "ValueError: the value 7"


@pytest.mark.parametrize(
    ("urls", "said"),
    [
        ([], "whoever maintains your copy (README.md, “Reporting a fault”)"),
        (["Homepage, https://x.example"], "https://x.example"),
        (["Homepage, https://x.example", "Issues, https://x.example/issues"], "https://x.example/issues"),
    ],
)
def test_it_is_reported_where_the_installed_package_says(
    monkeypatch: pytest.MonkeyPatch, urls: list[str], said: str
) -> None:
    described = Message()
    for url in urls:
        described["Project-URL"] = url
    monkeypatch.setattr(metadata, "metadata", lambda _: described)
    assert f"report it to {said}, with the command" in faults.report_line()


def test_the_readme_says_how() -> None:
    text = (Path(__file__).parents[1] / "README.md").read_text(encoding="utf-8")
    assert "Reporting a fault" in [line.lstrip("# ") for line in text.splitlines() if line.startswith("#")]


def test_no_memory_is_no_fault_of_ours(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], folder: Path
) -> None:
    fail(monkeypatch, "reportgen.engine.pipeline.build", MemoryError())
    assert run(monkeypatch, "build", "--data", "d", "--quiet") == 2
    assert "no memory left" in capsys.readouterr().err


def test_a_library_that_cannot_be_imported_is_told_as_well(tmp_path: Path) -> None:
    """Before the command line is there: by the one way in."""
    code = "import sys; sys.modules['typer'] = None\nfrom reportgen.__main__ import main\nmain()"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60)
    assert done.returncode == 70
    assert done.stderr.startswith("reportgen: this is a fault of reportgen itself (")
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize(
    "arguments", [["schema"], ["grade", "build"], ["grade", "--list-checks"], ["--help"]]
)
def test_output_that_nobody_reads_is_no_verdict(folder: Path, arguments: list[str]) -> None:
    reading, writing = os.pipe()
    os.close(reading)
    command = [sys.executable, "-m", "reportgen", *arguments]
    done = subprocess.run(
        command, cwd=folder / "here", stdout=writing, stderr=subprocess.PIPE, text=True, timeout=60
    )
    os.close(writing)
    assert done.returncode == 141
    assert done.stderr == ""
