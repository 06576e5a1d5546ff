"""The tables of a report: columns of plain values, or data frames if pandas is installed."""

from __future__ import annotations

import math
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from reportgen.contract.lookup import PointerError, show_value
from reportgen.errors import UserError
from reportgen.results import SPLITS, Box
from reportgen.text import find_nearest

if TYPE_CHECKING:
    from pandas import DataFrame

    from reportgen.contract.reader import LoadedResults


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
        near = find_nearest(str(name), names)
        arrays = name in from_arrays
        raise PointerError(
            f"{results.name}: there is no table {show_value(name)}"
            + (", whose numbers are arrays that did not come along." if arrays else "."),
            "Open the build folder instead."
            if arrays
            else (f"Did you mean '{near}'? " if near else "") + f"The tables are {', '.join(names)}.",
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
    return of_records(results.checks, ("name", "claim", "passed"))


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
