"""Each section of both kinds of report, with nothing but what it is computed from: it is built and graded."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from stand_in import counting, make_home
from typer.testing import CliRunner

from reportgen.cli.program import app
from reportgen.engine import pipeline
from reportgen.grading.run import grade
from reportgen.grading.score import Grades
from reportgen.grading.shipped import shipped_rubrics
from reportgen.outline.kind import find_section, list_sections
from reportgen.settings import load_settings

pytestmark = pytest.mark.slow

TRAINING = """
[training]
epochs = 1
[[architectures]]
name = "Mine"
layers = [{ layer = "conv", filters = 2, size = 16, stride = 16 }, { layer = "flatten" }]
"""
OF_THE_REAL_NETWORK = "Q4 Last convolution layer 14 × 14 × 512"
OF_THREE = "Networks: three or more are compared"


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    with counting():
        yield make_home(tmp_path_factory.mktemp("sections"))


def build(home: Path, name: str, report: str = "assignment") -> Path:
    names = [*find_section(name).reads.sections, name]
    more = TRAINING if "architectures" in names else ""
    text = f'report = "{report}"\nsections = {json.dumps(names)}\nweights = "embedded"\n{more}'
    (home / "report.toml").write_text(text, encoding="utf-8")
    pipeline.build(load_settings(folder=home), home / "data")
    return home / "build"


def lost(grades: Grades) -> dict[str, str]:
    """What was not passed, in the words of the first case."""
    return {item.name: item.cases[0].message for item in grades.criteria if item.status != "passed"}


@pytest.mark.long
@pytest.mark.parametrize("name", [section.name for section in list_sections()])
def test_a_section_needs_no_other_than_those_that_it_names(home: Path, name: str) -> None:
    folder = build(home, name)

    document = json.loads((folder / "results.json").read_text(encoding="utf-8"))
    assert document["kind"]["sections"] == [*find_section(name).reads.sections, name]
    kind = load_settings(folder=home).kind
    reasons = lost(grade(folder, shipped_rubrics(kind), show=False, kind=kind))
    reasons.pop(OF_THE_REAL_NETWORK, None)
    reasons.pop(OF_THREE, None)
    if name == "guided_backprop":
        # The check is about arrays of another section, and says so.
        assert "in no section of the report" in reasons.pop("Q5 Outputs are the layer's")
    assert reasons == {}


def test_checks_of_sections_that_a_report_leaves_out_fail_in_words(home: Path) -> None:
    """By the rubrics of all sections: of those that are there every check passes, as in the report of one."""
    folder = build(home, "transfer")
    rubrics = list(dict.fromkeys(file for each in list_sections() for file in shipped_rubrics_of(each.name)))

    reasons = lost(grade(folder, rubrics, show=False))

    assert not [name for name, reason in reasons.items() if not reason]
    assert "the report has no section 'convolution'" in reasons["Q1 Feature maps are the filter's"]
    assert not [name for name in reasons if name.startswith("Q3 ")]


def test_a_report_that_is_named_is_graded_by_the_rubric_of_its_kind(home: Path) -> None:
    """What the second kind asks for and this report leaves out costs points; the first asks for nothing."""
    folder = build(home, "architectures", "architectures")

    reported = CliRunner().invoke(app, ["grade", str(folder)])

    assert reported.exit_code == 1, reported.output
    rows = reported.stdout.partition("Total")[0].splitlines()[1:]
    assert any(row.startswith("Networks: parameters") and row.endswith("passed") for row in rows)
    assert any(row.startswith("Comparison: McNemar") and "failed" in row for row in rows)
    assert not [row for row in rows if row.startswith(("Q1", "Q2"))]
    assert "the report has no section 'comparison'" in " ".join(reported.stdout.split())


def shipped_rubrics_of(name: str) -> list[Path]:
    file = find_section(name).folder / "rubric.toml"
    return [file] if file.is_file() else []
