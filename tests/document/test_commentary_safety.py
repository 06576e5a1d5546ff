"""Hostile commentaries: what comes out of them, what they can reach, and how much work they make."""

from __future__ import annotations

import contextlib
import sys
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from slot import parse, problem, render, results_with

from reportgen.errors import RenderError

HOSTILE = [
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)> <svg onload=alert(1)><a xlink:href='javascript:alert(1)'>x</a></svg>",
    "<style>@import 'https://example.org'</style><link rel=stylesheet href=x><base href=x>",
    "<iframe srcdoc='<script>1</script>'></iframe><object data=x><form action=x><input autofocus onfocus=x>",
    "[a](javascript:alert(1)) [b](data:text/html,x) ![c](data:image/svg+xml,x) <data:text/html,x>",
    '[a](https://example.org "\" onclick=\"x")  [b](https://example.org/"onclick="x) <https://a.b/"onclick="x>',
    "[a](&#106;avascript:alert(1)) [b](java&#10;script:x) [c](\\javascript:x)",
    "```x\" onclick=\"x\n<script>\n```",
    "~~~ <script>\n{{ x }}\n~~~",
    '$"><script>alert(1)</script>$ $$" onload="x$$',
    "$</p>$\n\n$$\n</p><script>\n$$",
    "{{ transfer.feature_layer }} **{{ transfer.feature_layer }}**",
    "$$x$$ (label)\n\n$$\nx\n$$ (label)\n",
    "| <script> | {{ transfer.feature_layer }} |\n|---|:-:|\n| $<b>$ | `<i>` |",
    "@fig:filter<script> # <h1>\n===\n1) <ol>\n* * *\n> <q>",
    "99999999. x\n\n\n- [ ] x",
    "*" * 60 + "a" + "*" * 60,
    "> " * 60 + "- " * 60 + "[" * 60 + "x" + "](https://example.org)" * 60,
    "\u202e\ufdd0\x00<script>\x00|\ufdd0",
]  # fmt: skip
TAGS = {
    "p": {"class"}, "a": {"class", "href", "title"}, "img": {"class", "src", "alt"}, "span": {"class",
    "data-ptr"},
    "em": set(), "strong": set(), "code": {"class"}, "pre": set(), "ul": set(), "ol": {"start"}, "li": set(),
    "blockquote": set(), "hr": set(), "br": set(), "h4": set(), "table": set(), "thead": set(),
    "tbody": set(),
    "tr": set(), "th": {"class"}, "td": {"class"},
}  # fmt: skip
"""Every tag that a commentary may come to, with its attributes."""
ADDRESSES = ("http://", "https://", "mailto:", "#figure-", "#table-")
PICTURE = "data:image/svg+xml;base64,PHN2Zy8+"
PIECES = [
    *"*_`[]()<>!$@{}|\\\n-#a1:\"'&~=+. ", "{{ ", " }}", "{%", "transfer.feature_layer", " | text",
    "$$", "\n\n", "\n|-|\n",
    "@fig:filter", "javascript:", "https://a.b", "[a](", "<script>", "    ", "```\n",
    "\\frac{1}{2}", "- ", "> ", "\x00", "\ufdd0",
]  # fmt: skip


def strangers(text: str) -> list[str]:
    """The tags of a rendered text that may not be there, or have what may not."""
    nasty = "</span><script>alert(1)</script><b onclick='x'>\" *x*"
    return [
        str(tag)
        for tag in parse(text, results_with(feature_layer=nasty)).find_all(True)
        if tag.name not in TAGS
        or not set(tag.attrs) <= TAGS[tag.name]
        or not str(tag.get("href", ADDRESSES[0])).startswith(ADDRESSES)
        or tag.get("src", PICTURE) != PICTURE
    ]


@pytest.mark.parametrize("text", HOSTILE)
def test_nothing_else_than_these_tags_and_attributes_comes_out(text: str) -> None:
    assert strangers(text) == []


@pytest.mark.long
@settings(max_examples=500, deadline=None)
@given(st.lists(st.sampled_from(PIECES), max_size=25).map("".join))
def test_nothing_else_comes_out_of_any_mixture_nor_any_other_error(text: str) -> None:
    with contextlib.suppress(RenderError):
        assert strangers(text) == []


@pytest.mark.parametrize(
    "expression",
    [
        "''.__class__", "r.__init__", "__class__", "_value", "transfer._value", "transfer.as_markup",
        "transfer.__class__",
        "transfer['__class__']", "transfer['_value']", "transfer.keys()", "transfer.items",
        "transfer.accuracy.test()",
        "transfer.accuracy.test.real", "transfer.feature_layer.upper", "transfer.classes.append",
        "transfer.classes.0.join",
        "transfer.feature_layer[0]", "transfer | attr('_value')", "transfer.feature_layer | format(1)",
        "transfer.feature_layer * 9999999999", "9**9**9", "'a' * 10**9", "range(10**9)", "lipsum()",
        "self", "cycler",
        "namespace(a=1)", "[1] * 9", "{}", "{'a': 1}.a", "transfer.classes[0:1]", "transfer.classes[-1]",
        "transfer.classes[true]", "transfer.classes[0.0]", "transfer[transfer.feature_layer]",
        "transfer.feature_size if true",
        "transfer.feature_size ~ 'x'", "transfer.feature_size is defined", "transfer.feature_size, 1",
        "not transfer",
        "transfer.accuracy.test | decimal(1000000000)", "transfer.accuracy.test | decimal(9**9)",
        "transfer.accuracy.test | decimal(-1)", "transfer.accuracy.test | decimal(digits=1)",
        "transfer.accuracy.test | decimal(*[1])", "transfer.accuracy.test | decimal('1')",
        "transfer.accuracy.test | share(digits=1)", "transfer.accuracy.test | share(*[1])",
        "transfer.accuracy.test | share(**[1])", "transfer" + " " * 200 + ".feature_size",
        "transfer.accuracy.test | decimal(true)", "transfer.accuracy.test | decimal(1e999)",
        "transfer.feature_layer | text('99 %')", "((" * 40 + "transfer" + "))" * 40, "-" * 150 + "1",
        "a" * 201,
        "(" * 190, "[" * 190, "a" + ".a" * 90, "1", "'text'", "true", "none", "", " ", "#",
        "-transfer.feature_size-", "{{ a",
    ],
)  # fmt: skip
def test_braces_give_nothing_but_values_of_the_results(expression: str) -> None:
    assert problem(f"{{{{ {expression} }}}}")


PATTERNS = [
    "*a ", "**a *b ", "*_", "_a_", "**x", "[", "![", "[[]()", "[a](", "[a]: <", "]", "<", "&", "\\", "`",
    "> ", "- ", "1. ", "# ",
    "x\n===\n", "|a|b|\n|-|-|\n", "|{{a|b}}", "{{ ", "$a ", "$\\$", " $5", "$$\nx\n\n", "a@fig:",
    "[@fig:filter",
    "{{ transfer.feature_size }} ", "@fig:filter ", "$x$ ", "- $$x$$\n",
]  # fmt: skip


@pytest.mark.parametrize("pattern", PATTERNS)
def test_the_work_grows_no_faster_than_the_text(pattern: str) -> None:
    short, long = count_calls(pattern * 150), count_calls(pattern * 300)
    assert long <= 2.2 * short


def count_calls(text: str) -> int:
    """How many functions are called to render a text, or to refuse it."""
    count = 0

    def note(_frame: Any, event: str, _argument: Any) -> None:
        nonlocal count
        count += event in ("call", "c_call")

    results = results_with()
    sys.setprofile(note)
    try:
        render(text, results)
    except RenderError:
        pass
    finally:
        sys.setprofile(None)
    return count
