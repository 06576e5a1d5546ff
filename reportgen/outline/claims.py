"""All claims of a report, section by section."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from reportgen.outline.kind import ReportKind
from reportgen.outline.section import Claim


def decide_claims(kind: ReportKind, numbers: Mapping[str, Any]) -> list[Claim]:
    """Decide the claims of the sections whose ``numbers``, result objects by name, are given.

    A claim that several sections make is one, in the place of the last, and holds if all bear it out.
    """
    claims: dict[str, Claim] = {}
    for section in kind.sections:
        module = section.load("claims") if section.name in numbers else None
        for claim in module.decide(numbers[section.name]) if module else ():
            earlier = claims.pop(claim.name, claim)
            claims[claim.name] = Claim(claim.name, claim.claim, claim.passed and earlier.passed)
    return list(claims.values())
