"""The command as a grader uses it: exit codes, files, errors."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from small_results import small_results
from typer.testing import CliRunner

from reportgen.cli.program import app
from reportgen.errors import UserError
from reportgen.grading.checks import find_checks

ROW = '[[check]]\ncriterion = "Size"\npoints = 4\npointer = "/transfer/feature_size"\nexpected = {}\n'


@pytest.fixture
def home(tmp_path: Path) -> Path:
    (tmp_path / "build").mkdir()
    (tmp_path / "build/results.json").write_text(small_results().model_dump_json(), encoding="utf-8")
    (tmp_path / "right.toml").write_text(ROW.format(512))
    (tmp_path / "wrong.toml").write_text(ROW.format(511))
    (tmp_path / "test_more.py").write_text(
        "import pytest\n@pytest.mark.points(6, criterion='Layer')\n"
        "def test_layer(results):\n    assert results.neurons.layer == 'block5_conv4'\n"
    )
    return tmp_path


def total(output: str) -> list[str]:
    """The numbers of the table's last row."""
    (line,) = (line for line in output.splitlines() if line.startswith("Total"))
    return line.split()[1:]


def call(*arguments: object) -> Any:
    return CliRunner().invoke(app, ["grade", *map(str, arguments)])


def test_full_points_end_with_0_lost_ones_with_1(home: Path) -> None:
    full = call(home / "build", "--rubric", home / "right.toml")
    assert full.exit_code == 0
    assert total(full.stdout) == ["4", "4"]
    lost = call(home / "build", "--rubric", home / "wrong.toml")
    assert lost.exit_code == 1
    assert total(lost.stdout) == ["0", "4"]


def test_a_table_and_tests_add_up_in_every_file(home: Path) -> None:
    names = {
        "--gradescope": "g.json",
        "--json": "j.json",
        "--csv": "c.csv",
        "--markdown": "m.md",
        "--junitxml": "x.xml",
    }
    options = [part for option, name in names.items() for part in (option, home / name)]
    done = call(home / "build", "--rubric", home / "right.toml", "--rubric", home / "test_more.py", *options)
    assert done.exit_code == 0, done.output
    assert json.loads((home / "g.json").read_text())["score"] == 10
    for name in names.values():
        assert "Layer" in (home / name).read_text(encoding="utf-8")


def test_the_last_build_is_graded_by_the_shipped_rubric(home: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "reportgen", "grade"], cwd=home, capture_output=True, text=True, timeout=100
    )
    assert done.returncode == 1
    assert "Q3 Base frozen" in done.stdout
    assert total(done.stdout)[1] == "100"


@pytest.mark.parametrize("what", ["nothing", "right.toml"])
def test_what_cannot_be_graded_is_an_error_of_the_user(home: Path, what: str) -> None:
    done = call(home / what, "--rubric", home / "right.toml")
    assert isinstance(done.exception, UserError)
    assert done.exception.exit_code == 2
    assert what in done.exception.problem


def test_a_rubric_that_is_wrong_is_named(home: Path) -> None:
    (home / "wrong.toml").write_text(ROW.format(511) + "poinst = 1\n")
    done = call(home / "build", "--rubric", home / "wrong.toml", "--csv", home / "c.csv")
    assert isinstance(done.exception, UserError)
    problem, remedy = done.exception.problem, done.exception.remedy
    assert "did you mean 'points'" in problem
    # Once each: the file, the line on the fault, and what to do.
    assert problem.startswith(f"{home / 'wrong.toml'}: ")
    assert problem.count("wrong.toml") == 1
    assert "\n" not in problem
    assert "Correct the rubric" not in problem
    assert remedy == "Correct the rubric; docs/graders.md explains its keys."


def test_a_rubric_and_tests_that_are_both_wrong_are_both_named(home: Path) -> None:
    (home / "wrong.toml").write_text(ROW.format(511) + "poinst = 1\n")
    (home / "test_wrong.py").write_text("import no_such_module\n")
    done = call(home / "build", "--rubric", home / "wrong.toml", "--rubric", home / "test_wrong.py")
    assert isinstance(done.exception, UserError)
    assert "did you mean 'points'" in done.exception.problem
    assert "test_wrong.py: " in done.exception.problem
    assert "no_such_module" in done.exception.problem
    assert "pytest RUBRIC" in done.exception.remedy


def test_all_checks_are_listed() -> None:
    done = call("--list-checks")
    assert done.exit_code == 0
    assert [line.split(":")[0] for line in done.stdout.splitlines()] == list(find_checks())
