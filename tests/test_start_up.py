"""Nothing heavy is imported for help, and no network library for printing."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

HEAVY = {
    "tensorflow",
    "keras",
    "numpy",
    "matplotlib",
    "weasyprint",
    "jinja2",
    "sklearn",
    "scipy",
    "PIL",
    "h5py",
}

RUN_AND_LIST = """
import json, sys
sys.argv = ["reportgen", *sys.argv[1:]]
from reportgen.cli.program import main
try:
    main()
except SystemExit as end:
    assert not end.code, end.code
finally:
    print("\\n" + json.dumps(sorted({name.split(".")[0] for name in sys.modules})))
"""


def imported_by(code: str, *arguments: str) -> set[str]:
    """Top-level names of what a fresh Python has imported after ``code``, which prints them last."""
    command = [sys.executable, "-c", code, *arguments]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=True)
    return set(json.loads(done.stdout.splitlines()[-1]))


@pytest.mark.parametrize(
    "arguments",
    [
        ["--help"],
        ["--version"],
        ["build", "--help"],
        ["doctor", "--help"],
        ["fetch", "caltech101", "--help"],
        ["export-model", "--help"],
    ],
    ids=" ".join,
)
def test_help_imports_nothing_heavy(arguments: list[str]) -> None:
    names = imported_by(RUN_AND_LIST, *arguments)
    assert "typer" in names
    assert names & HEAVY == set()


def test_what_draws_and_prints_the_report_imports_no_tensorflow() -> None:
    modules = [
        "pipeline",
        "doctor",
        "store",
        "figures.album",
        "render.html",
        "render.pdf",
        "dataset",
        "weights",
    ]
    code = "import json, sys\n" + "\n".join(f"import reportgen.{name}" for name in modules)
    code += "\nprint(json.dumps(sorted({name.split('.')[0] for name in sys.modules})))"
    names = imported_by(code)
    assert {"matplotlib", "jinja2"} <= names
    assert names & {"tensorflow", "keras", "sklearn"} == set()
