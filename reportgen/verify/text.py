"""Whether what a document prints and what its results say is the same."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from reportgen.contract.lookup import PointerError, find_value
from reportgen.diff.values import is_number
from reportgen.verify.finding import Finding, Findings
from reportgen.verify.page import Printed
from reportgen.verify.printed import shows

_ONE_LINE = 24
_NOT_SHOWN = "the text does not show what results.json says here"
_GONE = "the report prints this number; here it is missing, or no link to its source any more"
_WORDS = "what the report prints for this text is known only from rendering it anew, which was not possible"


def compare_text(
    found: Iterable[Printed], expected: Iterable[Printed] | None, document: Mapping[str, Any]
) -> Findings:
    """A row for each pointer that the document prints, or should.

    ``found`` is read from the document that was handed in, ``expected`` from the report rendered from the
    same results, None if it could not be rendered. Where the two are not the same, a text still agrees if
    it shows the value, in whatever digits: the report may come from other templates.
    """
    here, due = _by_pointer(found), _by_pointer(expected or ())
    for pointer in dict.fromkeys([*due, *here]):
        row = _compare(pointer, here.get(pointer, []), due.get(pointer, []), document)
        if expected is None and row.status == "differs" and isinstance(row.recomputed, str):
            row = replace(row, status="not recomputable", reason=_WORDS)
        yield row


def _by_pointer(printed: Iterable[Printed]) -> dict[str, list[Printed]]:
    grouped: dict[str, list[Printed]] = {}
    for each in printed:
        grouped.setdefault(each.pointer, []).append(each)
    return grouped


def _compare(
    pointer: str, found: Sequence[Printed], due: Sequence[Printed], document: Mapping[str, Any]
) -> Finding:
    try:
        value = find_value(document, pointer, "results.json")
    except PointerError as error:
        return Finding("text", pointer, "differs", [each.text for each in found], None, error.problem)
    shown = _short(value)
    if not found:
        return Finding("text", pointer, "differs", None, shown, _GONE)
    texts, wanted = _texts(found), _texts(due)
    for each in found:
        if not _agrees(each, value, wanted, due):
            return Finding("text", pointer, "differs", each.text, shown, f"{each.place}: {_NOT_SHOWN}")
    lost = wanted - texts
    # Long texts are broken into lines, each a link of its own.
    if lost and _join(found) != _join(due):
        return Finding("text", pointer, "differs", None, shown, f"“{next(iter(lost))}”: {_GONE}")
    return Finding("text", pointer, "confirmed", shown, shown)


def _agrees(printed: Printed, value: Any, wanted: Counter[str], due: Sequence[Printed]) -> bool:
    """Whether a text shows the value. Of what is no number the report's own wording counts as well."""
    if printed.picture or not printed.text or shows(printed.text, value):
        return True
    return not is_number(value) and (printed.text in wanted or _is_line(printed.text, due))


def _texts(printed: Sequence[Printed]) -> Counter[str]:
    return Counter(each.text for each in printed if each.text and not each.picture)


def _is_line(text: str, due: Sequence[Printed]) -> bool:
    """Whether a text is a line of a longer one, which on paper is a link for each of its lines."""
    return any(len(each.text) > max(len(text), _ONE_LINE) and text in each.text for each in due)


def _join(printed: Sequence[Printed]) -> str:
    return "".join(each.text for each in printed if not each.picture)


def _short(value: Any) -> Any:
    if isinstance(value, dict):
        return f"{len(value)} keys"
    if isinstance(value, list) and len(value) > 4:
        return f"{len(value)} items"
    return value
