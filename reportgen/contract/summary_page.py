"""A report's results as a small page: what a notebook shows of them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from html import escape
from typing import TYPE_CHECKING, Any

from reportgen.contract.summary import (
    correct_of,
    cut,
    describe_checks,
    describe_data,
    describe_weights,
    title_of,
)
from reportgen.contract.tables import class_names
from reportgen.results import SPLITS

if TYPE_CHECKING:
    from reportgen.contract.reader import LoadedResults

MOST_CLASSES, MOST_NEURONS = 12, 5
"""How many classes and neurons of a class are shown; tables have all."""

_LONGEST = 200
_CELL = "padding:.15em .6em;text-align:{align};border:1px solid rgba(128,128,128,.35)"
_HIT, _MISS = "46,139,87", "205,92,92"


def render_results(results: LoadedResults) -> str:
    """A fragment of HTML that carries its own styles and no script, id or link; names are escaped.

    It takes the colours of the page it stands in, so that it can be read on light and dark, and two of them
    can stand on one page.
    """
    parts = [
        f"<p><strong>{_text(title_of(results) or 'Report')}</strong><br>{_text(results.name)}</p>",
        _facts(results),
        _confusion(results),
        _neurons(results),
        f"<p>All tables: {', '.join(f'<code>{escape(name)}</code>' for name in results.tables)}; "
        "<code>results.table(name)</code> gives each as a data frame.</p>",
    ]
    return f'<div style="line-height:1.45">{"".join(parts)}</div>'


def render_note(text: str) -> str:
    """A remark that belongs to the page, in the same manner."""
    return f"<p>{'<br>'.join(escape(line) for line in text.splitlines())}</p>"


def _facts(results: LoadedResults) -> str:
    rows = [
        ("Data", describe_data(results)),
        ("Weights", describe_weights(results)),
        *((f"Correct, {split}", correct_of(results, split)) for split in SPLITS),
        ("Checks", describe_checks(results)),
    ]
    body = "".join(f"<tr>{_head(name, row=True)}{_cell(_text(text), 'left')}</tr>" for name, text in rows)
    return _table(f"<tbody>{body}</tbody>", "")


def _confusion(results: LoadedResults) -> str:
    classes, matrix = class_names(results), results.transfer.confusion["test"]
    shown = classes[:MOST_CLASSES]
    head = "".join(_head(label) for label in ["true \\ predicted", *shown])
    body = [
        f"<tr>{_head(label, row=True)}{_counts(matrix[place][: len(shown)], place)}</tr>"
        for place, label in enumerate(shown)
    ]
    note = "" if len(shown) == len(classes) else f"; the first {len(shown)} of {len(classes)} classes"
    return _table(
        f"<thead><tr>{head}</tr></thead><tbody>{''.join(body)}</tbody>", f"Test images by class{note}"
    )


def _counts(row: Sequence[int], place: int) -> str:
    """A row of counts, the darker the more; what is right is green, what is wrong is red."""
    most = max([*row, 1])
    return "".join(
        _cell(
            str(count),
            "right",
            f";background:rgba({_HIT if place == at else _MISS},{0.6 * count / most:.2f})",
        )
        for at, count in enumerate(row)
    )


def _neurons(results: LoadedResults) -> str:
    found = results.neurons
    rows = [
        (label, rank, " × ".join(map(str, neuron.position)), f"{neuron.value:.4g}")
        for label, neurons in list(found.top.items())[:MOST_CLASSES]
        for rank, neuron in enumerate(neurons[:MOST_NEURONS], 1)
    ]
    names = ("class", "rank", "row × column × channel", "output")
    return _plain_table(names, rows, f"The most excited neurons of {found.layer}")


def _plain_table(names: Sequence[str], rows: Iterable[Sequence[Any]], caption: str) -> str:
    head = "".join(map(_head, names))
    body = "".join(
        f"<tr>{_head(str(first), row=True)}{''.join(_cell(_text(str(cell)), 'right') for cell in rest)}</tr>"
        for first, *rest in rows
    )
    return _table(f"<thead><tr>{head}</tr></thead><tbody>{body}</tbody>", caption)


def _table(content: str, caption: str) -> str:
    shown = f'<caption style="text-align:left;padding:.3em 0">{_text(caption)}</caption>' if caption else ""
    return f'<table style="border-collapse:collapse;margin:.6em 0">{shown}{content}</table>'


def _head(text: str, *, row: bool = False) -> str:
    scope, align = ("row", "left") if row else ("col", "right")
    return f'<th scope="{scope}" style="{_CELL.format(align=align)}">{_text(text)}</th>'


def _cell(content: str, align: str, style: str = "") -> str:
    return f'<td style="{_CELL.format(align=align)}{style}">{content}</td>'


def _text(text: str) -> str:
    """Anybody's words: cut, escaped, and with a direction of their own."""
    return f"<bdi>{escape(cut(text, _LONGEST))}</bdi>"
