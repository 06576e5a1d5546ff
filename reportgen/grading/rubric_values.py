"""Whether what a rubric expects at a pointer can be there at all, by the schema of the results."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from reportgen.contract.known_pointers import KnownPointers, Node, find_limits
from reportgen.grading.formula import Formula, bound
from reportgen.grading.rubric_item import Tolerance
from reportgen.pointer import escape_step

_WORDS = {
    "integer": "a whole number",
    "number": "a number",
    "string": "a text",
    "boolean": "true or false",
    "array": "a list",
    "object": "a table",
    "null": "nothing",
}

Limits = tuple[float, float]


def find_misfit(pointer: str, expected: Any, tolerance: Tolerance, known: KnownPointers) -> str:
    """Why no report can have ``expected`` at a known pointer within the tolerance, "" if one can."""
    nodes = known.find(pointer)
    reasons = []
    for node in nodes:
        fits, check = _CHECKS.get(str(node.get("type")), (_anything, None))
        if fits(expected):
            reasons.append(check(pointer, expected, node, tolerance, known) if check else "")
    # It is enough to be one of what may be there.
    if reasons:
        return "" if "" in reasons else reasons[0]
    kinds = dict.fromkeys(str(node.get("type")) for node in nodes)
    return f"the value at {pointer} is {' or '.join(_WORDS.get(kind, kind) for kind in kinds)}"


def _check_number(
    pointer: str, expected: Any, node: Node, tolerance: Tolerance, _known: KnownPointers
) -> str:
    slack = max(tolerance.absolute, tolerance.relative * abs(expected))
    low, high = find_limits([node]) or (-math.inf, math.inf)
    if expected + slack < low or expected - slack > high:
        return f"the value at {pointer} lies between {low:g} and {high:g}"
    if node.get("type") == "integer" and math.ceil(expected - slack) > math.floor(expected + slack):
        return f"the value at {pointer} is a whole number"
    return ""


def _check_text(pointer: str, expected: Any, node: Node, _tolerance: Tolerance, _known: KnownPointers) -> str:
    allowed = node.get("enum", [node["const"]] if "const" in node else None)
    if allowed is not None and expected not in allowed:
        return f"the value at {pointer} is one of {', '.join(map(str, allowed))}"
    return ""


def _check_list(pointer: str, expected: Any, node: Node, tolerance: Tolerance, known: KnownPointers) -> str:
    least, most = node.get("minItems", 0), node.get("maxItems", math.inf)
    if not least <= len(expected) <= most:
        wanted = (
            f"{least}" if least == most else f"{least} or more" if most == math.inf else f"{least} to {most}"
        )
        return f"the list has {len(expected)} values, and that at {pointer} has {wanted}"
    return _first(_misfits(pointer, dict(enumerate(expected)), tolerance, known))


def _check_table(pointer: str, expected: Any, node: Node, tolerance: Tolerance, known: KnownPointers) -> str:
    named = node.get("properties", {})
    if missing := [key for key in node.get("required", ()) if key not in expected]:
        return f"the value at {pointer} has {missing[0]}, too"
    if not node.get("additionalProperties") and (odd := [key for key in expected if key not in named]):
        return f"the value at {pointer} has no {odd[0]}"
    return _first(_misfits(pointer, expected, tolerance, known))


def _misfits(
    pointer: str, values: Mapping[Any, Any], tolerance: Tolerance, known: KnownPointers
) -> Iterator[str]:
    for key, value in values.items():
        yield find_misfit(f"{pointer}/{escape_step(str(key))}", value, tolerance, known)


def _first(reasons: Iterator[str]) -> str:
    return next(filter(None, reasons), "")


def _anything(_value: Any) -> bool:
    return True


def _is_number(value: Any) -> bool:
    # By type, since to Python true is a number, too; TOML has inf and nan, which no report has.
    return type(value) in (int, float) and math.isfinite(value)


Check = Callable[[str, Any, Node, Tolerance, KnownPointers], str]

_CHECKS: Mapping[str, tuple[Callable[[Any], bool], Check | None]] = {
    "integer": (_is_number, _check_number),
    "number": (_is_number, _check_number),
    "boolean": (lambda value: type(value) is bool, None),
    "string": (lambda value: isinstance(value, str), _check_text),
    "array": (lambda value: isinstance(value, list), _check_list),
    "object": (lambda value: isinstance(value, dict), _check_table),
    "null": (lambda value: value is None, None),
}


def find_reach(formula: Formula, tolerance: Tolerance, known: KnownPointers) -> Limits:
    """Limits that a formula never leaves, whatever a report has at its pointers, with the tolerance."""

    def limits_at(pointer: str) -> Limits:
        return find_limits(known.find(pointer)) or (-math.inf, math.inf)

    # With such a tolerance a larger number reaches further down than a smaller one.
    if tolerance.relative >= 1:
        return -math.inf, math.inf
    low, high = bound(formula, limits_at)
    down, up = (max(tolerance.absolute, tolerance.relative * abs(edge)) for edge in (low, high))
    return (low - down if math.isfinite(low) else low), (high + up if math.isfinite(high) else high)
