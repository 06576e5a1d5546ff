"""Short summaries of results: ten lines for a terminal, a page for a notebook."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from html import escape
from typing import TYPE_CHECKING, Any

from reportgen.results import SPLITS
from reportgen.text import replaced

if TYPE_CHECKING:
    from reportgen.contract.reader import LoadedResults


MOST_CLASSES, MOST_NEURONS = 12, 5
"""How many classes and neurons of a class are shown; tables have all."""

_LONGEST = 200

_CELL = "padding:.15em .6em;text-align:{align};border:1px solid rgba(128,128,128,.35)"


def render_results(results: LoadedResults) -> str:
    """A fragment of HTML that carries its own styles and no script, id or link; names are escaped.

    It uses the colours of the surrounding page, so that it is readable on light and dark, and two of them
    fit on one page.
    """
    parts = [
        f"<p><strong>{safe_text(title_of(results) or 'Report')}</strong><br>{safe_text(results.name)}</p>",
        _facts(results),
        *(part for module in find_summaries(results) for part in _render(module, results)),
        f"<p>All tables: {', '.join(f'<code>{escape(name)}</code>' for name in results.tables)}; "
        "<code>results.table(name)</code> gives each as a data frame.</p>",
    ]
    return f'<div style="line-height:1.45">{"".join(parts)}</div>'


def _render(module: Any, results: LoadedResults) -> list[str]:
    return [module.render(results)] if hasattr(module, "render") else []


def _list_facts(module: Any, results: LoadedResults) -> list[tuple[str, str]]:
    return list(module.list_facts(results)) if hasattr(module, "list_facts") else []


def render_note(text: str) -> str:
    """A remark that belongs to the page, in the same manner."""
    return f"<p>{'<br>'.join(escape(line) for line in text.splitlines())}</p>"


def _facts(results: LoadedResults) -> str:
    rows = [
        ("Data", describe_data(results)),
        ("Weights", describe_weights(results)),
        *(fact for module in find_summaries(results) for fact in _list_facts(module, results)),
        ("Checks", describe_checks(results)),
    ]
    body = "".join(
        f"<tr>{head_cell(name, row=True)}{cell(safe_text(text), 'left')}</tr>" for name, text in rows
    )
    return wrap_table(f"<tbody>{body}</tbody>", "")


def plain_table(names: Sequence[str], rows: Iterable[Sequence[Any]], caption: str) -> str:
    """A table of plain cells; the first of a row is its head."""
    head = "".join(map(head_cell, names))
    body = "".join(
        f"<tr>{head_cell(str(first), row=True)}"
        f"{''.join(cell(safe_text(str(item)), 'right') for item in rest)}</tr>"
        for first, *rest in rows
    )
    return wrap_table(f"<thead><tr>{head}</tr></thead><tbody>{body}</tbody>", caption)


def wrap_table(content: str, caption: str) -> str:
    """A table around its rows."""
    shown = (
        f'<caption style="text-align:left;padding:.3em 0">{safe_text(caption)}</caption>' if caption else ""
    )
    return f'<table style="border-collapse:collapse;margin:.6em 0">{shown}{content}</table>'


def head_cell(text: str, *, row: bool = False) -> str:
    """A cell that heads a column, or a row."""
    scope, align = ("row", "left") if row else ("col", "right")
    return f'<th scope="{scope}" style="{_CELL.format(align=align)}">{safe_text(text)}</th>'


def cell(content: str, align: str, style: str = "") -> str:
    """A cell of a table."""
    return f'<td style="{_CELL.format(align=align)}{style}">{content}</td>'


def safe_text(text: str) -> str:
    """Anybody's words: cut, escaped, and with a direction of their own."""
    return f"<bdi>{escape(cut(text, _LONGEST))}</bdi>"


LONGEST = 160
"""Characters of a line; what is longer ends in an ellipsis."""


def describe_results(results: LoadedResults) -> list[str]:
    """A few lines for a terminal or a log, ten for the assignment, whatever is in the document."""
    named = (
        ("Results of", f"{results.name}, schema {results.schema_version}"),
        ("Report", title_of(results)),
        ("Data", describe_data(results)),
        ("Weights", describe_weights(results)),
        *(line for module in find_summaries(results) for line in module.describe(results)),
        ("Checks", describe_checks(results)),
        ("More", ".tables, .table(name), .at(pointer), .array(section, name); attributes as in results.json"),
    )  # fmt: skip
    return [cut(f"{name + ':':<12}{plain(text)}") for name, text in named]


def find_summaries(results: LoadedResults) -> list[Any]:
    """The modules of the sections that say what their results are in short."""
    modules = [section.load("summary") for section in results.report_kind.sections]
    return [module for module in modules if hasattr(module, "describe")]


def title_of(results: LoadedResults) -> str:
    """Course, assignment, group and authors, as far as they are given."""
    report = results.report
    return "; ".join(filter(None, [report.assignment, report.course, report.group, *_authors(results)]))


def describe_data(results: LoadedResults) -> str:
    """How many images of which classes."""
    data = results.dataset
    total = ", ".join(f"{split} {sum(data.counts[split].values())}" for split in SPLITS)
    return f"{len(data.images)} images ({total}) of {len(data.classes)} classes: {', '.join(data.classes)}"


def describe_weights(results: LoadedResults) -> str:
    """Where the weights are from, and the seed."""
    weights = results.provenance.weights
    return f"{weights.source} ({weights.name}); seed {results.provenance.seed}"


def describe_checks(results: LoadedResults) -> str:
    """How many of the report's claims its numbers bear out, and which they do not."""
    failed = [check.name for check in results.checks if not check.passed]
    passed = f"{len(results.checks) - len(failed)} of {len(results.checks)} passed"
    return f"{passed}; failed: {', '.join(failed)}" if failed else passed


def _authors(results: LoadedResults) -> list[str]:
    return [author.name for author in results.report.authors]


def plain(text: str) -> str:
    """A text without line breaks and control characters, which would play tricks with a terminal."""
    return replaced(" ".join(text.split()))


def cut(text: str, longest: int = LONGEST) -> str:
    """A text of ``longest`` characters at most."""
    return text if len(text) <= longest else text[: longest - 1].rstrip() + "…"
