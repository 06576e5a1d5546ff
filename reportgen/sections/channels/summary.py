"""The section's results as a table, for a notebook."""

from __future__ import annotations

from typing import Final

from reportgen.contract.reader import LoadedResults
from reportgen.contract.summary import Table, describe_position, number_or_nan, of_rows

_COLUMNS = (
    "class",
    "list",
    "rank",
    "row",
    "column",
    "channel",
    "value",
    "contribution",
    "contribution_rank",
    "strength_rank",
    "ratio",
)


def _channels(results: LoadedResults) -> Table:
    rows = [
        {
            "class": label,
            "list": name,
            "rank": rank,
            **describe_position(each.position),
            "value": each.value,
            "contribution": each.contribution,
            "contribution_rank": each.contribution_rank,
            "strength_rank": number_or_nan(each.strength_rank),
            "ratio": number_or_nan(each.ratio),
        }
        for label, image in results.channels.classes.items()
        for name in ("loud", "decisive", "unusual")
        for rank, each in enumerate(getattr(image, name), 1)
    ]
    return of_rows(rows, _COLUMNS, keys=3)


TABLES: Final = {"channels": _channels}
