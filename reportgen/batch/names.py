"""The names of groups, as folders of their own."""

from __future__ import annotations

import unicodedata

_LONGEST = 60
_KEPT = frozenset("._-")


def folder_name(name: str) -> str:
    """A folder's name made of a group's: small letters and digits of any script, one hyphen for the rest.

    "" if nothing is left of it. Names that differ only in case or punctuation give the same.
    """
    plain = unicodedata.normalize("NFKC", name).casefold()
    kept = "".join(c if c.isalnum() or c in _KEPT else " " for c in plain)
    return "-".join(kept.split())[:_LONGEST].strip("._-")
