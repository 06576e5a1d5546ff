"""The private parts of other packages that reportgen uses: each named, there, and held by an upper bound."""

from __future__ import annotations

import ast
import re
import tomllib
from collections.abc import Iterator
from importlib import metadata
from pathlib import Path
from typing import Any

import pytest
from packaging.requirements import Requirement
from packaging.version import Version

from reportgen.system.libraries import required_libraries

ROOT = Path(__file__).resolve().parents[1]
PACKAGE = ROOT / "reportgen"

PRIVATE = {
    "weasyprint": ("_page_box", "_box", "_dlopen"),
    "tensorflow": ("_gradient_op_type",),
    "keras": ("_keras_history", "_inbound_nodes"),
    "pillow": ("_imagingcms",),
    "pytest": ("_fixtureinfo",),
}
"""Distribution -> the names with an underscore that are used of it."""

UNDOCUMENTED = {
    "weasyprint": "the attributes of boxes: at_keyword, replacement, text, mark, link_annotation, is_leader",
    "pytest": "name2fixturedefs of a test, marks of its callspec, reprcrash of a failure",
    "keras": "input_tensors, arguments.convert and outputs of a node; node_index of a tensor's history",
    "matplotlib": "TextToPath.FONT_SCALE and get_glyphs_with_font",
    "markdown-it-py": "rules_block.table as a function of its own, and StateBlock.src, which it reads",
    "mdit-py-plugins": "dollarmath.index.math_inline_dollar",
}
"""Distribution -> what is used of it without an underscore, and without a promise either."""


def requirements() -> dict[str, Requirement]:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    return {wanted.name: wanted for wanted in map(Requirement, project["dependencies"])}


@pytest.mark.parametrize("name", sorted({*PRIVATE, *UNDOCUMENTED}))
def test_what_private_parts_are_used_of_has_an_upper_bound(name: str) -> None:
    bounds = requirements()[name].specifier
    (below,) = [Version(one.version) for one in bounds if one.operator == "<"]
    installed = Version(metadata.version(name))
    assert installed in bounds
    following = [f"{installed.major + 1}", f"{installed.major}.{installed.minor + 1}"]
    assert below in map(Version, following), "the release after the one that the tests ran with is let in"


def underscored(tree: ast.AST) -> Iterator[str]:
    """The names with one underscore that a module takes from something: as an attribute, import or text."""
    for node in ast.walk(tree):
        match node:
            case ast.Attribute(value=ast.Name(id="self" | "cls")):
                continue
            case ast.Attribute(attr=name):
                names = [name]
            case ast.ImportFrom(module=module, names=imported) if module != "__future__":
                names = [*(module or "").split("."), *(alias.name for alias in imported)]
            case ast.Import(names=imported):
                names = [part for alias in imported for part in alias.name.split(".")]
            case (
                ast.Call(func=ast.Name(id="getattr" | "setattr" | "hasattr"))
                | ast.Call(func=ast.Attribute(attr="get_attr"))
            ):
                names = [str(part.value) for part in node.args if isinstance(part, ast.Constant)]
            case _:
                continue
        yield from (name for name in names if re.fullmatch(r"_[^_]\w*", name))


def defined(tree: ast.AST) -> Iterator[str]:
    """The names that a module gives something: to functions, classes, variables and attributes."""
    for node in ast.walk(tree):
        match node:
            case ast.FunctionDef(name=name) | ast.ClassDef(name=name):
                yield name
            case ast.Attribute(value=ast.Name(id="self"), attr=name, ctx=ast.Store()):
                yield name
            case ast.Name(id=name, ctx=ast.Store()):
                yield name
            case ast.Assign(targets=[ast.Name(id="__slots__")], value=value):
                yield from ast.literal_eval(value)


@pytest.mark.long
def test_no_other_name_with_an_underscore_is_used() -> None:
    modules = {file: ast.parse(file.read_text(encoding="utf-8")) for file in PACKAGE.rglob("*.py")}
    own = {name for tree in modules.values() for name in defined(tree)} | {"_exit"}  # of os, documented
    used = {name for tree in modules.values() for name in underscored(tree)}
    # The opener is looked for in WeasyPrint's source, so no attribute has its name.
    assert used - own == {name for names in PRIVATE.values() for name in names} - {"_dlopen"}


def test_weasyprint_opens_its_libraries_with_a_function_that_can_be_read() -> None:
    optional = {library.name: library.optional for library in required_libraries()}
    assert optional["pango-1.0"] is False
    assert optional["harfbuzz-subset"] is True


@pytest.mark.prints
def test_weasyprints_boxes_have_the_parts_that_are_asked_for() -> None:
    import weasyprint

    html = (
        "<style>@page { @top-left { content: 'head' } } a::after { content: leader('.') 'x' }"
        "p { position: absolute }</style><body><a href='#t'>link</a><p>text</p>"
        "<table><tr><td id=t>cell</td></tr></table><img alt=a src='data:image/svg+xml,<svg xmlns="
        '"http://www.w3.org/2000/svg" width="9" height="9"/>\'>'
    )
    document = weasyprint.HTML(string=html).render(pdf_tags=True)
    document.write_pdf(pdf_tags=True)
    page_box = document.pages[0]._page_box
    assert [hasattr(child, "at_keyword") for child in page_box.children].count(True) == 1
    boxes = list(below(page_box))
    assert {box._box.element_tag for box in boxes if hasattr(box, "_box")} == {"p"}
    assert {box.text for box in boxes if hasattr(box, "text")} >= {"link", "text", "cell", "head"}
    assert [box.element_tag for box in boxes if hasattr(box, "replacement")] == ["img"]
    assert "td" in {box.element_tag for box in boxes if getattr(box, "mark", None) is not None}
    assert {box.element_tag for box in boxes if box.link_annotation} >= {"a"}
    assert {box.element_tag for box in boxes if box.is_leader} == {"a::after"}


def below(box: Any) -> Iterator[Any]:
    """A box and all boxes in it."""
    yield box
    for child in getattr(box, "children", ()):
        yield from below(child)


@pytest.mark.slow
def test_tensorflow_names_the_gradient_that_was_put_in_the_place_of_another() -> None:
    import tensorflow as tf

    with tf.Graph().as_default() as graph, graph.gradient_override_map({"Relu": "Another"}):
        operation = tf.nn.relu(tf.constant([1.0])).op
    assert operation.get_attr("_gradient_op_type") == b"Another"


def test_pillow_names_the_version_of_its_library_of_colour_profiles() -> None:
    from PIL import _imagingcms

    assert re.fullmatch(r"\d+(\.\d+)+", str(_imagingcms.littlecms_version))


@pytest.fixture
def fixture_of_this_file() -> int:
    return 1


@pytest.mark.parametrize("case", [pytest.param(1, marks=pytest.mark.timeout(60))])
def test_pytests_items_and_failures_have_the_parts_that_are_asked_for(
    case: int, fixture_of_this_file: int, request: pytest.FixtureRequest
) -> None:
    item: Any = request.node
    (fixture,) = item._fixtureinfo.name2fixturedefs["fixture_of_this_file"]
    assert fixture.func.__module__ == __name__
    assert [mark.name for mark in item.callspec.marks] == ["timeout"]
    with pytest.raises(ValueError, match="why") as raised:
        raise ValueError("why")
    assert item.repr_failure(raised).reprcrash.message == "ValueError: why"


def test_matplotlib_sets_outlines_at_a_scale_of_ones_own() -> None:
    from matplotlib.font_manager import FontProperties
    from matplotlib.textpath import TextToPath

    class Large(TextToPath):
        FONT_SCALE = 1000.0

    font = FontProperties(family="STIXGeneral")
    corners = [kind().get_text_path(font, "$x$", ismath=True)[0] for kind in (TextToPath, Large)]
    widths = [max(x for x, _ in each) for each in corners]
    assert widths[1] == pytest.approx(10 * widths[0], rel=0.05)
    assert callable(TextToPath.get_glyphs_with_font)


def test_the_rules_of_markdown_are_functions() -> None:
    from markdown_it import MarkdownIt
    from markdown_it.rules_block import StateBlock, table
    from mdit_py_plugins.dollarmath.index import math_inline_dollar

    parser = MarkdownIt("commonmark").enable("table")
    state = StateBlock("|a|\n|-|\n|b|", parser, {}, [])
    state.src = state.src.replace("b", "c")
    assert table(state, 0, 3, False)
    assert [token.content for token in state.tokens if token.type == "inline"] == ["a", "c"]
    assert callable(math_inline_dollar(allow_space=False, allow_double=True))
