"""What the program knows of a section is in the section's package: nothing outside names it."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PACKAGE, TEMPLATES = ROOT / "reportgen", ROOT / "templates"
NAMES = sorted(file.parent.name for file in PACKAGE.glob("sections/*/section.py"))

MODULES = {"comparison"}
"""Sections whose name is also that of a module which every section may have."""

METHODS = {"errors"}
"""Sections whose name is also that of a method, as of pydantic's errors."""

EXCEPTIONS = {
    # Methods of explanation that are called so; sections show them.
    "analysis/attribution.py": {"grad_cam", "occlusion"},
    # How many neurons are shown, by several sections.
    "tables.py": {"neurons"},
    # What documents before 1.2 have, which do not say it.
    "results/document.py": {"convolution", "conv_stack", "transfer", "neurons", "guided_backprop"},
    # The name of a report.
    "outline/kind.py": {"architectures"},
    # An attribute of a network's graph: the first convolution.
    "models/graph.py": {"convolution"},
    # The command `export` is for the layer that this section trains.
    "export.py": {"transfer"},
}
"""Modules that may name sections, and why. Names of settings are among theirs."""

PAGES = {
    # What is embedded for one script, which does nothing where there is no such element.
    "explore.js": {"neurons", "guided_backprop"},
    "report.js": {"guided_backprop"},
    # Rules for the elements of one section: a page has one style sheet.
    "report.css": {"methods", "guided_backprop"},
    "screen.css": {"guided_backprop"},
    "themes/paper/print.css": {"guided_backprop"},
    # Sections that are printed as one: what occlusion found of a patch stands beside the patch, and with both
    # sections the summary has one sentence for both.
    "sections/neurons.html.j2": {"occlusion"},
    # What a channel contributes, in the table that lists its neuron.
    "sections/neurons.appendix.html.j2": {"channels"},
    "sections/neurons.abstract.html.j2": {"transfer", "guided_backprop"},
    "sections/transfer.abstract.html.j2": {"neurons", "guided_backprop"},
    # Declared in Reads: its scores are those of the trained layer.
    "sections/channels.html.j2": {"transfer"},
    # Names of methods.
    "sections/methods.html.j2": {"grad_cam", "occlusion"},
    # A word for the kind of a figure's tiles.
    "sections/grad_cam.html.j2": {"methods"},
}
"""Templates that may name sections other than their own, and why."""

BEGINS = re.compile(rf"/?({'|'.join(NAMES)})(?:$|[/.])")
OF_SECTIONS = re.compile(r"reportgen\.sections\.(\w+)")
ON_PAGES = re.compile(
    # r.transfer; "transfer", "/transfer/…", "sections/transfer…"; #guided-backprop
    rf"\b[rd]\.({'|'.join(NAMES)})\b"
    rf"|[\"'](?:sections/)?/?({'|'.join(NAMES)})(?=[\"'/.])"
    rf"|#({'|'.join(name.replace('_', '-') for name in NAMES)})\b"
)


def find_named(source: str) -> set[str]:
    """The names of sections that a module imports, has as an attribute, a field or a string, or what a
    pointer or a dotted name in a string begins with.

    Docstrings, of which no code knows anything, do not count.
    """
    return {name for node in _walk(ast.parse(source)) for name in _names_in(node) if name in NAMES}


def _walk(tree: ast.AST) -> Iterator[ast.AST]:
    words = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    return (node for node in ast.walk(tree) if not (isinstance(node, ast.Constant) and id(node) in words))


def _names_in(node: ast.AST) -> Iterator[str]:
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        yield from BEGINS.findall(node.value)[:1] if BEGINS.match(node.value) else ()
        yield from OF_SECTIONS.findall(node.value)
    elif isinstance(node, ast.Attribute):
        yield from {node.attr} - METHODS
    elif isinstance(node, ast.ClassDef):
        fields = (each.target for each in node.body if isinstance(each, ast.AnnAssign))
        yield from (field.id for field in fields if isinstance(field, ast.Name))
    elif isinstance(node, ast.ImportFrom):
        yield from OF_SECTIONS.findall(node.module or "")
        if node.module == "reportgen.sections":
            yield from (alias.name for alias in node.names)
    elif isinstance(node, ast.Import):
        yield from OF_SECTIONS.findall(" ".join(alias.name for alias in node.names))


def find_on_page(text: str) -> set[str]:
    """The names of sections that a template, a style sheet or a script has as results, quoted or linked."""
    text = re.sub(r"\{#.*?#\}", "", text, flags=re.DOTALL)
    return {name.replace("-", "_") for found in ON_PAGES.findall(text) for name in found if name}


@pytest.mark.parametrize(
    "source",
    [
        'x["transfer"]',
        'f("/transfer/misclassified")',
        'f"/transfer/{y}"',
        "results.transfer",
        "settings.transfer.seed",
        "class Settings:\n    transfer: Training = Training()",
        "import reportgen.sections.transfer.compute",
        "from reportgen.sections.transfer.files import HEAD_FILE",
        "from reportgen.sections import transfer",
        'load("reportgen.sections.transfer.section")',
    ],
)
def test_a_name_is_found(source: str) -> None:
    assert find_named(source) == {"transfer"}


@pytest.mark.parametrize("source", ['"""transfer"""', "transfer = 1", "f(transfer=2)", '"a transfer"'])
def test_a_word_is_no_name(source: str) -> None:
    assert find_named(source) == set()


@pytest.mark.parametrize(
    "text",
    [
        "{{ r.guided_backprop.rows }}",
        '{% if has_section("guided_backprop") %}',
        '{% include "sections/guided_backprop.html.j2" %}',
        '<a href="#guided-backprop">',
        "#guided-backprop article { margin: 0 }",
        "all(`#guided-backprop article`)",
    ],
)
def test_a_name_is_found_on_a_page(text: str) -> None:
    assert find_on_page(text) == {"guided_backprop"}
    assert find_on_page("{# " + text + " #}") == set()


# Both are compared both ways, so that an exception that is no longer needed goes, too.
def test_no_module_outside_names_a_section() -> None:
    found = {}
    for file in PACKAGE.rglob("*.py"):
        name = file.relative_to(PACKAGE).as_posix()
        if not name.startswith("sections/"):
            found[name] = find_named(file.read_text(encoding="utf-8")) - MODULES
    assert {name: names for name, names in found.items() if names} == EXCEPTIONS


def test_no_template_names_a_section_but_its_own() -> None:
    found = {}
    for file in (each for each in TEMPLATES.rglob("*") if each.is_file()):
        own = {file.name.partition(".")[0]} if file.parent.name == "sections" else set()
        found[file.relative_to(TEMPLATES).as_posix()] = find_on_page(file.read_text(encoding="utf-8")) - own
    assert {name: names for name, names in found.items() if names} == PAGES
