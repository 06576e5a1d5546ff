"""A report without a section that it must have is refused for what it lacks, and not by an error."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from stand_in import printing_nothing
from tiny_data import draw_tiny_data

from reportgen.engine import pipeline
from reportgen.outline.kind import Outline
from reportgen.settings import load_settings
from reportgen.verify import verify
from reportgen.verify.rebuild import reconcile_document

HAS, MUST_HAVE = ["convolution"], ("convolution", "conv_stack")


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a report of one section."""
    home = tmp_path_factory.mktemp("missing")
    draw_tiny_data(home / "data")
    text = f'weights = "embedded"\nsections = {json.dumps(HAS)}\n'
    (home / "report.toml").write_text(text, encoding="utf-8")
    with printing_nothing():
        pipeline.build(load_settings(folder=home), home / "data")
    (home / "build" / "report.pdf").unlink()
    return home


def test_it_is_refused_by_the_name_of_what_it_lacks(home: Path) -> None:
    """Red if its page is rendered as one of all sections, which ended in an error about the reader."""
    found = verify(
        home / "build",
        home / "data",
        settings=load_settings(folder=home),
        outline=Outline(sections=MUST_HAVE),
    )

    rows = {row.pointer: row for row in found.rows if row.status != "confirmed"}
    assert not found.confirmed
    assert rows["/kind/sections"].reason == "the report has other sections than it must have"
    lacking = "the report has no section 'conv_stack', which it must have"
    assert {name: (rows[name].status, rows[name].reason) for name in ("report.html", "figures/")} == {
        "report.html": ("not recomputable", lacking), "figures/": ("not recomputable", lacking),
    }  # fmt: skip
    assert {row.section for row in found.of("differs")} <= {"kind", "conv_stack", ""}


def test_by_its_own_sections_it_is_confirmed(home: Path) -> None:
    found = verify(home / "build", home / "data", settings=load_settings(folder=home))

    assert found.confirmed, [row for row in found.rows if row.status == "differs"]


def test_what_was_not_handed_in_earns_no_points() -> None:
    """Red if the recomputed section is taken for the report's own."""
    recomputed = {"a": {"x": 1.5}, "b": {"y": 2}}

    graded = reconcile_document({"a": {"x": 1}}, recomputed, ["a", "b"], [])

    assert graded == {"a": {"x": 1.5}}
