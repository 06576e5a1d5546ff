"""Groups as numbers, for who is to judge without knowing whom; the key is a file of its own."""

from __future__ import annotations

import csv
import hashlib
import io
import json
import re
import secrets
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from reportgen.batch.outcome import Outcome
from reportgen.batch.roster import simplify
from reportgen.batch.tables import GroupResult, write_table
from reportgen.errors import UserError
from reportgen.grading.exports.table import safe_cell
from reportgen.grading.policy import UNDATED
from reportgen.store.files import read_file, write_atomically, writing
from reportgen.store.output import check_output

KEY_FILE = "names.csv"

_HEADING = ["number", "group"]

NUMBERS_FILE = ".numbers.json"
"""Beside the tables: the key may be taken away, and the numbers stay the same."""

_NUMBER = re.compile(r"Number (\d{3,9})")

_TABLE = "grades.csv"
"""The table that has numbers instead of names after a run with ``--anonymous``."""

_UNTOLD = "It may name files or people, and is reported without --anonymous."


class NumbersLostError(UserError):
    """There are tables with numbers, but no record of whose numbers they are."""


def assign_numbers(out: Path, names: Sequence[str]) -> dict[str, str]:
    """What tables call each group, by name: a number that it keeps in all later runs into ``out``.

    The order is that of salted hashes, so that neither the roster nor the alphabet gives it away. The key is
    written to ``names.csv``. Raises ``StorageError`` if that fails, ``TakenError`` if that file is somebody's
    own, or was changed, ``NumbersLostError`` if there is no record left of which numbers were given.
    """
    salt, numbers, written = _read_numbers(out)
    if not written:
        numbers, written = _recover_numbers(out, names)
    taken = {simplify(name) for name in names}
    for name in sorted(set(names) - numbers.keys(), key=lambda name: _hash(salt, name)):
        number = max(numbers.values(), default=0) + 1
        # A number that is also somebody's name would be taken for it, in a table of points.
        while simplify(_label(number)) in taken:
            number += 1
        numbers[name] = number
    labels = {name: _label(numbers[name]) for name in names}
    rows = sorted(((label, name) for name, label in labels.items()), key=lambda row: number_order(row[0]))
    # The name of a folder may have bytes that are no UTF-8.
    key = write_table(_HEADING, rows).encode("utf-8", "backslashreplace")
    own = (written, hashlib.sha256(key).hexdigest())
    check_output(out / KEY_FILE, lambda stream: hashlib.sha256(stream.read()).hexdigest() in own)
    with writing(out):
        text = json.dumps({"salt": salt, "numbers": numbers, "key": own[1]})
        write_atomically(out / NUMBERS_FILE, text.encode())
        write_atomically(out / KEY_FILE, key)
    return labels


def find_numbers(out: Path) -> dict[str, str]:
    """The groups by the numbers that they were given in earlier runs."""
    return {_label(number): name for name, number in _read_numbers(out)[1].items()}


def _read_numbers(out: Path) -> tuple[str, dict[str, int], str]:
    """The salt, the numbers that were given, and the hash of the key as it was written."""
    try:
        kept = json.loads(read_file(out / NUMBERS_FILE))
        numbers = {str(name): int(number) for name, number in kept["numbers"].items()}
        return str(kept["salt"]), numbers, str(kept["key"])
    # A damaged file is as none: numbers are then given from the start.
    except (OSError, ValueError, TypeError, LookupError, AttributeError):
        # Random: with a salt that is known, whoever has the roster could work out the order of the numbers.
        return secrets.token_hex(16), {}, ""


def _recover_numbers(out: Path, names: Sequence[str]) -> tuple[dict[str, int], str]:
    """The numbers in the key, with its hash, after the file that remembers them was lost.

    A salt cannot be recovered, and new numbers would give the points in older tables to others.
    """
    # The key has the names as tables write them: one that looks like a formula was made text.
    escaped = {safe_cell(name): name for name in names}
    try:
        key = read_file(out / KEY_FILE)
        heading, *rows = csv.reader(io.StringIO(key.decode("utf-8-sig"), newline=""))
    # Gone, or no table any more: then grades.csv says whether that matters.
    except (OSError, ValueError, csv.Error):
        heading, rows = [], []
    found = [
        (_NUMBER.fullmatch(row[0]), escaped.get(row[1], row[1])) for row in rows if len(row) == len(_HEADING)
    ]
    numbers = {name: int(match[1]) for match, name in found if match}
    # A name or a number that is there twice was edited, and cannot be believed.
    if heading == _HEADING and len(set(numbers.values())) == len(numbers) == len(rows):
        return numbers, hashlib.sha256(key).hexdigest()
    if _has_numbers(out / _TABLE):
        raise NumbersLostError(
            f"{out}: {_TABLE} calls groups by numbers, but {NUMBERS_FILE} and {KEY_FILE}, which tell whose "
            "they are, are gone or cannot be read.",
            "Put one of them back, or choose another --out, where all groups get new numbers.",
        )
    return {}, ""


def _has_numbers(table: Path) -> bool:
    try:
        rows = csv.reader(io.StringIO(read_file(table).decode("utf-8-sig"), newline=""))
        return any(row and _NUMBER.fullmatch(row[0]) for row in rows)
    except (OSError, ValueError, csv.Error):
        return False


def _hash(salt: str, name: str) -> str:
    # Who knows the names of a class could hash all of them, but not with the salt.
    return hashlib.sha256(f"{salt}{name}".encode("utf-8", "backslashreplace")).hexdigest()


def _label(number: int) -> str:
    return f"Number {number:03}"


def number_order(label: str) -> tuple[int, str]:
    """What labels are sorted by, so that Number 1000 comes after Number 999."""
    return len(label), label


def hide_names(rows: Iterable[GroupResult], labels: Mapping[str, str]) -> tuple[GroupResult, ...]:
    """The rows by number, without links to folders, which are called like the groups, and without authors.

    Of texts only those stay that can name nobody.
    """
    hidden = [
        replace(
            row,
            # Without a folder's name there are no links to it.
            group=replace(row.group, name=labels[row.group.name], slug=""),
            outcome=_hide_texts(row.outcome),
            report="",
            earlier="",
        )
        for row in rows
    ]
    return tuple(sorted(hidden, key=lambda row: number_order(row.group.name)))


def _hide_texts(outcome: Outcome) -> Outcome:
    notes = [note for note in outcome.notes if note in (outcome.undecided, UNDATED)]
    more = len(outcome.notes) - len(notes)
    return replace(
        outcome,
        # That nothing was handed in names nobody.
        reason=_UNTOLD if outcome.cause not in ("", "absent") else outcome.reason,
        hold=_cut(outcome.hold),
        verification=_cut(outcome.verification),
        verified=False,
        notes=(*notes, *([f"Notes left out, which may name files or people: {more}."] if more else [])),
        traits=replace(outcome.traits, authors=()),
    )


def _cut(text: str) -> str:
    """A finding without what a machine said of why something could not be recomputed."""
    return text.partition(":")[0] if "could not be recomputed" in text else text
