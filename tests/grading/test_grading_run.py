"""One report graded in this process, whatever lies around it."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest
from graded_run import EARLIER, write_build, write_tests
from junitparser import JUnitXml

from reportgen.grading.exports.document import read_grades
from reportgen.grading.run import Exports, GradingError, grade
from reportgen.submission import SubmissionError

TEXT = """
@points(2)
def test_accuracy(results): assert results.transfer.accuracy["test"] == 5 / 8
@points(1)
def test_page(report_html): assert "nothing" in report_html
print("noise")
"""
SABOTAGE = "raise SystemExit('this must never be read')"


@pytest.fixture
def build(tmp_path: Path) -> Path:
    return write_build(tmp_path / "handed in")


def rubric(tmp_path: Path, text: str = TEXT) -> Path:
    return write_tests(tmp_path / "the rubric", a=text) / "test_a.py"


def test_grades_and_all_files_come_of_one_call(
    tmp_path: Path, build: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "out"
    exports = Exports(out / "g.json", out / "j.xml", out / "t.csv", out / "d.json", out / "m.md")
    grades = grade(build, [rubric(tmp_path)], exports=exports)
    assert [f"{item.name} {item.score}/{item.points}" for item in grades.criteria] == [
        "Accuracy 2/2", "Page 0/1",
    ]  # fmt: skip
    assert grades.subject == str(build)
    assert grades.complete
    assert read_grades(out / "d.json") == grades
    assert json.loads((out / "g.json").read_text())["score"] == 2
    (suite,) = JUnitXml.fromfile(str(out / "j.xml"))
    found = {item.name: item.value for item in suite.properties()}  # type: ignore[no-untyped-call]
    assert found["points.total"] == "2"
    assert (out / "t.csv").read_text().count("\n") == 3
    assert "**2 of 3 points**" in (out / "m.md").read_text()
    assert sorted(path.name for path in out.iterdir()) == ["d.json", "g.json", "j.xml", "m.md", "t.csv"]
    displayed = capfd.readouterr()
    assert displayed.out.splitlines()[-1].split() == ["Total", "2", "3"]
    assert "noise" not in displayed.out + displayed.err


def test_nothing_is_printed_unless_asked_for(
    tmp_path: Path, build: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    grade(build, [rubric(tmp_path)], show=False)
    assert capfd.readouterr() == ("", "")


def test_the_caller_s_configuration_and_the_submission_have_no_say(
    tmp_path: Path, build: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = rubric(tmp_path)
    for folder in (build, tmp_path / "here", tmp_path):
        write_tests(folder, evil=SABOTAGE)
        (folder / "conftest.py").write_text(SABOTAGE)
    for folder in (build, tmp_path / "here", tmp_path, file.parent):
        (folder / "pytest.ini").write_text("[pytest]\naddopts = --nonsense\npython_functions = nothing_*\n")
    monkeypatch.chdir(tmp_path / "here")
    monkeypatch.setenv("PYTEST_ADDOPTS", "--nonsense")
    monkeypatch.setenv("PYTEST_PLUGINS", "no_such_plugin")
    expected = {"Accuracy": 2, "Page": 0}
    for _ in range(2):
        grades = grade(build, [file], show=False)
        assert {item.name: item.score for item in grades.criteria} == expected
    import os

    assert os.environ["PYTEST_ADDOPTS"] == "--nonsense"
    assert "PYTEST_DISABLE_PLUGIN_AUTOLOAD" not in os.environ


def test_a_changed_rubric_is_read_again_and_leaves_nothing_behind(tmp_path: Path, build: Path) -> None:
    file = rubric(tmp_path, "from helper import N\n@points(N)\ndef test_a(): pass")
    (file.parent / "conftest.py").write_text("LOADED = True\n")
    modules, path = set(sys.modules), list(sys.path)
    for points in (1, 23):  # of unequal length: compiled files are told apart by size and second
        (file.parent / "helper.py").write_text(f"N = {points}\n")
        assert grade(build, [file], show=False).points == points
        assert sys.path == path
        assert not [name for name in set(sys.modules) - modules if name.startswith(("helper", "test_a"))]


def test_rubrics_of_several_folders_are_one(tmp_path: Path, build: Path) -> None:
    one = write_tests(tmp_path / "one", a="@points(1, criterion='1')\ndef test_a(): pass") / "test_a.py"
    two = write_tests(tmp_path / "two", a="@points(1, depends='1')\ndef test_b(): pass") / "test_a.py"
    assert [item.name for item in grade(build, [two, one], show=False).criteria] == ["B", "1"]


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("import no_such_module", r"(?s)test_a\.py: .*no_such_module"),
        ("@points(-1)\ndef test_a(): pass", r"test_a\.py::test_a: points\(-1\)"),
        ("@points(1, depends='b')\ndef test_a(): pass", "depends on 'b'"),
        ("", "has no test"),
        ("def test_a(): pytest.exit('enough')", "enough"),
    ],
)
def test_a_rubric_that_cannot_be_used_is_an_error_and_leaves_no_complete_grades(
    tmp_path: Path, build: Path, text: str, named: str
) -> None:
    (tmp_path / "grades.json").write_text(EARLIER)
    with pytest.raises(GradingError, match=named):
        grade(build, [rubric(tmp_path, text)], exports=Exports(json=tmp_path / "grades.json"))
    if (tmp_path / "grades.json").exists():
        assert not read_grades(tmp_path / "grades.json").complete


def test_what_cannot_be_collected_is_an_error_even_beside_what_can(tmp_path: Path, build: Path) -> None:
    good = rubric(tmp_path)
    bad = write_tests(tmp_path / "other", b="import no_such_module") / "test_b.py"
    with pytest.raises(GradingError, match="no_such_module"):
        grade(build, [good, bad], exports=Exports(json=tmp_path / "grades.json"), show=False)
    left = read_grades(tmp_path / "grades.json")
    assert not left.complete
    assert left.score == 2


def test_rubrics_are_taken_neither_from_the_submission_nor_from_nowhere(tmp_path: Path, build: Path) -> None:
    inside = write_tests(build, a=SABOTAGE) / "test_a.py"
    with pytest.raises(GradingError, match="lies in the submission"):
        grade(build, [inside])
    link = tmp_path / "link.py"
    link.symlink_to(inside)
    with pytest.raises(GradingError, match="lies in the submission"):
        grade(build, [link])
    with pytest.raises(GradingError, match=r"gone\.py: is no file"):
        grade(build, [tmp_path / "gone.py"])
    with pytest.raises(GradingError, match="No rubric"):
        grade(build, [])


def test_a_submission_that_is_none_is_its_own_error(tmp_path: Path) -> None:
    stale = tmp_path / "grades.json"
    stale.write_text(EARLIER)
    with pytest.raises(SubmissionError, match="nowhere"):
        grade(tmp_path / "nowhere", [rubric(tmp_path)], exports=Exports(json=stale))
    assert not stale.exists()


def test_ctrl_c_stops_the_caller_too(tmp_path: Path, build: Path) -> None:
    with pytest.raises(KeyboardInterrupt):
        grade(build, [rubric(tmp_path, "@points(1)\ndef test_a(): raise KeyboardInterrupt")])
