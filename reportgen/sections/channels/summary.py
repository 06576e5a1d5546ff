"""The section's results in short and as a table, for a terminal and a notebook."""

from __future__ import annotations

from collections.abc import Iterator
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
            "ratio": number_or_nan(each.ratio),
        }
        for label, image in results.channels.classes.items()
        for name in ("loud", "decisive", "unusual")
        for rank, each in enumerate(getattr(image, name) or (), 1)
    ]
    return of_rows(rows, _COLUMNS, keys=3)


TABLES: Final = {"channels": _channels}


def describe(results: LoadedResults) -> Iterator[tuple[str, str]]:
    """A line by its name."""
    found = results.channels
    yield (
        "Channels",
        f"of {found.listed} entries among the loudest, {found.loud_and_decisive} are among the most decisive "
        f"and {found.loud_against} lower the score",
    )
