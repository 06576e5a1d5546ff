"""A class whose groups' processes are forks gets the same bytes as one whose processes start afresh."""

from __future__ import annotations

import hashlib
import subprocess
import sys
from contextlib import nullcontext
from pathlib import Path

import pytest
from tiny_data import CLASSES, draw_tiny_data

from reportgen.batch import attempt
from reportgen.batch.attempt import LocalRunner
from reportgen.batch.class_file import read_class
from reportgen.batch.process import start_afresh
from reportgen.batch.progress_view import SilentView
from reportgen.batch.run import run_batch
from reportgen.batch.warm import can_fork

pytestmark = [
    pytest.mark.slow,
    pytest.mark.prints,
    pytest.mark.long,
    pytest.mark.skipif(not can_fork(), reason="forks are of Linux only"),
]

# A gradient of VGG19 beside its forward passes and a training.
SETTINGS = 'sections = ["transfer", "neurons"]\nweights = "embedded"\n[show]\nneurons = 1\n'


def make_class(folder: Path) -> Path:
    """Two groups with images of their own, each with a build."""
    lines = ['sections = ["transfer", "neurons"]', 'weights = "embedded"']
    for name in ("one", "two"):
        group = folder / "groups" / name
        draw_tiny_data(group / "data")
        if name == "two":
            # The image that is explained, so that their reports differ.
            (group / f"data/train/{CLASSES[1]}/train 0.jpg").unlink()
        (group / "report.toml").write_text(SETTINGS, encoding="utf-8")
        subprocess.run([sys.executable, "-m", "reportgen", "build", "--quiet"], cwd=group, check=True)
        lines += ["[[group]]", f'name = "{name}"', f'folder = "groups/{name}"']
    (folder / "class.toml").write_text("\n".join(lines) + "\n", encoding="utf-8")
    return folder / "class.toml"


def hashes(folder: Path) -> dict[str, str]:
    """Of all that a run leaves but how long it took and what it kept for the next."""
    return {
        file.relative_to(folder).as_posix(): hashlib.sha256(file.read_bytes()).hexdigest()
        for file in sorted(folder.rglob("*"))
        if file.is_file()
        and file.name not in ("costs.json", "timings.csv", ".lock")
        and ".cache" not in file.relative_to(folder).parts
    }


def test_the_same_bytes_come_out(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    chosen = read_class(make_class(tmp_path))
    warm = run_batch(chosen, tmp_path / "warm", LocalRunner(2), SilentView())
    assert [row.status for row in warm.rows] == ["done", "done"]
    monkeypatch.setattr(attempt, "starting_warm", lambda *_: nullcontext(start_afresh))
    run_batch(chosen, tmp_path / "afresh", LocalRunner(2), SilentView())
    found = hashes(tmp_path / "warm")
    assert len(found) > 20
    assert found == hashes(tmp_path / "afresh")
