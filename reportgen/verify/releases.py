"""Which versions of reportgen there have been, and whether a report can be of the one that it claims."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from reportgen.contract.reader import LoadedResults
from reportgen.pointer import join_pointer, lookup
from reportgen.results import SCHEMA_VERSION
from reportgen.results.document import BEFORE_KINDS
from reportgen.verify.tolerances import Finding, Findings

RELEASES: Mapping[str, tuple[str, ...]] = {"0.1.0": ("1.0", "1.1", "1.2")}
"""Each version of reportgen with the versions of the contract that it has written, the oldest first.

Whoever raises either of them adds it here.
"""

_CAME_WITH: Mapping[str, tuple[str, ...]] = {
    "1.1": (
        "/provenance/processor", "/provenance/fonts", "/dataset/validation_taken", "/dataset/colour_managed",
    ),
    "1.2": ("/kind",),
}  # fmt: skip
"""What no document has that is older than this version of the contract."""

_WHOLE_DOCUMENT = frozenset(["schema_version", "report", "provenance", "dataset", "checks"])

_UNKNOWN = "reportgen has had no such version"
_NEWER = "the report says that a later version made it: verify it with that one"
_LATER = "the report says that it is of version {} of the contract, which had no such value yet"


def compare_release(results: LoadedResults) -> Findings:
    """Rows for a version that there has never been, and for what is newer than the version that is claimed.

    What a report says of its versions decides what may be excused in it. Of versions later than this one
    nothing is known here, so that nothing of such a report is confirmed as a whole, and it is nobody's fault.
    """
    claimed, contract = _versions_of(results)
    if is_later_release(results):
        pointer = "/provenance/versions/reportgen"
        yield Finding("numbers", pointer, "not recomputable", claimed, _OURS, _NEWER)
    elif claimed not in RELEASES:
        pointer = "/provenance/versions/reportgen"
        yield Finding("numbers", pointer, "differs", claimed, _OURS, _UNKNOWN)
    elif contract not in RELEASES[claimed]:
        yield Finding("numbers", "/schema_version", "differs", contract, RELEASES[claimed][-1], _UNKNOWN)
    for pointer in _list_later(results.document, contract):
        yield Finding("numbers", pointer, "differs", reason=_LATER.format(contract))


_OURS = list(RELEASES)[-1]


def is_other_release(results: LoadedResults, ours: str) -> bool:
    """Whether the report is of another version, which there has been or may be by now, and which its document
    fits.
    """
    if is_later_release(results):
        return True
    return _versions_of(results) != (ours, SCHEMA_VERSION) and not any(compare_release(results))


def is_later_release(results: LoadedResults) -> bool:
    """Whether the report says that a version later than this one made it, and its contract is no older."""
    claimed, contract = (_number(each) for each in _versions_of(results))
    ours, own = _number(_OURS), _number(SCHEMA_VERSION)
    return len(claimed) == len(ours) and len(contract) == len(own) and claimed > ours and contract >= own


def _number(version: str) -> tuple[int, ...]:
    """The parts of a version such as 1.2.3, none of what is no such version."""
    return tuple(map(int, version.split("."))) if _VERSION.fullmatch(version) else ()


_VERSION = re.compile(r"(?:0|[1-9]\d{0,3})(?:\.(?:0|[1-9]\d{0,3})){1,2}", re.ASCII)


def _versions_of(results: LoadedResults) -> tuple[str, str]:
    # Cut, since a report may call its versions anything.
    claimed = results.provenance.versions.get("reportgen", "unknown")[:20]
    return claimed, str(results.document.get("schema_version"))[:20]


def _list_later(document: Mapping[str, Any], contract: str) -> Iterator[str]:
    """The pointers of what a document has although it came later; of unknown versions nothing is known."""
    known = RELEASES[_OURS]
    if contract not in known:
        return
    later = [each for version in known[known.index(contract) + 1 :] for each in _CAME_WITH[version]]
    for pointer in later:
        if lookup(document, pointer, _NOTHING) is not _NOTHING:
            yield pointer
    if "/kind" in later:
        # Until there were kinds of reports, all had the same sections.
        named = {*_WHOLE_DOCUMENT, *BEFORE_KINDS.sections, "kind"}
        yield from (join_pointer([name]) for name in document if name not in named)


_NOTHING = object()
