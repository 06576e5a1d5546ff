"""Patterns and functions that an author misspelt in ``section.py`` or ``rubric.toml``: each is told with
file, line and remedy; what is right is not.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from reportgen.contract.declarations import find_declaration_faults, find_faults
from reportgen.contract.known_pointers import know_pointers
from reportgen.contract.schema import list_pointers
from reportgen.engine import preflight
from reportgen.errors import Problem
from reportgen.outline.kind import ReportKind, find_section, list_sections
from reportgen.outline.section import Origin, Rule, Section, SectionError, Tolerance

ROOT = Path(__file__).resolve().parents[2]

TEXTS = {
    "__init__.py": "",
    "section.py": """\
from reportgen.outline.section import Headline, Origin, Reads, Rule, Section, Tolerance

SECTION = Section(
    name="edges", title="Edges", package="PACKAGE", result="Edges", meaning="M.", reads=Reads(),
    origins=(
        Origin("/mean", ".compute.measure", "examples"),
        Origin("/derived", ".result.Edges.derived", "examples"),
    ),
    tolerances=(
        Rule("/mean", Tolerance(0, 1), ""),
        Rule("/arrays/rows_*", Tolerance(0, 1), ""),
    ),
    headline=Headline("Edges", "/correct", "/total", "edges"),
    derived=("/derived",),
)
""",
    "result.py": """\
from typing import Any, Literal

from pydantic import computed_field

from reportgen.results.fields import Arrays, BySplit, Label, Result

class Peak(Result):
    position: tuple[int, int]
    value: float | None

class Edges(Result):
    mean: dict[Label, float]
    share: BySplit[float]
    sides: dict[Literal["left", "right"], int]
    free: dict[str, float]
    anything: dict[str, Any]
    peaks: dict[Label, list[Peak]] | None
    correct: int
    total: int
    arrays: Arrays

    @computed_field
    @property
    def derived(self) -> int:
        return self.total - self.correct
""",
    "compute.py": """\
import no_such_library_that_takes_long_to_import as numpy
from elsewhere import helper

if numpy:
    def measure(image):
        return 0

class Scene:
    def describe(self):
        return 1

same = measure
""",
    "rubric.toml": """\
[[check]]
criterion = "One"
pointer = "/edges/mean/*"
range = [0, 1]
points = 1

[[check]]
criterion = "Two"
pointer = "/edges/total"
range = [0, 1]
points = 1
""",
}

Change = tuple[str, str, str]
Write = Callable[..., Section]


@pytest.fixture
def write(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Write:
    """Writes the package with a change to one of its files, and returns its section."""
    monkeypatch.syspath_prepend(str(tmp_path))

    def write_package(*change: str) -> Section:
        # A name of its own: Python keeps what it has imported.
        name = f"pointed_{abs(hash(change))}"
        (tmp_path / name).mkdir()
        for file, text in TEXTS.items():
            if change and file == change[0]:
                assert text.count(change[1]) == 1
                text = text.replace(change[1], change[2])
            (tmp_path / name / file).write_text(text.replace("PACKAGE", name), encoding="utf-8")
        return find_section(f"{name}.section:SECTION")

    return write_package


def find(section: Section) -> list[Problem]:
    return find_declaration_faults(ReportKind("k", "1", (section,)))


def test_declarations_that_lead_somewhere_have_no_fault(write: Write) -> None:
    assert find(write()) == []


@pytest.mark.parametrize(
    ("change", "line", "words", "remedy"),
    [
        (('Origin("/mean"', 'Origin("/maen"'), 6, "Origin('/maen'): no value of Edges", "'/mean'?"),
        (('Origin("/mean"', 'Origin("mean"'), 6, "does not start with '/'", "'/mean'?"),
        (('Rule("/mean"', 'Rule("/means"'), 10, "Rule('/means'): no value of Edges", "'/mean'?"),
        (("/arrays/rows_*", "/array/rows_*"), 11, "Rule('/array/rows_*'): no value", "'/arrays/rows_*'?"),
        (('"/correct"', '"/corect"'), 13, "Headline, '/corect'", "'/correct'?"),
        (('("/derived",)', '("/deriv",)'), 14, "derived, '/deriv'", "'/derived'?"),
        (
            ("compute.measure", "compute.mesure"),
            6,
            "'mesure' in FOLDER/compute.py; did you mean 'measure'?",
            "",
        ),
        (("compute.measure", "compute"), 6, "names the module", "Name the function"),
        (("compute.measure", "computes.measure"), 6, "__init__.py; did you mean 'compute'?", "Name"),
        (
            ('".compute.measure"', '"nowhere.measure"'),
            6,
            "there is no package 'nowhere'",
            "Name the function",
        ),
        (
            ("Edges.derived", "Edges.derive"),
            7,
            "'derive' in FOLDER/result.py; did you mean 'derived'?",
            "",
        ),
        (
            ("Edges.derived", "Egdes.derived"),
            7,
            "'Egdes' in FOLDER/result.py; did you mean 'Edges'?",
            "",
        ),
        (
            ('".compute.measure"', '"reportgen.analysis.neurons.rank_neuron"'),
            6,
            "no 'rank_neuron' in ROOT/reportgen/analysis/neurons.py; did you mean 'rank_neurons'?",
            "",
        ),
    ],
)
def test_what_leads_nowhere_is_told_with_its_line(
    write: Write, change: tuple[str, str], line: int, words: str, remedy: str
) -> None:
    section = write("section.py", *change)
    (problem,) = find(section)
    assert problem.line.startswith(f"section 'edges': {section.folder / 'section.py'}, line {line}: ")
    assert words.replace("FOLDER", str(section.folder)).replace("ROOT", str(ROOT)) in problem.line
    assert remedy in problem.remedy


def test_a_pointer_of_its_rubric_that_no_report_has_is_told(write: Write) -> None:
    section = write("rubric.toml", "/edges/total", "/edges/totals")
    (problem,) = find(section)
    where = f"section 'edges': {section.folder / 'rubric.toml'}, line 9: pointer = '/edges/totals'"
    assert problem.line.startswith(where)
    assert problem.remedy == "Did you mean '/edges/total'?"


@pytest.mark.parametrize(
    ("pattern", "origin", "rule"),
    [
        ("", True, True),
        ("/mean/a class that nobody has", True, True),
        ("/mean/*", True, True),
        ("/mean/*/x", False, False),
        ("/me*", False, True),
        ("/*", True, True),
        ("/share/test", True, True),
        ("/share/t*", False, True),
        ("/share/tests", False, False),
        ("/sides/left", True, True),
        ("/sides/up", False, False),
        ("/free/x", True, True),
        ("/free/x/y", False, False),
        ("/anything/x/y/z", True, True),
        ("/peaks/cat/3/position/1", True, True),
        ("/peaks/cat/3/position/2", False, False),
        ("/peaks/*/*/value", True, True),
        ("/peaks/cat/first", False, False),
        ("/derived", True, True),
        ("/arrays/rows_0/mean", True, True),
        ("/arrays/rows_0/median", False, False),
        ("/Mean", False, False),
    ],
)
def test_of_origins_a_star_is_a_step_and_of_rules_steps_are_shell_patterns(
    write: Write, pattern: str, origin: bool, rule: bool
) -> None:
    base = replace(write(), origins=(), tolerances=())
    found = list(find_faults(replace(base, origins=(Origin(pattern, ".compute.measure", "examples"),))))
    assert (found == []) == origin
    found = list(find_faults(replace(base, tolerances=(Rule(pattern, Tolerance(), ""),))))
    assert (found == []) == rule


@pytest.mark.parametrize(
    "function", [".compute.helper", ".compute.Scene.describe", ".compute.same", ".compute.numpy.mean"]
)
def test_what_a_module_defines_or_imports_is_there_and_nothing_is_imported_for_it(
    write: Write, function: str
) -> None:
    section = write("section.py", ".compute.measure", function)
    assert find(section) == []


@pytest.mark.parametrize("section", list_sections(), ids=lambda section: section.name)
def test_all_that_the_sections_of_reportgen_declare_leads_somewhere(section: Section) -> None:
    assert list(find_faults(section)) == []


def test_a_section_without_its_result_type_is_told_as_such(write: Write) -> None:
    with pytest.raises(SectionError, match="has no 'Edge'"):
        find(write("section.py", 'result="Edges"', 'result="Edge"'))


def test_a_build_asks_it_before_anything_else_of_sections(write: Write) -> None:
    assert preflight.CHECKS.index(preflight.check_declarations) < preflight.CHECKS.index(
        preflight.check_sections
    )

    class MadeUp:
        kind = ReportKind("k", "1", (write("section.py", 'Rule("/mean"', 'Rule("/means"'),))

    (problem,) = preflight.check_declarations(MadeUp())  # type: ignore[arg-type]
    assert "Rule('/means')" in problem.line


def test_keys_without_a_placeholder_are_listed_as_keys(write: Write) -> None:
    known = know_pointers(ReportKind("k", "1", (write(),)))
    kinds = {pointer.pattern: pointer.kind for pointer in list_pointers(known.schemas[-1])}
    assert kinds["/edges/free/<key>"] == "number"
