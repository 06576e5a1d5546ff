"""After any command, every file that was there before and is not reportgen's has the same bytes."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
from stand_in import draw_image

from reportgen.cli import program as cli

THESIS = b"my thesis"


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder full of the user's own files, by names that reportgen writes too."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("KERAS_HOME", str(tmp_path / "keras"))
    monkeypatch.setenv("HOME", str(tmp_path / "nobody"))
    names = (
        "report.pdf",
        "arrays/exp.npy",
        "figures/mine.png",
        "model.keras",
        "diff.html",
        ".lock",
        ".batch",
    )
    for name in (*(f"mine/{name}" for name in names), "thesis.txt", "class/a/notes.txt"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_bytes(THESIS)
    for number in range(7):
        for label in ("cat", "dog"):
            draw_image(tmp_path / f"images/{label}/{number}.png", 2 * number + (label == "dog"))
    return tmp_path


def snapshot(folder: Path) -> dict[str, bytes | None]:
    """Every file and folder."""
    return {
        path.relative_to(folder).as_posix(): path.read_bytes() if path.is_file() else None
        for path in folder.rglob("*")
    }


def run(monkeypatch: pytest.MonkeyPatch, *arguments: str) -> object:
    monkeypatch.setattr(sys, "argv", ["reportgen", *arguments])
    with pytest.raises(SystemExit) as ended:
        cli.main()
    return ended.value.code


@pytest.mark.parametrize(
    "arguments",
    [
        "build --data images --build mine",
        "build --data images --build mine --dry-run",
        "build --build mine",
        "build --data images --build thesis.txt",
        "sample --out mine",
        "sample --out thesis.txt",
        "fetch caltech101 --classes butterfly kangaroo --out mine",
        "export-model --build mine",
        "export-model --build mine --out thesis.txt",
        "diff images mine --html thesis.txt",
        "batch class --out mine",
        "grade mine --csv thesis.txt",
        "grade mine --json thesis.txt",
        "grade mine --markdown thesis.txt",
        "grade mine --gradescope thesis.txt",
        "grade mine --junitxml thesis.txt",
        "verify mine --data images --json thesis.txt",
        "verify mine --data images --page thesis.txt",
    ],
)
def test_a_command_that_would_write_over_something_changes_nothing_and_names_it(
    home: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], arguments: str
) -> None:
    before = snapshot(home)
    assert run(monkeypatch, *arguments.split()) == 2
    assert snapshot(home) == before
    problem, remedy = capsys.readouterr().err.strip().splitlines()[-2:]
    assert "thesis.txt" in problem or "mine" in problem
    assert remedy.startswith("  → ")


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        ("build --dry-run", 0, "would be drawn"),
        ("build --explain --dry-run", 0, "would be drawn"),
        ("build --data images --dry-run", 0, "runs"),
        ("build --data images --weights imagenet --explain --dry-run", 0, "would be downloaded"),
        ("--help", 0, "build"),
        ("build --help", 0, "--dry-run"),
        ("clean --build mine", 0, "stays"),
        ("clean", 0, ""),
    ],
)
def test_a_command_that_only_looks_writes_nothing(
    home: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    arguments: str,
    code: int,
    said: str,
) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise AssertionError("a download")

    monkeypatch.setattr("reportgen.acquire.vgg19.fetch_vgg19", refuse)
    before = snapshot(home)
    assert run(monkeypatch, *arguments.split()) in (code, None)
    assert snapshot(home) == before
    assert said in capsys.readouterr().out
