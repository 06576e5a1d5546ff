"""The class as its page shows it: every text and number ready to be printed, means with intervals."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from decimal import Decimal
from math import sqrt
from statistics import NormalDist, fmean, stdev
from urllib.parse import quote

from reportgen.batch.accounting import FileRow, count_files
from reportgen.batch.attempt import GROUPS
from reportgen.batch.class_file import Class
from reportgen.batch.copies import Copy, Shared, find_copies, find_outside_authors, find_shared_images
from reportgen.batch.examination import CONFIRMED, PAGE_FILE, TEXT_FILE
from reportgen.batch.outcome import LOG_FILE, Author, Mark, Outcome
from reportgen.batch.roster import Student, simplify
from reportgen.batch.tables import (
    GroupResult,
    PointsSummary,
    spread_criteria,
    spread_scores,
)
from reportgen.document.class_pages import Bar, Common, Count, Criterion, Line, Overview, Resemblance
from reportgen.grading.score import OPEN
from reportgen.text import percent_text

LEAST_GROUPS = 3
"""Two groups, or one, say nothing of a class."""

_LEVEL = 0.95
_Z = NormalDist().inv_cdf((1 + _LEVEL) / 2)

Interval = tuple[float, float]


def mean_interval(scores: Sequence[float], most: float) -> Interval | None:
    """Student's t interval of the mean of scores from 0 to ``most``, cut off where no mean can be.

    None for fewer than ``LEAST_GROUPS``, and where all scores are equal: that their spread is zero is known
    of the sample only.
    """
    count = len(scores)
    if count < LEAST_GROUPS or min(scores) == max(scores):
        return None
    from scipy.special import stdtrit  # a second run, which draws no page, needs no SciPy

    half = float(stdtrit(count - 1, (1 + _LEVEL) / 2)) * stdev(scores) / sqrt(count)
    # A bonus may lead above the maximum.
    return max(fmean(scores) - half, 0.0), min(fmean(scores) + half, max(most, *scores))


def share_interval(shares: Sequence[float]) -> Interval | None:
    """Wilson's interval of the mean of shares from 0 to 1, with the mean instead of a proportion.

    Shares between 0 and 1 vary less than full and no points with the same mean, so that with them it is wider
    than it need be. It is none for fewer than ``LEAST_GROUPS``.

    Wilson (1927), Probable inference, the law of succession, and statistical inference.
    """
    count = len(shares)
    if count < LEAST_GROUPS:
        return None
    mean = min(max(fmean(shares), 0.0), 1.0)
    weight = _Z**2 / count
    middle = (mean + weight / 2) / (1 + weight)
    half = sqrt(mean * (1 - mean) * weight + weight**2 / 4) / (1 + weight)
    # Exactly so, whatever is lost in rounding: an interval that ends at all or nothing says so.
    return 0.0 if mean == 0 else middle - half, 1.0 if mean == 1 else middle + half


_NAMED = 12
_PARTNERS = 4
_WITHOUT_LOG = ("", "data", "absent", "unchecked")
_BAR_HEIGHT = 100
"""Height of the highest bar of a histogram, in its own units."""


def sum_up(
    chosen: Class,
    rows: Sequence[GroupResult],
    files: Sequence[FileRow] = (),
    students: Sequence[Student] = (),
) -> Overview:
    """The values that ``render_overview`` prints. Points that are held are in no statistics."""
    outcomes = [row.outcome for row in rows if row.status == "done"]
    # Of all groups that were read, held or not.
    traits = {row.group.name: row.outcome.traits for row in rows}
    shared = find_shared_images(
        {row.group.name: row.images for row in rows}, {name: each.images for name, each in traits.items()}
    )
    copies = find_copies({row.group.name: row.pdf for row in rows}, traits)
    copies += find_outside_authors(traits, _list_members(rows, students))
    scores = spread_scores(outcomes)
    headline = chosen.outline.kind.headline
    return Overview(
        title=chosen.title or "The class",
        headline=headline[1].title if headline else "",
        course=chosen.course,
        assignment=chosen.assignment,
        lines=tuple(map(_line, rows)),
        criteria=tuple(map(_criterion, spread_criteria(outcomes))),
        scores=replace(_criterion(scores), interval=_tell_mean(scores)) if scores else None,
        images=tuple(map(_resemblance, shared)),
        copies=tuple(map(_common, copies)),
        files=tuple(Count(status, count) for status, count in count_files(files).items()) if files else (),
        verified=any(row.outcome.verification for row in rows),
    )


def _list_members(rows: Sequence[GroupResult], students: Sequence[Student]) -> dict[str, list[Author]]:
    """The members of each group by the roster, as a report may name them."""
    return {
        row.group.name: [
            Author(student.name, student.ident)
            for student in students
            if simplify(student.group) == simplify(row.group.name)
        ]
        for row in rows
    }


def _line(row: GroupResult) -> Line:
    outcome = row.outcome
    # Where groups are numbers their folders, which have their names, are not linked.
    linked = bool(row.group.slug)
    # Letters of any script, which an address does not have.
    folder = f"{GROUPS}/{quote(row.group.slug)}"
    return Line(
        name=row.group.name,
        status=row.status,
        reason=row.reason,
        score=outcome.score,
        points=outcome.most,
        accuracy=_accuracy(outcome),
        verification=outcome.verification,
        verified=f"{folder}/{TEXT_FILE if outcome.verification == CONFIRMED else PAGE_FILE}"
        if outcome.verified
        else "",
        differs=outcome.differs,
        look=outcome.look,
        lost=tuple(_lost(mark) for mark in outcome.marks if Decimal(mark.score) < Decimal(mark.points)),
        notes=row.notes,
        report=f"{folder}/{row.report}" if row.report and outcome.done else "",
        earlier=f"{folder}/{row.earlier}" if row.earlier else "",
        grades=f"{folder}/grades.md" if outcome.done and linked else "",
        log=f"{folder}/{LOG_FILE}" if linked and outcome.cause not in _WITHOUT_LOG else "",
    )


def _accuracy(outcome: Outcome) -> str:
    return f"{outcome.correct} of {outcome.total}" if outcome.total else ""


def _lost(mark: Mark) -> str:
    # What could not be checked is not lost.
    state = f", {mark.status}" if mark.status in OPEN else ""
    # Deductions are worth no points, so there is nothing that they could be a part of.
    of = f" of {mark.points}" if Decimal(mark.points) else ""
    return f"{mark.criterion} ({mark.score}{of}{state})"


def _criterion(spread: PointsSummary) -> Criterion:
    highest = max(spread.counts) or 1
    last = len(spread.counts) - 1
    return Criterion(
        name=spread.name,
        points=f"{spread.points:f}",
        groups=spread.groups,
        mean=f"{spread.mean:f}",
        median=f"{spread.median:f}",
        full=spread.full,
        bars=tuple(
            # Rounded up, so that a single group can be seen.
            Bar(10 * index, -(-_BAR_HEIGHT * count // highest), _BAR_HEIGHT, index == last)
            for index, count in enumerate(spread.counts)
        ),
        description=_describe(spread),
        interval=_tell_share(spread),
        undecided=spread.undecided,
    )


def _tell_mean(spread: PointsSummary) -> str:
    """The interval of the mean points, or why there is none."""
    found = mean_interval([float(score) for score in spread.scores], float(spread.points))
    if found:
        return f"95 % interval {found[0]:.1f} to {found[1]:.1f} (Student's t, n = {spread.groups})"
    few = spread.groups < LEAST_GROUPS
    return f"no interval: {'too few groups' if few else 'all are equal'} (n = {spread.groups})"


def _tell_share(spread: PointsSummary) -> str:
    """The mean share of the points with its interval; "" where there is no share."""
    shares = spread.shares
    if not shares:
        return ""
    mean, found = percent_text(fmean(shares)), share_interval(shares)
    where = f" ({percent_text(found[0])} to {percent_text(found[1])})" if found else ""
    return f"{mean}{where}, n = {len(shares)}"


def _describe(spread: PointsSummary) -> str:
    """The histogram in words."""
    last = len(spread.counts) - 1
    names = {0: "no points", last: "all points"}
    parts = [
        f"{names.get(index, f'up to {10 * index} %' if index < last - 1 else 'below 100 %')}: {count}"
        for index, count in enumerate(spread.counts)
        if count
    ]
    return "Groups with " + ", ".join(parts)


def _resemblance(shared: Shared) -> Resemblance:
    named = [f"{name} ({count})" for name, count in shared.partners[:_PARTNERS]]
    more = len(shared.partners) - _PARTNERS
    return Resemblance(
        shared.group,
        f"{shared.shared} of {shared.images}",
        (*named, f"{more} more") if more > 0 else tuple(named),
    )


def _common(copy: Copy) -> Common:
    return Common(copy.what, _shorten(copy.groups))


def _shorten(names: Sequence[str]) -> tuple[str, ...]:
    more = len(names) - _NAMED
    return (*names[:_NAMED], f"{more} more") if more > 0 else tuple(names)
