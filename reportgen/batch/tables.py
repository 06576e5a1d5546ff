"""The class as tables: grades and timings as CSV, and the overview as a page."""

from __future__ import annotations

import contextlib
import csv
import io
import itertools
import json
from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict, dataclass
from decimal import Decimal
from fractions import Fraction
from pathlib import Path

from reportgen.batch.class_file import Class, Group
from reportgen.batch.contents import hash_file
from reportgen.batch.job import Job
from reportgen.batch.outcome import Costs, Mark, Outcome
from reportgen.batch.process import MEGABYTE
from reportgen.engine.plan import digest_of
from reportgen.engine.sources import code_of, libraries_of
from reportgen.errors import DataError, UserError
from reportgen.grading.exports.table import one_line, safe_cell
from reportgen.grading.score import round_part
from reportgen.store.files import write_atomically, writing
from reportgen.system.packages import versions_for
from reportgen.templates import templates_folder

_BINS = 10


@dataclass(frozen=True)
class Spread:
    """The points that ``groups`` groups reached of ``points``; mean and median in hundredths.

    ``full``: groups with all of them. ``counts``: groups with no points, with parts up to each tenth of the
    points (full ones left out), and with all.
    """

    name: str
    points: Decimal
    groups: int
    mean: Decimal
    median: Decimal
    full: int
    counts: tuple[int, ...]


def spread_of(name: str, points: Decimal, scores: Sequence[Decimal]) -> Spread:
    """Mean, median and histogram of scores between 0 and ``points``, of one group or more.

    As with a single score, rounding neither gives all points nor takes the last.
    """
    shares = sorted(Fraction(score) / Fraction(points) if points else Fraction(0) for score in scores)
    middle = len(shares) // 2
    median = shares[middle] if len(shares) % 2 else (shares[middle - 1] + shares[middle]) / 2
    counts = [0] * (_BINS + 2)
    for share in shares:
        # -(-x // 1) is x rounded up: a share of exactly one tenth belongs to the first of them.
        counts[_BINS + 1 if share == 1 else -int(-share * _BINS // 1)] += 1
    return Spread(
        name,
        points,
        len(shares),
        round_part(points, sum(shares, Fraction(0)) / len(shares)),
        round_part(points, median),
        sum(share == 1 for share in shares),
        tuple(counts),
    )


def criteria_of(outcomes: Iterable[Outcome]) -> list[str]:
    """The names of all criteria, each once, in the order of the rubric."""
    return list(dict.fromkeys(mark.criterion for outcome in outcomes for mark in outcome.marks))


def find_mark(outcome: Outcome, criterion: str) -> Mark | None:
    """What a group got for a criterion, None without grades."""
    return next((mark for mark in outcome.marks if mark.criterion == criterion), None)


def spread_criteria(outcomes: Sequence[Outcome]) -> list[Spread]:
    """One spread a criterion, over the groups that have grades."""
    spreads = []
    for name in criteria_of(outcomes):
        marks = [mark for outcome in outcomes if (mark := find_mark(outcome, name))]
        scores = [Decimal(mark.score) for mark in marks]
        spreads.append(spread_of(name, Decimal(marks[0].points), scores))
    return spreads


def spread_scores(outcomes: Sequence[Outcome]) -> Spread | None:
    """The spread of the sums, None if no group has grades."""
    graded = [outcome for outcome in outcomes if outcome.done]
    if not graded:
        return None
    return spread_of("", Decimal(graded[0].points), [Decimal(outcome.score) for outcome in graded])


_LONGEST = 400

_LISTED = 3


def describe_problem(error: UserError, job: Job, place: Path) -> str:
    """What an error says, on one line and without any path of this machine."""
    lines = list(error.problems) if isinstance(error, DataError) else error.problem.splitlines()
    shown = [one_line(localise(line, job, place)).rstrip(".") for line in lines[:_LISTED]]
    more = len(lines) - len(shown)
    text = "; ".join(shown) + (f"; and {more} more" if more else "")
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}…"


def localise(text: str, job: Job, place: Path) -> str:
    """The text with the paths of a group's folder and of its report named as from inside."""
    return name_inside(name_inside(text, place), Path(job.folder))


def name_inside(text: str, folder: Path) -> str:
    """The text with the paths of files in ``folder`` relative to it."""
    for form in dict.fromkeys((str(folder), str(folder.resolve()))):
        text = text.replace(f"{form}/", "").replace(form, "the folder")
    return text


_BEFORE = ("group", "status", "score", "points")

_AFTER = ("accuracy_test", "verification", "graded", "reason", "notes")

_DIGITS = 4


@dataclass(frozen=True)
class GroupResult:
    """A group, what came of it, what that took if it is known, and its images by file.

    ``earlier``: of a group that failed, the report of a run before in its folder, "" if there is none.
    """

    group: Group
    outcome: Outcome
    costs: Costs | None
    images: dict[str, str]
    earlier: str = ""


def write_grades(rows: Sequence[GroupResult]) -> str:
    """RFC 4180 with a heading, a row a group in the order of the class; a column a criterion.

    Cells that a spreadsheet would take for formulas are made text. A group that failed has no points: its
    cells are empty, not zero.
    """
    criteria = criteria_of(row.outcome for row in rows)
    return _write([*_BEFORE, *criteria, *_AFTER], (_grades_of(row, criteria) for row in rows))


def write_timings(rows: Sequence[GroupResult]) -> str:
    """Wall time and peak memory of each group when it was last worked on."""
    return _write(
        ["group", "seconds", "peak_mb"],
        (
            [row.group.name, f"{row.costs.seconds:.1f}", f"{row.costs.peak / MEGABYTE:.0f}"]
            if row.costs
            else [row.group.name, "", ""]
            for row in rows
        ),
    )


def share_text(correct: int, total: int) -> str:
    """A share with four decimals; it is 1 or 0 only if it is exactly that."""
    step = 10**_DIGITS
    units = round(correct / total * step) if total else 0
    if 0 < correct < total:
        units = min(max(units, 1), step - 1)
    return f"{units // step}.{units % step:0{_DIGITS}}"


def _grades_of(row: GroupResult, criteria: Iterable[str]) -> list[str]:
    outcome = row.outcome
    marks = [find_mark(outcome, name) for name in criteria]
    known = outcome.correct is not None and outcome.total
    return [
        row.group.name,
        "done" if outcome.done else "failed",
        outcome.score,
        outcome.points,
        *(mark.score if mark else "" for mark in marks),
        share_text(outcome.correct or 0, outcome.total or 0) if known else "",
        outcome.verification,
        ("submitted" if outcome.submitted else "built") if outcome.done else "",
        outcome.reason,
        "; ".join(outcome.notes),
    ]


def _write(heading: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\r\n")
    writer.writerow(map(safe_cell, heading))
    writer.writerows(map(safe_cell, row) for row in rows)
    return text.getvalue()


GRADES_FILE, OVERVIEW_FILE, TIMINGS_FILE = "grades.csv", "overview.html", "timings.csv"

_STATE_FILE = ".tables.json"

_MODULES = (__name__, "reportgen.document.overview")


def write_tables(
    chosen: Class, rows: Sequence[GroupResult], out: Path, say: Callable[[str], None] = lambda _line: None
) -> None:
    """Write ``grades.csv``, ``overview.html`` and ``timings.csv``. Raises ``StorageError`` if that fails.

    The first two depend on what came of the groups and on nothing else. One of them that was changed by hand
    stays, under another name, which is said.
    """
    with writing(out):
        _write_if_new(out / TIMINGS_FILE, write_timings(rows))
        key = _identify(chosen, rows)
        if _read_state(out) == {"key": key, **_hashes(out)}:
            return
        from reportgen.batch.summary import sum_up
        from reportgen.document.overview import render_overview
        from reportgen.templates import open_templates

        _set_edited_aside(out, say)
        write_atomically(out / GRADES_FILE, write_grades(rows).encode())
        page = render_overview(sum_up(chosen, rows), open_templates())
        write_atomically(out / OVERVIEW_FILE, page.encode())
        state = json.dumps({"key": key, **_hashes(out)})
        write_atomically(out / _STATE_FILE, state.encode())


def _set_edited_aside(out: Path, say: Callable[[str], None]) -> None:
    state = _read_state(out)
    written = state if isinstance(state, dict) else {}
    for name in (GRADES_FILE, OVERVIEW_FILE):
        file = out / name
        if file.exists() and hash_file(file) != written.get(name):
            places = (out / f"{file.stem}-edited-{number}{file.suffix}" for number in itertools.count(1))
            place = next(place for place in places if not place.exists())
            file.rename(place)
            say(f"{file} was changed by hand; that version is now {place.name}.")


def _identify(chosen: Class, rows: Sequence[GroupResult]) -> str:
    """A hash over all that the tables depend on."""
    templates = sorted(templates_folder().glob("overview.*"))
    modules = [*_MODULES]
    return digest_of(
        {
            "titles": [chosen.title, chosen.course, chosen.assignment, chosen.verify],
            "rows": [
                [row.group.name, row.group.slug, asdict(row.outcome), row.images, row.earlier] for row in rows
            ],
            "templates": {file.name: hash_file(file) for file in templates},
            "code": [code_of(module) for module in modules],
            "versions": versions_for({name for module in modules for name in libraries_of(module)}),
        }
    )


def _hashes(out: Path) -> dict[str, str]:
    return {name: hash_file(out / name) for name in (GRADES_FILE, OVERVIEW_FILE)}


def _read_state(out: Path) -> object:
    with contextlib.suppress(OSError, ValueError):
        return json.loads((out / _STATE_FILE).read_bytes())
    return None


def _write_if_new(file: Path, text: str) -> None:
    with contextlib.suppress(OSError):
        if file.read_bytes() == text.encode():
            return
    write_atomically(file, text.encode())
