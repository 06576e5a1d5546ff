"""Nothing heavy is imported for help, and no network library for printing."""

from __future__ import annotations

import pytest
from imports import HEAVY, RUN_AND_LIST, imported_by

from reportgen.outline.kind import find_kind


@pytest.mark.long
@pytest.mark.parametrize(
    "arguments",
    [
        ["--help"],
        ["--version"],
        ["build", "--help"],
        ["doctor", "--help"],
        ["fetch", "caltech101", "--help"],
        ["export-model", "--help"],
        ["grade", "--help"],
        ["schema", "--help"],
        ["schema"],
        ["schema", "--pointers"],
    ],
    ids=" ".join,
)
def test_help_imports_nothing_heavy(arguments: list[str]) -> None:
    names = imported_by(RUN_AND_LIST, *arguments)
    assert "typer" in names
    assert names & HEAVY == set()


def test_what_draws_and_prints_the_report_imports_no_tensorflow() -> None:
    modules = [
        "engine.pipeline",
        "doctor",
        "store",
        *(f"sections.{name}.figures" for name in find_kind().names),
        "document.html",
        "pdf.printer",
        "dataset",
        "weights",
    ]
    code = "import json, sys\n" + "\n".join(f"import reportgen.{name}" for name in modules)
    code += "\nprint(json.dumps(sorted({name.split('.')[0] for name in sys.modules})))"
    names = imported_by(code)
    assert {"matplotlib", "jinja2"} <= names
    assert names & {"tensorflow", "keras", "sklearn"} == set()
