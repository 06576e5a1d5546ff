"""What follows from a report's own numbers: rates, counts and claims, derived once more."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from reportgen.contract.lookup import PointerError, find_value, join_pointer
from reportgen.contract.reader import LoadedResults
from reportgen.diff.values import Tolerance, is_number
from reportgen.outline.kind import ReportKind
from reportgen.outline.section import Claim
from reportgen.results import SCHEMA_VERSION
from reportgen.verify.finding import NO_CONSEQUENCE, Finding, Findings, judge
from reportgen.verify.numbers import OTHER_WORDS

_SAME = Tolerance(1e-12)
_MISSING = "missing"


def compare_derived(results: LoadedResults, kind: ReportKind) -> Findings:
    """Rows for all values that follow from others of the same document, recomputed from those."""
    sections = [section for section in kind.sections if results.has(section.name)]
    for section in sections:
        numbers = getattr(results, section.name)
        # A derived value that the type computes is computed anew whenever it is asked for.
        for pointer in section.derived:
            field = pointer.split("/")[1]
            if field in type(numbers).model_computed_fields:
                value = numbers.model_dump(mode="json", include={field})[field]
                yield from _judge_below(results, [section.name, field], value)
        module = section.load("comparison")
        if module is not None and hasattr(module, "judge_itself"):
            yield from module.judge_itself(numbers)
    claims = kind.decide_claims({section.name: getattr(results, section.name) for section in sections})
    yield from _judge_claims(results, claims)


def _judge_claims(results: LoadedResults, claims: list[Claim]) -> Findings:
    if set(results.kind.sections) - set(results.report_kind.names):
        reason = "of sections that are not known here the claims are not known either"
        yield Finding("numbers", "/checks", "not recomputable", reason=reason)
        return
    for place, claim in enumerate(claims):
        value = {"name": claim.name, "claim": claim.claim, "passed": claim.passed}
        for row in _judge_below(results, ["checks", place], value):
            worded = row.pointer.endswith("/claim") and results.schema_version != SCHEMA_VERSION
            if row.status == "differs" and worded and isinstance(row.submitted, str):
                yield replace(row, status="not recomputable", reason=OTHER_WORDS)
            else:
                yield row
    names, due = [check.name for check in results.checks], [claim.name for claim in claims]
    yield judge("numbers", "/checks", names == due, names, due, "" if names == due else NO_CONSEQUENCE)


def _judge_below(results: LoadedResults, steps: list[str | int], value: Any) -> Iterator[Finding]:
    if isinstance(value, dict):
        for key, item in value.items():
            yield from _judge_below(results, [*steps, key], item)
        return
    pointer = join_pointer(steps)
    try:
        told = find_value(results.document, pointer, results.name)
    except PointerError:
        told = _MISSING
    agrees = _equal(told, value)
    yield judge("numbers", pointer, agrees, told, value, "" if agrees else NO_CONSEQUENCE)


def _equal(told: Any, value: Any) -> bool:
    if is_number(told) and is_number(value):
        return _SAME.equal(told, value)
    return type(told) is type(value) and bool(told == value)
