"""The section's results as a table, for a notebook."""

from __future__ import annotations

from typing import Final

from reportgen.contract.reader import LoadedResults
from reportgen.contract.summary import Table, number_or_nan, of_rows

_COLUMNS = ("class", "method", "predicted", "explained", "score", "baseline", "incompleteness", "on_animal")


def _methods(results: LoadedResults) -> Table:
    rows = [
        {
            "class": label,
            "method": own.method,
            "predicted": image.predicted,
            "explained": image.explained or image.predicted,
            "score": image.score,
            "baseline": image.baseline,
            "incompleteness": number_or_nan(own.incompleteness),
            "on_animal": number_or_nan(own.on_animal),
        }
        for label, image in results.methods.classes.items()
        for own in image.maps
    ]
    return of_rows(rows, _COLUMNS, keys=2)


TABLES: Final = {"methods": _methods}
