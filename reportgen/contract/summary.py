"""Results in short: ten lines for a terminal, a page for a notebook, data frames."""

from __future__ import annotations

import math
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from html import escape
from typing import TYPE_CHECKING, Any

from reportgen.errors import UserError
from reportgen.pointer import PointerError, show_value
from reportgen.results import SPLITS, Box
from reportgen.text import as_sentence, did_you_mean, replaced

if TYPE_CHECKING:
    from pandas import DataFrame

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
    # Styles are written at the elements: those of a style sheet would hold for the whole notebook.
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
    heading = (
        f'<caption style="text-align:left;padding:.3em 0">{safe_text(caption)}</caption>' if caption else ""
    )
    return f'<table style="border-collapse:collapse;margin:.6em 0">{heading}{content}</table>'


def head_cell(text: str, *, row: bool = False) -> str:
    """A cell that heads a column, or a row."""
    scope, align = ("row", "left") if row else ("col", "right")
    return f'<th scope="{scope}" style="{_CELL.format(align=align)}">{safe_text(text)}</th>'


def cell(content: str, align: str, style: str = "") -> str:
    """A cell of a table."""
    return f'<td style="{_CELL.format(align=align)}{style}">{content}</td>'


def safe_text(text: str) -> str:
    """Anybody's words: cut, escaped, and with a direction of their own."""
    # Cut before escaping, or the cut could be in the middle of an entity.
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
    # On one line and cut: a name in a stranger's results may be long, or have line ends.
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
    checks = [check for check in results.checks if not check.finding]
    failed = [check.name for check in checks if not check.passed]
    passed = f"{len(checks) - len(failed)} of {len(checks)} passed"
    return f"{passed}; failed: {', '.join(failed)}" if failed else passed


def _authors(results: LoadedResults) -> list[str]:
    return [author.name for author in results.report.authors]


def plain(text: str) -> str:
    """A text without line breaks and control characters, which would play tricks with a terminal."""
    return replaced(" ".join(text.split()))


def cut(text: str, longest: int = LONGEST) -> str:
    """A text of ``longest`` characters at most."""
    return text if len(text) <= longest else text[: longest - 1].rstrip() + "…"


Maker = Callable[["LoadedResults"], "Table"]


class PandasMissingError(UserError, ImportError):
    """A data frame is asked for where pandas is not installed."""

    def __init__(self) -> None:
        super().__init__(
            "A table is a data frame of pandas, which is not installed here.",
            f"Run: {sys.executable} -m pip install pandas (in a notebook: %pip install pandas)",
        )


@dataclass(frozen=True)
class Table:
    """Columns of equal length, by name, in order; the first ``keys`` of them say what a row is about.

    What is null in ``results.json`` is NaN among numbers.
    """

    columns: Mapping[str, Sequence[Any]]
    keys: int = 1

    def frame(self) -> DataFrame:
        """The table as a data frame whose index is its first ``keys`` columns.

        Raises ``PandasMissingError`` without pandas.
        """
        try:
            # pandas is an extra: results can be read and printed without it.
            import pandas as pd
        except ImportError:
            raise PandasMissingError from None
        frame = pd.DataFrame(dict(self.columns))
        return frame.set_index(list(self.columns)[: self.keys]) if self.keys else frame


def make_table(results: LoadedResults, name: str) -> Table:
    """The table of that name. Raises ``PointerError`` if there is none, or none in what was opened."""
    makers, from_arrays = _find_makers(results)
    names = list_tables(results)
    if name not in names:
        hint = as_sentence(did_you_mean(str(name), names))
        arrays = name in from_arrays
        raise PointerError(
            f"{results.name}: there is no table {show_value(name)}"
            + (", whose numbers are arrays that did not come along." if arrays else "."),
            "Open the build folder instead."
            if arrays
            else f"{hint} The tables are {', '.join(names)}.".lstrip(),
        )
    return makers[name](results)


def list_tables(results: LoadedResults) -> tuple[str, ...]:
    """The names of the tables that there are; some are made from arrays, which a PDF has not."""
    makers, from_arrays = _find_makers(results)
    return tuple(name for name in makers if name not in from_arrays or results.folder is not None)


def _find_makers(results: LoadedResults) -> tuple[Mapping[str, Maker], AbstractSet[str]]:
    """How each table is made, in the order of the report; and which of them are made from arrays."""
    makers: dict[str, Maker] = {"images": _images, "counts": _counts}
    from_arrays: set[str] = set()
    for section in results.report_kind.sections:
        if (module := section.load("summary")) is not None:
            makers |= getattr(module, "TABLES", {})
            from_arrays |= getattr(module, "FROM_ARRAYS", frozenset())
    # Last, as in the report.
    return {**makers, "checks": _checks}, from_arrays


def _images(results: LoadedResults) -> Table:
    return of_records(results.dataset.images, ("file", "split", "label", "sha256"))


def _counts(results: LoadedResults) -> Table:
    counts = results.dataset.counts
    classes = results.dataset.classes
    return Table(
        {"class": classes, **{split: [counts[split].get(label, 0) for label in classes] for split in SPLITS}}
    )


def _checks(results: LoadedResults) -> Table:
    return of_records(results.checks, ("name", "claim", "passed", "finding"))


def of_records(records: Iterable[Any], names: Sequence[str]) -> Table:
    """A table of attributes of records."""
    listed = list(records)
    return Table({name: [getattr(record, name) for record in listed] for name in names})


def of_rows(rows: Sequence[Mapping[str, Any]], names: Sequence[str], keys: int = 1) -> Table:
    """A table of rows with these columns."""
    return Table({name: [row[name] for row in rows] for name in names}, keys)


def beside(
    named: Mapping[str, Sequence[Any]], by_class: Mapping[str, Any], words: str, *, always: bool = False
) -> dict[str, Any]:
    """Columns, and one for each class: by its name alone, unless another column has that name."""
    taken = always or any(label in named for label in by_class)
    return {**named, **{words.format(label) if taken else label: each for label, each in by_class.items()}}


def describe_position(position: Sequence[int]) -> dict[str, int]:
    """Row, column and channel of a neuron as columns."""
    return dict(zip(("row", "column", "channel"), position, strict=True))


def describe_box(box: Box, name: str) -> dict[str, int]:
    """The first row and column inside, and the first after it: half-open, as in results.json."""
    return dict(zip(name_sides(name), (*box.rows, *box.cols), strict=True))


def name_sides(name: str) -> tuple[str, ...]:
    """The columns of a box."""
    return tuple(f"{name}_{side}" for side in ("top", "bottom", "left", "right"))


def shape_text(shape: Sequence[int]) -> str:
    """A shape in one cell."""
    return " × ".join(map(str, shape))


def number_or_nan(value: float | None) -> float:
    """Null becomes NaN."""
    return math.nan if value is None else value
