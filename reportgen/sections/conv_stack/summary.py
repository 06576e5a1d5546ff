"""The section's results as tables."""

from __future__ import annotations

from typing import Final

from reportgen.contract.reader import LoadedResults
from reportgen.contract.summary import (
    Table,
    of_rows,
    shape_text,
)


def _conv_stack(results: LoadedResults) -> Table:
    shapes = ("kernel_shape", "input_shape", "expected_shape", "observed_shape")
    rows = [
        {"layer": number, "filters": layer.filters, "stride": layer.stride, "padding": layer.padding,
         "matches": layer.matches, **{name: shape_text(getattr(layer, name)) for name in shapes}}
        for number, layer in enumerate(results.conv_stack.layers, 1)
    ]  # fmt: skip
    return of_rows(rows, ("layer", "filters", *shapes, "stride", "padding", "matches"))


TABLES: Final = {"conv_stack": _conv_stack}
