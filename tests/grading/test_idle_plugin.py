"""Runs in processes of their own: those of other people, who know no plugin of ours, and pytest-xdist's."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from bs4 import BeautifulSoup
from graded_run import Ended, run_apart, run_here, write_tests
from small_results import small_results

PLAIN = """
import pytest, sys
@pytest.mark.parametrize("n", [1, 2])
def test_a(n): assert n == 1
def test_b(): pytest.skip("later")
def test_c(nothing): pass
def test_light():
    heavy = {"pydantic", "numpy", "rich", "jsonschema", "tensorflow", "reportgen.settings"}
    assert not heavy & set(sys.modules)
    assert "reportgen.grading.plugin" in sys.modules or "no:reportgen" in sys.argv
"""
SHARED = """
import os
@points(1, depends="Base")
@pytest.mark.parametrize("n", range(4))
def test_early(n): pass
@points(2, criterion="Free")
@pytest.mark.parametrize("n", range(5))
def test_free(n): assert n
@points(1)
def test_broken(nothing): pass
@points(1, depends="More")
@pytest.mark.parametrize("n", range(12))
def test_follower(n): pass
"""
BASE = """
@points(3, tags="t", visibility="hidden")
@pytest.mark.parametrize("n", range(3))
def test_base(n): assert n != 1
@points("0.5", criterion="Free")
def test_some(): pass
@points(1)
def test_more(): pass
"""

UPSIDE_DOWN = """
import pytest
class Reverser:
    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_collection_modifyitems(self, items):
        yield
        items.reverse()
def pytest_configure(config):
    config.pluginmanager.register(Reverser())
"""


def elements(file: Path) -> list[Any]:
    return list(BeautifulSoup(file.read_bytes(), "xml").find_all(True))


def scrubbed(ended: Ended) -> str:
    return re.sub(r"\d+\.\d+s|0x[0-9a-f]+", "…", ended.output).replace("reportgen-0.1.0, ", "")


@pytest.mark.long
def test_runs_of_others_are_as_without_the_plugin(tmp_path: Path) -> None:
    folder = write_tests(tmp_path, b="import no_such_module")
    (folder / "test_a.py").write_text(PLAIN)
    common = ("-q", "-ra", "--continue-on-collection-errors")
    present = run_apart(folder, *common, "--junitxml=with.xml")
    absent = run_apart(folder, *common, "--junitxml=without.xml", "-p", "no:reportgen")
    assert present.code == absent.code == 1
    text, expected = (scrubbed(ended).replace("without.xml", "with.xml") for ended in (present, absent))
    # The list of fixtures that a missing one is answered with has two more.
    assert text.replace("report_html, results, ", "") == expected
    pages = [elements(folder / name) for name in ("with.xml", "without.xml")]
    shapes = [[(e.name, e.get("name"), e.get("tests"), e.get("failures")) for e in page] for page in pages]
    assert shapes[0] == shapes[1]
    assert "properties" not in [name for name, *_ in shapes[0]]


@pytest.mark.long
def test_two_processes_give_the_same_grades_as_one(tmp_path: Path) -> None:
    folder = write_tests(tmp_path, a=SHARED, z=BASE, x="import no_such_module")
    options = ("--grades-csv=grades.csv", "--junitxml=junit.xml", "--tb=no", "-q")
    alone = run_here(folder, *options)
    expected = alone.scores
    assert expected == {
        "Early": "0 skipped", "Free": "2.1 failed", "Broken": "0 error", "Follower": "1 passed",
        "Base": "2 failed", "More": "1 passed", "test_x.py": "0 error",
    }  # fmt: skip
    table = (folder / "grades.csv").read_bytes()
    both = run_apart(folder, *options, "-n", "2", "--grades-json=grades.json")
    assert both.scores == expected
    assert (folder / "grades.csv").read_bytes() == table
    assert both.grades.gaps == alone.grades.gaps
    assert both.code == alone.code == 1
    found = elements(folder / "junit.xml")
    assert [item["value"] for item in found if item.name == "property"][:2] == ["6.1", "9.5"]
    assert [item.parent.name for item in found if item.name == "properties"] == ["testsuite"]


@pytest.mark.long
@pytest.mark.parametrize(
    ("text", "code", "said"),
    [
        ("@points(1, depends='b')\ndef test_a(): pass", 4, "ERROR: test_a.py::test_a: depends on 'b'"),
        (
            "import os\n@points(1)\ndef test_a(): os._exit(3)\n@points(1, depends='A')\ndef test_b(): pass",
            1,
            "Total           0   2",
        ),
    ],
)
def test_workers_that_refuse_or_die_are_heard_of(tmp_path: Path, text: str, code: int, said: str) -> None:
    ended = run_apart(write_tests(tmp_path, a=text), "-n", "1", "--tb=no", "-q")
    assert ended.code == code
    assert re.sub(" +", " ", said) in re.sub(" +", " ", ended.output)


def test_no_other_plugin_puts_a_test_before_what_it_depends_on(tmp_path: Path) -> None:
    text = "@points(1)\ndef test_a(): assert False\n@points(1, depends='A')\ndef test_b(): pass"
    (tmp_path / "upside_down.py").write_text(UPSIDE_DOWN)
    ended = run_apart(write_tests(tmp_path, a=text), "-p", "upside_down", "--tb=no", "-v")
    order = [line.split("::")[1].split()[:2] for line in ended.output.splitlines() if "%]" in line]
    assert order == [["test_a", "FAILED"], ["test_b", "SKIPPED"]]


RUBRIC = """
most_bonus = 1
[[check]]
criterion = "Bands"
pointer = "/transfer/accuracy/test"
bands = [[0.9, 5], [0.6, 3]]
[[check]]
criterion = "By hand"
manual = true
text = "Look."
points = 2
[[check]]
criterion = "Arrays"
check = "largest_neurons"
points = 4
[[check]]
criterion = "Behind"
pointer = "/transfer/feature_size"
expected = 512
points = 1
depends = "Arrays"
[[check]]
criterion = "Taken"
pointer = "/transfer/feature_size"
expected = 512
points = -1
[[check]]
criterion = "More"
pointer = "/transfer/feature_size"
expected = 512
points = 3
bonus = true
"""


@pytest.mark.long
def test_two_processes_hand_on_what_a_rubric_says(tmp_path: Path) -> None:
    (tmp_path / "results.json").write_text(small_results().model_dump_json(), encoding="utf-8")
    (tmp_path / "my.rubric.toml").write_text(RUBRIC)
    options = ("my.rubric.toml", "--results=results.json", "--grades-csv=grades.csv", "-q")
    alone = run_here(tmp_path, *options)
    assert alone.scores == {
        "Bands": "3 failed", "By hand": "0 not graded yet", "Arrays": "0 not checkable",
        "Behind": "0 not checkable", "Taken": "-1 failed", "More": "3 passed", "Bonus limit": "-2 passed",
    }  # fmt: skip
    assert "3 of 5 points, 5 not checkable, 2 not graded yet" in alone.output
    table = (tmp_path / "grades.csv").read_bytes()
    both = run_apart(tmp_path, *options, "-n", "2", "--grades-json=grades.json")
    assert both.scores == alone.scores
    assert (tmp_path / "grades.csv").read_bytes() == table
