"""Converts the author's Markdown, with formulas, references and values of the results, to safe HTML."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from markdown_it import MarkdownIt
from markdown_it.rules_block import StateBlock, table
from markdown_it.rules_inline import StateInline
from markdown_it.token import Token
from markupsafe import Markup
from mdit_py_plugins.dollarmath import dollarmath_plugin
from mdit_py_plugins.dollarmath.index import math_inline_dollar

from reportgen.document.expression import ALLOWED, print_value
from reportgen.document.numbering import REFERENCE, find_reference, reference_names
from reportgen.document.numbers import Sourced, turn_blocks
from reportgen.errors import CommentaryError, RenderError

__all__ = ["CommentaryContext", "Fault", "find_faults", "reference_names", "render_commentary"]

_LONGEST_FORMULA = 300
_DEEPEST_FORMULA = 12
_BAR = "\ufdd0"
"""Stands for a vertical bar while a table is cut into cells; no character of any text."""


@dataclass(frozen=True)
class CommentaryContext:
    """The values and references that a commentary may use.

    ``reference`` makes a link such as “Fig. 12” of a kind (figure or table) and a name; ``names`` has the
    name for each kind and slug; ``formula`` sets TeX, given with what is spoken, or raises ``ValueError``.
    """

    results: Sourced
    reference: Callable[[str, str], Markup]
    names: Mapping[tuple[str, str], str]
    formula: Callable[[str, str], Markup]


@dataclass(frozen=True)
class Fault:
    """A formula, reference or value that is not right, in a line of the text, counted from 1."""

    line: int
    problem: str
    remedy: str


def find_faults(text: str, context: CommentaryContext) -> list[Fault]:
    """Everything in a commentary that :func:`render_commentary` would refuse, in the order of the text."""
    return _fill(_make_parser(), text, context)[1]


def render_commentary(slot: str, text: str, context: CommentaryContext) -> Markup:
    """Render CommonMark with tables, ``$formulas$``, ``@fig:references`` and ``{{ values }}`` to HTML.

    Raw HTML is shown as text, links lead to web and mail addresses only (others are left as text), and so
    are pictures, so that nothing in a commentary loads anything or leads nowhere. Raises ``CommentaryError``
    that names the slot and the lines for formulas, references and values that are not right.
    """
    parser = _make_parser()
    tokens, faults = _fill(parser, text, context)
    if faults:
        many = "\n" in text.strip()
        lines = [
            f"commentary.{slot}{f', line {fault.line} of the text' if many else ''}: {fault.problem}"
            for fault in faults
        ]
        raise CommentaryError("\n".join(lines), faults[0].remedy)
    return Markup(parser.renderer.render(tokens, parser.options, {}))  # noqa: S704 - made from escaped text


def _fill(parser: MarkdownIt, text: str, context: CommentaryContext) -> tuple[list[Token], list[Fault]]:
    """Parse a text and substitute placeholders, as far as they can be resolved."""
    author = _Author(context)
    tokens = parser.parse(text)
    for token in tokens:
        if token.type in ("heading_open", "heading_close"):
            token.tag = "h4"  # The author's headings are below those of the section.
        if "style" in token.attrs:
            # The page's policy forbids styles of single elements.
            token.attrs = {"class": str(token.attrs["style"]).removeprefix("text-align:")}
        author.fill(token)
    turn_blocks(tokens)
    return tokens, author.faults


@dataclass(frozen=True)
class _Author:
    """Substitutes placeholders and records those that cannot be resolved."""

    context: CommentaryContext
    faults: list[Fault] = field(default_factory=list)

    def fill(self, token: Token) -> None:
        """Fill in one block; a paragraph and the like with all that is inside."""
        line = token.map[0] + 1 if token.map else 1
        if token.type == "math_block":
            self._put(token, line)
        in_link = leads_nowhere = False
        for child in token.children or ():
            if child.type in ("link_open", "link_close"):
                in_link = child.type == "link_open"
                # An empty address would lead to the beginning of the page itself.
                leads_nowhere = child.attrs.get("href") == "" if in_link else leads_nowhere
                child.hidden = leads_nowhere
            if child.type in _WRITERS:
                self._put(child, line + child.meta["line"], in_link)

    def _put(self, token: Token, line: int, in_link: bool = False) -> None:
        try:
            # HTML knows no link within a link: browsers would end the outer one there.
            if in_link and token.type in ("value", "reference"):
                raise RenderError(
                    f"{_quote(token.content)} is inside a link, and is one itself.",
                    "Write it beside the link.",
                )
            token.content = _WRITERS[token.type](token.content, self.context)
        except RenderError as error:
            self.faults.append(Fault(line, error.problem, error.remedy))
        token.type = "markup"


def _quote(written: str) -> str:
    """The author's text, on one line of limited length."""
    line = " ".join(written.split())
    return line if len(line) <= 100 else f"{line[:99]}…"


def _write_value(written: str, context: CommentaryContext) -> Markup:
    if written.startswith("{%"):
        raise RenderError("{% … %} is not allowed.", ALLOWED.replace("{{ to", "{% to"))
    if not written.endswith("}}"):
        raise RenderError(f"{_quote(written)} has no }}}} at its end.", ALLOWED)
    try:
        return print_value(written[2:-2].strip(), context.results)
    except RenderError as error:
        raise RenderError(f"{_quote(written)}: {error.problem}", error.remedy) from None


def _write_reference(written: str, context: CommentaryContext) -> Markup:
    return context.reference(*find_reference(written, context.names))


def _write_formula(tex: str, context: CommentaryContext) -> Markup:
    tex = " ".join(tex.split())
    problem = _refuse(tex)
    if problem is None:
        try:
            return context.formula(tex, tex)
        # mathtext lets errors of the font library and of its own depth through.
        except (ValueError, RuntimeError) as error:
            problem = _shorten(str(error))
    raise RenderError(
        f"the formula {_quote(f'${tex}$')} cannot be set: {problem}.",
        "Correct it (it may use what matplotlib calls mathtext), or write \\$ for a dollar sign.",
    )


def _write_display(tex: str, context: CommentaryContext) -> Markup:
    return Markup('<p class="display">{}</p>\n').format(_write_formula(tex, context))


def _write_display_in_line(tex: str, context: CommentaryContext) -> Markup:
    return Markup('<span class="display">{}</span>').format(_write_formula(tex, context))


_WRITERS: Mapping[str, Callable[[str, CommentaryContext], Markup]] = {
    "value": _write_value,
    "reference": _write_reference,
    "math_inline": _write_formula,
    "math_inline_double": _write_display_in_line,
    "math_block": _write_display,
}
"""Type of token -> what writes it."""


def _refuse(tex: str) -> str | None:
    """Why a formula is not even tried: it is empty, or could take long or run off the page."""
    if not tex:
        return "it is empty"
    if len(tex) > _LONGEST_FORMULA:
        return f"it has more than {_LONGEST_FORMULA} characters"
    # Escaped braces and dollar signs are commands, too, and so are not counted as what they escape.
    commands = re.findall(r"\\(?:[a-zA-Z]+|.|$)|[{}$]", tex)
    if "$" in commands:
        return "there is a $ inside; write \\$"
    # These take sizes, with which a formula could run off the page.
    for size in (r"\hspace", r"\genfrac"):
        if size in commands:
            return f"{size} is not allowed"
    depth = deepest = 0
    for command in commands:
        # mathtext reads by recursion: each level takes a share of Python's stack.
        depth += (command in ("{", r"\left")) - (command in ("}", r"\right"))
        deepest = max(deepest, depth)
    return "it is nested too deep" if deepest > _DEEPEST_FORMULA else None


def _shorten(message: str) -> str:
    """The last line of an error of mathtext, without the parser's terms."""
    last = (message.strip().splitlines() or [""])[-1]
    last = re.sub(r"^Parse\w*Exception: |\s*\(at char.*", "", last)
    # What was expected is reported only if it is short: pyparsing lists everything that it could have been.
    found = re.fullmatch(r"Expected (.{41,}|end of text), found (.*)", last)
    return f"a mistake before {found[2]}" if found else last


class _Parser(MarkdownIt):
    def validateLink(self, url: str) -> bool:  # noqa: N802 - markdown-it's name
        # A list of what is allowed: javascript: and data: are only some of the addresses that act.
        return url.lower().startswith(("https://", "http://", "mailto:"))


def _make_parser() -> MarkdownIt:
    parser = _Parser("commonmark", {"html": False})
    parser.enable("table").disable(["image", "html_block", "html_inline"])
    # The alternatives that markdown-it gives it, which at() would take away.
    parser.block.ruler.at("table", _cut_table, {"alt": ["paragraph", "reference"]})
    # A bracket behind $$ is the author's text and no label; and without blank lines in a formula, an end that
    # was forgotten does not swallow the rest of the commentary.
    parser.use(dollarmath_plugin, allow_labels=False, allow_blank_lines=False)
    parser.inline.ruler.at("math_inline", _read_formula)
    parser.inline.ruler.before("escape", "value", _read_value)
    parser.inline.ruler.before("escape", "reference", _read_reference)
    parser.add_render_rule("markup", _render_markup)
    return parser


def _cut_table(state: StateBlock, first: int, last: int, silent: bool) -> bool:
    """Read a table; a bar between double braces sets a filter, not a cell, apart."""
    source = state.src
    # Once a text, for the rule is tried at every line.
    if "guarded" not in state.env:
        state.env["guarded"] = re.sub(
            r"\{\{[^{}\n]*\}\}", lambda found: re.sub(r"(?<!\\)\|", _BAR, found[0]), source
        )
    state.src = state.env["guarded"]
    count = len(state.tokens)
    try:
        return table(state, first, last, silent)
    finally:
        state.src = source
        for token in state.tokens[count:]:
            token.content = token.content.replace(_BAR, "|")


_read_dollars = math_inline_dollar(allow_space=False, allow_double=True)


def _read_formula(state: StateInline, silent: bool) -> bool:
    """Read a formula unless a digit follows or precedes it directly, as in “$5 and $6”.

    The plugin's own look at the digit before takes, at the start of a text, the last character of the text.
    """
    start = state.pos
    if start and state.src[start - 1].isdigit():
        return False
    # Silently first, which moves only the position: what comes behind decides whether it is a formula.
    found = _read_dollars(state, True)
    end, state.pos = state.pos, start
    if not found or state.src[end : end + 1].isdigit():
        return False
    _read_dollars(state, silent)
    if not silent:
        _note_line(state, start)
    return True


def _read_value(state: StateInline, silent: bool) -> bool:
    start = state.pos
    if not state.src.startswith(("{{", "{%"), start):
        return False
    close = state.src.find("}}", start + 2, state.posMax)
    # Without an end all that follows is taken, for the writer to refuse by name.
    state.pos = close + 2 if close >= 0 else state.posMax
    if not silent:
        state.push("value", "", 0).content = state.src[start : state.pos]
        _note_line(state, start)
    return True


def _read_reference(state: StateInline, silent: bool) -> bool:
    """Read a reference, but not out of an e-mail address."""
    start = state.pos
    found = REFERENCE.match(state.src, start, state.posMax)
    if found is None or (start and state.src[start - 1].isalnum()):
        return False
    state.pos = found.end()
    if not silent:
        state.push("reference", "", 0).content = found[0]
        _note_line(state, start)
    return True


def _note_line(state: StateInline, start: int) -> None:
    """Take down in which line of its block the last token begins."""
    state.tokens[-1].meta = {"line": state.src.count("\n", 0, start)}


def _render_markup(_self: Any, tokens: Sequence[Token], index: int, _options: Any, _env: Any) -> str:
    return tokens[index].content
