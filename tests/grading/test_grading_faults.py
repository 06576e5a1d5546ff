"""What breaks in reportgen while it grades: a fault of ours, and nobody's loss of points."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import pytest
from graded_run import write_build

from reportgen import faults
from reportgen.cli import program as cli


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The current folder, with a build and a rubric of one row."""
    monkeypatch.chdir(tmp_path)
    write_build(tmp_path / "build")
    (tmp_path / "r.toml").write_text(TABLE, encoding="utf-8")
    return tmp_path


def run(monkeypatch: pytest.MonkeyPatch, *arguments: str) -> object:
    monkeypatch.setattr(sys, "argv", ["reportgen", "grade", "build", *arguments])
    with pytest.raises(SystemExit) as ended:
        cli.main()
    return ended.value.code


TABLE = '[[check]]\ncriterion = "Frozen"\npoints = 4\ncheck = "base_frozen"\n'


@pytest.mark.parametrize("error", [KeyError("before"), AttributeError("shape"), ZeroDivisionError()])
def test_a_check_of_ours_that_breaks_costs_no_points(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], folder: Path, error: Exception
) -> None:
    arguments = ("--rubric", "r.toml", "--json", "g.json", "--junitxml", "j.xml")
    assert run(monkeypatch, *arguments) in (0, 1)
    assert (folder / "g.json").exists()
    assert (folder / "j.xml").exists()

    def judge(*_: Any) -> None:
        raise error

    from reportgen.grading.checks import NamedCheck, find_checks

    checks = find_checks()
    broken = {**checks, "base_frozen": NamedCheck(checks["base_frozen"].cases, judge)}
    monkeypatch.setattr("reportgen.grading.rubric.find_checks", lambda _: broken)
    assert run(monkeypatch, *arguments) == 70
    assert not (folder / "g.json").exists()
    assert not (folder / "j.xml").exists()
    assert type(error).__name__ in capsys.readouterr().err


@pytest.mark.parametrize("hook", ["_count", "_prepare"])
def test_a_plugin_of_ours_that_breaks_is_a_fault(
    monkeypatch: pytest.MonkeyPatch, folder: Path, hook: str
) -> None:

    # As if a line of ours had done it.
    source = compile("def broken(*_):\n    raise IndexError('a row too many')\n", faults.__file__, "exec")
    names: dict[str, Any] = {}
    exec(source, names)  # noqa: S102
    monkeypatch.setattr(f"reportgen.grading.session.GradedRun.{hook}", names["broken"])
    assert run(monkeypatch, "--rubric", "r.toml") == 70


def test_what_a_rubric_of_tests_raises_is_still_its_verdict(
    monkeypatch: pytest.MonkeyPatch, folder: Path
) -> None:
    (folder / "test_a.py").write_text(
        "import pytest\n@pytest.mark.points(1)\ndef test_a(results): results.document['nothing']\n"
    )
    assert run(monkeypatch, "--rubric", "test_a.py") == 1
