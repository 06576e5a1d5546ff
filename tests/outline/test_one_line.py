"""A section of reportgen's own is one folder, its template in it, and one line in a report that has it."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


def run(folder: Path, *command: str | Path) -> subprocess.CompletedProcess[str]:
    """A command in a folder with a reportgen of its own."""
    environment = {"PYTHONPATH": str(folder), "PATH": "/usr/bin:/bin", "HOME": str(folder), "COLUMNS": "200"}
    return subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, timeout=300)


@pytest.fixture(scope="module")
def extended(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the program with one folder and one line more."""
    folder = tmp_path_factory.mktemp("extended")
    shutil.copytree(ROOT / "reportgen", folder / "reportgen", ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copytree(ROOT / "templates", folder / "templates")
    shutil.copy(ROOT / "report.toml", folder)
    shutil.copy(ROOT / "pyproject.toml", folder)
    added = folder / "reportgen/sections/plain"
    shutil.copytree(ROOT / "tests/outside/plain", added)
    for file in added.glob("*.py"):
        text = file.read_text(encoding="utf-8")
        text = text.replace('package="plain"', 'package="reportgen.sections.plain"')
        file.write_text(text.replace("from plain.", "from reportgen.sections.plain."), encoding="utf-8")
    report = folder / "reportgen/sections/assignment.py"
    lines = report.read_text(encoding="utf-8").splitlines(keepends=True)
    (number,) = (n for n, line in enumerate(lines) if line.strip() == '"errors",')
    report.write_text("".join([*lines[:number], '        "plain",\n', *lines[number:]]), encoding="utf-8")
    return folder


def test_one_line_puts_a_folder_into_the_report_and_its_schema(extended: Path) -> None:
    # What `make schema` runs: schema and pointers are kept as files.
    written = run(extended, sys.executable, "-m", "reportgen.contract")
    assert written.returncode == 0, written.stderr
    shown = run(extended, sys.executable, "-m", "reportgen", "schema")
    assert shown.returncode == 0, shown.stderr
    sections = [*json.loads(shown.stdout)["properties"]]
    assert sections.index("plain") == sections.index("errors") - 1
    pointers = run(extended, sys.executable, "-m", "reportgen", "schema", "--pointers")
    assert "`/plain/classes`" in pointers.stdout


def test_the_layers_hold_for_it_without_another_line(extended: Path) -> None:
    linter = Path(sys.executable).with_name("lint-imports")
    kept = run(extended, linter, "--no-cache")
    assert kept.returncode == 0, kept.stdout
    file = extended / "reportgen/sections/plain/compute.py"
    whole = file.read_text(encoding="utf-8")
    line = "from reportgen.sections.transfer.result import Transfer as Transfer\n"
    file.write_text(f"{whole}\n{line}", encoding="utf-8")
    broken = run(extended, linter, "--no-cache")
    file.write_text(whole, encoding="utf-8")
    assert broken.returncode == 1
    assert "A section sees no other section BROKEN" in broken.stdout
    assert "reportgen.sections.plain is not allowed to import reportgen.sections.transfer" in broken.stdout
