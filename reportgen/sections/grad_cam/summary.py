"""The section's results as a table, for a notebook."""

from __future__ import annotations

from typing import Final

from reportgen.contract.reader import LoadedResults
from reportgen.contract.summary import Table, of_rows


def _maps(results: LoadedResults) -> Table:
    rows = [
        {"image of": label, "map of": name, "score": own.score, "probability": own.probability,
         "highest": own.highest}
        for label, image in results.grad_cam.classes.items()
        for name, own in image.maps.items()
    ]  # fmt: skip
    return of_rows(rows, ("image of", "map of", "score", "probability", "highest"), keys=2)


TABLES: Final = {"grad_cam": _maps}
