"""What the program knows of a section is in the section's package: no other module names it."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

PACKAGE = Path(__file__).resolve().parents[2] / "reportgen"
NAMES = sorted(file.parent.name for file in PACKAGE.glob("sections/*/section.py"))

MODULES = {"comparison"}
"""Sections whose name is also that of a module which every section may have."""

EXCEPTIONS = {
    "analysis/attribution.py": {"grad_cam", "occlusion"},  # methods of explanation
    "tables.py": {"grad_cam", "occlusion", "neurons"},  # the same as settings, and a key of a table
    "results/document.py": {"convolution", "conv_stack", "transfer", "neurons", "guided_backprop"},
    # ^ what documents before 1.2 have, which do not say it
    "outline/kind.py": {"architectures"},  # the name of a report
    # Still to be asked of the sections: tables of settings that are attached to every PDF …
    "engine/plan.py": {"occlusion", "guided_backprop", "methods", "randomisation", "shortcuts"},
    # … what is refused beforehand,
    "engine/preflight.py": {"guided_backprop", "methods", "neurons"},
    "dataset/inventory.py": {"methods"},
    # … and the explained layer's outputs, which two sections' checks share.
    "grading/checks.py": {"neurons"},
}
"""Modules that may name sections, and why."""


def find_named(source: str) -> set[str]:
    """The names of sections that a module's strings are or begin with as a pointer or a dotted name.

    Docstrings, of which no code knows anything, do not count.
    """
    tree = ast.parse(source)
    words = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    begins = re.compile(rf"/?({'|'.join(NAMES)})(?:$|[/.])")
    return {
        found[1]
        for node in ast.walk(tree)
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in words
        if (found := begins.match(node.value))
    }


@pytest.mark.parametrize("source", ['x["transfer"]', 'f("/transfer/misclassified")', 'f"/transfer/{y}"'])
def test_a_name_is_found(source: str) -> None:
    assert find_named(source) == {"transfer"}


def test_no_module_outside_names_a_section() -> None:
    found = {}
    for file in PACKAGE.rglob("*.py"):
        name = file.relative_to(PACKAGE).as_posix()
        if not name.startswith("sections/"):
            found[name] = find_named(file.read_text(encoding="utf-8")) - MODULES
    # Both ways, so that an exception that is no longer needed goes, too.
    assert {name: names for name, names in found.items() if names} == EXCEPTIONS
