"""What happens to the sum of the points: the limit of a bonus, no total below zero, late submissions."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from fractions import Fraction
from math import ceil

from reportgen.grading.report import GradingError
from reportgen.grading.score import NOT_CHECKABLE, Case, Criterion, Status, round_part

BONUS_LIMIT, NOT_BELOW_ZERO, LATE = "Bonus limit", "Not below zero", "Late submission"
UNDATED = "When it was handed in is not known, so nothing is deducted for lateness."
ADJUSTMENTS = (BONUS_LIMIT, NOT_BELOW_ZERO, LATE)
"""Rows below the criteria, with which the rows of a table always add up to its total."""

_DAY = timedelta(days=1)


@dataclass(frozen=True)
class Late:
    """For each day that has begun since ``due``, ``per_day`` per cent of the points reached are deducted, and
    ``most`` per cent at most.
    """

    due: datetime
    per_day: Decimal
    most: Decimal = Decimal(100)

    def count_days(self, submitted: datetime) -> int:
        """The days that had begun since the due time. Raises ``GradingError`` if only one of the two times
        says its offset from UTC.
        """
        # Python raises TypeError for the difference of two such times.
        if (self.due.utcoffset() is None) != (submitted.utcoffset() is None):
            raise GradingError(
                f"The time of submission, {submitted.isoformat()}, cannot be compared with due = "
                f"{self.due.isoformat()}: one of them has an offset from UTC.",
                "Write both with an offset, as 2026-02-01T23:59:00+01:00, or both without.",
            )
        return max(ceil((submitted - self.due) / _DAY), 0)


@dataclass(frozen=True)
class Policy:
    """The rules of a rubric for its sum. ``most_bonus``: None for no limit; ``late``: None for none."""

    most_bonus: Decimal | None = None
    late: Late | None = None


def merge_policies(policies: Iterable[Policy]) -> Policy:
    """The rules of several rubrics as one. Raises ``ValueError`` naming what two of them say differently."""
    merged = Policy()
    for policy in policies:
        for key in ("most_bonus", "late"):
            if getattr(merged, key) not in (None, getattr(policy, key)) and getattr(policy, key) is not None:
                raise ValueError(key)
        merged = Policy(
            merged.most_bonus if policy.most_bonus is None else policy.most_bonus, policy.late or merged.late
        )
    return merged


def apply_policy(
    criteria: Sequence[Criterion], policy: Policy, submitted: datetime | None
) -> tuple[Criterion, ...]:
    """The criteria, and below them a row for each rule of ``policy`` that applies.

    Raises ``GradingError`` if the time of submission cannot be compared with the due time.
    """
    rows = list(criteria)
    bonus = sum((item.score for item in rows if item.kind == "bonus"), Decimal(0))
    # First: points above the limit could hide a total below zero.
    if policy.most_bonus is not None and bonus > policy.most_bonus:
        text = f"of {bonus:f} bonus points at most {policy.most_bonus:f} count"
        rows.append(_adjust(BONUS_LIMIT, "passed", text, policy.most_bonus - bonus))
    if (total := _sum(rows)) < 0:
        text = "deductions take no more than what was reached"
        rows.append(_adjust(NOT_BELOW_ZERO, "passed", text, -total))
    if policy.late is not None:
        # Last: lateness takes its part of the points that count, not of a bonus above its limit.
        rows.append(_judge_time(policy.late, submitted, _sum(rows)))
    return tuple(rows)


def _judge_time(late: Late, submitted: datetime | None, total: Decimal) -> Criterion:
    if submitted is None:
        text = "no time of submission was given, so nothing is deducted"
        # Not "passed": whether it came in time is not known, and the row has to say so.
        return _adjust(LATE, NOT_CHECKABLE, text, Decimal(0))
    days = late.count_days(submitted)
    if not days:
        return _adjust(LATE, "passed", "submitted in time", Decimal(0))
    percent = min(days * late.per_day, late.most)
    lost = round_part(total, Fraction(percent) / 100)
    text = f"{days} day{'s'[: days != 1]} late: {percent.normalize():f} % of {total:f} points are deducted"
    return _adjust(LATE, "failed", text, -lost)


def _adjust(name: str, status: Status, message: str, change: Decimal) -> Criterion:
    return Criterion(name, Decimal(0), (Case(name, status, message),), kind="adjustment", change=change)


def _sum(rows: Iterable[Criterion]) -> Decimal:
    return sum((row.score for row in rows), Decimal(0))


def write_policy(policy: Policy) -> str:
    """The rules as text, for the process that puts the grades together."""
    late = policy.late
    times = [late.due.isoformat(), str(late.per_day), str(late.most)] if late else None
    return json.dumps([None if policy.most_bonus is None else str(policy.most_bonus), times])


def read_policy(text: str) -> Policy:
    """Read what ``write_policy`` wrote."""
    bonus, times = json.loads(text)
    late = Late(datetime.fromisoformat(times[0]), Decimal(times[1]), Decimal(times[2])) if times else None
    return Policy(None if bonus is None else Decimal(bonus), late)
