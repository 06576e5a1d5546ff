"""The JUnit file, read by a reader that is not ours and held against what xUnit 2 allows."""

from __future__ import annotations

from pathlib import Path

import pytest
from bs4 import BeautifulSoup
from graded_run import run_here, write_tests
from junitparser import Error, Failure, JUnitXml, Skipped

TEXT = r"""
@points(2, criterion="Q1 <shape> & \"more\"")
@pytest.mark.parametrize("n", [1, 2, 3])
def test_shape(n): assert n < 3, "\x00\x1b[31mred\x1b[0m \ud800 ]]> <b>"
@points(1, depends="test_shape")
def test_b(): pass
@points(1)
def test_c(nothing): pass
@points(1)
def test_d(record_property): pass
"""
ALLOWED = {
    "testsuites": {"name"},
    "testsuite": {"name", "errors", "failures", "skipped", "tests", "time", "timestamp", "hostname"},
    "properties": set(),
    "property": {"name", "value"},
    "testcase": {"classname", "name", "time"},
    "failure": {"message", "type"},
    "error": {"message", "type"},
    "skipped": {"message", "type"},
}
"""What an xUnit 2 file may have here, by element."""


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = write_tests(tmp_path_factory.mktemp("junit"), a=TEXT)
    run_here(folder, "--junitxml=junit.xml", "--tb=long")
    return folder / "junit.xml"


def properties(file: Path) -> dict[str, str]:
    """What stands in the file's only suite, as a reader of JUnit files has it."""
    (suite,) = JUnitXml.fromfile(str(file))
    return {item.name: item.value for item in suite.properties()}  # type: ignore[no-untyped-call]


def test_points_are_properties_of_the_suite(file: Path) -> None:
    assert properties(file) == {
        "points.total": "2.33", "points.max": "5", "points.complete": "true",
        'points.Q1 <shape> & "more"': "1.33/2", "points.B": "0/1", "points.C": "0/1", "points.D": "1/1",
    }  # fmt: skip


def test_each_test_is_a_case(file: Path) -> None:
    (suite,) = JUnitXml.fromfile(str(file))
    found = {case.name: [type(result) for result in case.result] for case in suite}
    assert found == {
        "test_shape[1]": [], "test_shape[2]": [], "test_shape[3]": [Failure], "test_b": [Skipped],
        "test_c": [Error], "test_d": [],
    }  # fmt: skip


def test_nothing_stands_where_xunit_2_has_no_place_for_it(file: Path) -> None:
    elements = BeautifulSoup(file.read_bytes(), "xml").find_all(True)
    assert {element.name for element in elements} == set(ALLOWED)
    for element in elements:
        assert set(element.attrs) <= ALLOWED[element.name]
        assert element.name != "properties" or element.find_parent("testsuite") is element.parent
