"""The section's results as tables, for a notebook."""

from __future__ import annotations

from typing import Final

from reportgen.contract.reader import LoadedResults
from reportgen.contract.summary import Table, of_records, of_rows

_COLUMNS = ("file", "rank", "true", "predicted", "probability", "nearest", "label", "similarity")


def _nearest(results: LoadedResults) -> Table:
    rows = [
        {
            "file": each.file, "rank": rank, "true": each.true, "predicted": each.predicted,
            "probability": each.probability, "nearest": one.file, "label": one.label,
            "similarity": one.similarity,
        }
        for each in results.errors.mistakes
        for rank, one in enumerate(each.nearest, 1)
    ]  # fmt: skip
    return of_rows(rows, _COLUMNS, keys=2)


def _twins(results: LoadedResults) -> Table:
    names = ("first", "second", "first_split", "second_split", "same_class", "distance")
    return of_records(results.errors.twins, names)


TABLES: Final = {"nearest": _nearest, "twins": _twins}
