"""The section's results as tables."""

from __future__ import annotations

from typing import Final

from reportgen.contract.reader import LoadedResults
from reportgen.contract.summary import (
    Table,
    of_rows,
    shape_text,
)


def _convolution(results: LoadedResults) -> Table:
    found = results.convolution
    rows = [
        {"class": label, "file": each.file, "expected_shape": shape_text(found.expected_shape),
         "observed_shape": shape_text(each.observed_shape), "matches": each.matches}
        for label, each in found.classes.items()
    ]  # fmt: skip
    return of_rows(rows, ("class", "file", "expected_shape", "observed_shape", "matches"))


TABLES: Final = {"convolution": _convolution}
