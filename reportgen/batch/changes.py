"""One criterion before and after: what another rubric, or points by hand, made of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from reportgen.batch.job import Outcome
from reportgen.batch.tables import GroupResult, criteria_of, find_mark
from reportgen.errors import UserError
from reportgen.grading.exports.table import one_line
from reportgen.text import find_nearest

_HEAD = ("group", "before", "now", "of")


def compare_criterion(name: str, rows: Sequence[GroupResult], before: Mapping[str, Outcome]) -> list[str]:
    """A table of the groups' points for a criterion: of the run ``before``, by group, and of this one.

    Raises ``UserError`` if neither run has the criterion.
    """
    known = criteria_of([*(row.outcome for row in rows), *before.values()])
    if name not in known:
        near = find_nearest(name, known)
        raise UserError(
            f"--criterion '{name}': there is no criterion of that name.",
            f"Did you mean '{near}'?" if near else f"There are {', '.join(known) or 'none'}.",
        )
    cells = [_HEAD, *(_cells(name, row, before) for row in rows)]
    widths = [max(len(row[column]) for row in cells) for column in range(len(_HEAD))]
    return [
        "  ".join([row[0].ljust(widths[0]), *map(str.rjust, row[1:], widths[1:])]).rstrip() for row in cells
    ]


def _cells(name: str, row: GroupResult, before: Mapping[str, Outcome]) -> tuple[str, str, str, str]:
    last = before.get(row.group.name)
    mark = find_mark(row.outcome, name)
    label = one_line(row.group.name)
    held = " (held)" if row.status == "held" else ""
    return label + held, _score(last, name), _score(row.outcome, name), mark.points if mark else "–"


def _score(outcome: Outcome | None, name: str) -> str:
    mark = find_mark(outcome, name) if outcome else None
    if mark is None:
        return "–"
    open_now = mark.status in ("not graded yet", "not checkable")
    return mark.status if open_now and mark.score == "0" else mark.score
