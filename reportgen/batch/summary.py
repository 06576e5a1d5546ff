"""The summary of a class: its tables, and its page with every text and number ready to print."""

from __future__ import annotations

import contextlib
import itertools
import json
from collections.abc import Callable, Sequence
from dataclasses import asdict
from decimal import Decimal
from pathlib import Path
from urllib.parse import quote

from reportgen.batch.attempt import GROUPS
from reportgen.batch.class_file import Class
from reportgen.batch.contents import Shared, find_equal_results, find_shared_images, hash_file
from reportgen.batch.grades import TEXT_FILE
from reportgen.batch.outcome import LOG_FILE, Mark, Outcome
from reportgen.batch.tables import (
    GroupResult,
    Spread,
    spread_criteria,
    spread_scores,
    write_grades,
    write_timings,
)
from reportgen.document.overview import Bar, Criterion, Line, Overview, Resemblance
from reportgen.engine.plan import digest_of
from reportgen.engine.sources import code_of, libraries_of
from reportgen.store.files import write_atomically, writing
from reportgen.system.packages import versions_for
from reportgen.templates import templates_folder

_NAMED = 12
_PARTNERS = 4
_BAR_HEIGHT = 100
"""Height of the highest bar of a histogram, in its own units."""


GRADES_FILE, OVERVIEW_FILE, TIMINGS_FILE = "grades.csv", "overview.html", "timings.csv"

_STATE_FILE = ".tables.json"

_MODULES = (__name__, "reportgen.document.overview")


def write_tables(
    chosen: Class, rows: Sequence[GroupResult], out: Path, say: Callable[[str], None] = lambda _line: None
) -> None:
    """Write ``grades.csv``, ``overview.html`` and ``timings.csv``. Raises ``StorageError`` if that fails.

    The first two depend on what came of the groups and on nothing else. One of them that was changed by hand
    stays under another name, which is reported.
    """
    with writing(out):
        _write_if_new(out / TIMINGS_FILE, write_timings(rows))
        key = _identify(chosen, rows)
        if _read_state(out) == {"key": key, **_hashes(out)}:
            return
        from reportgen.document.overview import render_overview
        from reportgen.templates import open_templates

        _set_edited_aside(out, say)
        write_atomically(out / GRADES_FILE, write_grades(rows, chosen.outline.kind).encode())
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
            candidates = (out / f"{file.stem}-edited-{number}{file.suffix}" for number in itertools.count(1))
            path = next(path for path in candidates if not path.exists())
            file.rename(path)
            say(f"{file} was changed by hand; that version is now {path.name}.")


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


def sum_up(chosen: Class, rows: Sequence[GroupResult]) -> Overview:
    """The values that ``render_overview`` prints."""
    outcomes = [row.outcome for row in rows]
    shared = find_shared_images({row.group.name: row.images for row in rows})
    equal = find_equal_results({row.group.name: row.outcome.fingerprint for row in rows})
    scores = spread_scores(outcomes)
    headline = chosen.outline.kind.headline
    return Overview(
        title=chosen.title or "The class",
        headline=headline[1].title if headline else "",
        course=chosen.course,
        assignment=chosen.assignment,
        lines=tuple(map(_line, rows)),
        criteria=tuple(map(_criterion, spread_criteria(outcomes))),
        scores=_criterion(scores) if scores else None,
        images=tuple(map(_resemblance, shared)),
        results=tuple(_shorten(groups) for groups in equal),
        verified=any(outcome.verification for outcome in outcomes),
    )


def _line(row: GroupResult) -> Line:
    outcome = row.outcome
    folder = f"{GROUPS}/{quote(row.group.slug)}"
    report = f"{folder}/build/report.html" if outcome.done and not outcome.submitted else ""
    return Line(
        name=row.group.name,
        done=outcome.done,
        reason=outcome.reason,
        score=outcome.score,
        points=outcome.points,
        accuracy=_accuracy(outcome),
        verification=outcome.verification,
        verified=f"{folder}/{TEXT_FILE}" if outcome.verified else "",
        differs=outcome.differs,
        submitted=outcome.submitted,
        lost=tuple(_lost(mark) for mark in outcome.marks if Decimal(mark.score) < Decimal(mark.points)),
        notes=outcome.notes,
        report=report,
        earlier=f"{folder}/{row.earlier}" if row.earlier else "",
        grades=f"{folder}/grades.md" if outcome.done else "",
        log="" if outcome.done or outcome.cause == "data" else f"{folder}/{LOG_FILE}",
    )


def _accuracy(outcome: Outcome) -> str:
    return f"{outcome.correct} of {outcome.total}" if outcome.correct is not None else ""


def _lost(mark: Mark) -> str:
    return f"{mark.criterion} ({mark.score} of {mark.points})"


def _criterion(spread: Spread) -> Criterion:
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
            Bar(10 * index, -(-_BAR_HEIGHT * count // highest), _BAR_HEIGHT, index == last)
            for index, count in enumerate(spread.counts)
        ),
        description=_describe(spread),
    )


def _describe(spread: Spread) -> str:
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


def _shorten(names: Sequence[str]) -> tuple[str, ...]:
    more = len(names) - _NAMED
    return (*names[:_NAMED], f"{more} more") if more > 0 else tuple(names)
