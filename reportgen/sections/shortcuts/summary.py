"""The section's results in short and as tables, for a terminal and a notebook."""

from __future__ import annotations

from typing import Final

from reportgen.contract.reader import LoadedResults
from reportgen.contract.summary import Table, of_records, of_rows


def _cues(results: LoadedResults) -> Table:
    found = results.shortcuts
    rows = [
        {
            "cue": cue, "correct": found.correct[cue], "total": found.judged,
            "accuracy": found.accuracy[cue], "low": found.accuracy_interval[cue][0],
            "high": found.accuracy_interval[cue][1], "chance": found.chance,
        }
        for cue in found.ranking
    ]  # fmt: skip
    return of_rows(rows, ("cue", "correct", "total", "accuracy", "low", "high", "chance"), keys=1)


def _without_ring(results: LoadedResults) -> Table:
    return of_records(results.shortcuts.tested, ("file", "true", "as_it_is", "without_ring"))


TABLES: Final = {"shortcuts": _cues, "without_ring": _without_ring}
