"""Whose a file or folder is, by the names that Moodle, Canvas and people give."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass

# All of these take the shortest name: what follows, the name of a file, may have numbers and underscores
# in it, too. DOTALL, since a file's name may even have a line end.
_MOODLE = re.compile(
    r"(?P<name>.+?)_(?P<ident>\d+)_assignsubmission_(?P<plugin>[a-z]+)(?:_(?P<file>.*))?", re.DOTALL
)
"""``NAME_ID_assignsubmission_file_``: a folder, or with a file's name behind it, the file. For groups the
name is ``GROUP-NAME``."""

_CANVAS = re.compile(
    r"(?P<name>.+?)(?P<late>_LATE)?_(?P<ident>\d+)_(?P<submission>\d+)_(?P<file>.+)", re.DOTALL
)
"""``lastnamefirst_LATE_USER_SUBMISSION_FILE``."""

_NUMBERED = re.compile(r"(?P<name>.+?)_(?P<ident>\d+)_(?P<file>.+)", re.DOTALL)
"""``group5_1234_report.pdf``."""

_WORDS = r"report|data|images|build|submission"
_TITLED = re.compile(rf"(?P<name>.+?)[ _-]+(?P<file>{_WORDS})", re.IGNORECASE | re.DOTALL)
"""``Group 5 report``, without the ending."""

_NO_NAME = re.compile(rf"(?:{_WORDS})(?:[-_ ]?\(?\d+\)?)?", re.IGNORECASE)
"""What a part of a submission is called, and no group: ``report``, ``report (1)``."""


@dataclass(frozen=True)
class Name:
    """What a name says: the group or the student, "" if nobody; ``ident``: the number that an LMS knows them
    by, "" without one; ``file``: what the file was called when it was handed in, "" for a folder. ``lms``: an
    LMS gave the name; ``late``: it calls the submission late.
    """

    owner: str
    ident: str = ""
    file: str = ""
    lms: bool = False
    late: bool = False


def read_name(name: str, *, folder: bool) -> Name:
    """What the name of a folder, or of a file with its ending, says."""
    if found := _MOODLE.fullmatch(name):
        return Name(_spaced(found["name"]), found["ident"], found["file"] or "", lms=True)
    if folder:
        return Name("" if _NO_NAME.fullmatch(name) else name)
    if found := _CANVAS.fullmatch(name):
        return Name(_spaced(found["name"]), found["ident"], found["file"], lms=True, late=bool(found["late"]))
    if found := _NUMBERED.fullmatch(name):
        return Name(_spaced(found["name"]), found["ident"], found["file"])
    stem, dot, suffix = name.rpartition(".")
    if found := _TITLED.fullmatch(stem):
        return Name(_spaced(found["name"]), file=f"{found['file']}.{suffix}")
    return Name("" if not dot or _NO_NAME.fullmatch(stem) else stem, file=name)


def _spaced(name: str) -> str:
    return " ".join(name.replace("_", " ").split())


def simplify(name: str) -> str:
    """The letters and digits of a name, in small letters: what remains the same in all of its spellings."""
    plain = unicodedata.normalize("NFKC", name).casefold()
    return "".join(character for character in plain if character.isalnum())
