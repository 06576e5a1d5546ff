"""What a report says of its versions excuses what those versions bring about, and nothing else."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from reportgen.results import SCHEMA_VERSION
from reportgen.settings import Settings
from reportgen.verify.differences import find_excuses
from reportgen.verify.recomputation import Recomputed, Rendered

OURS = {"reportgen": "1.0", "weasyprint": "70.0", "pango": "1.50", "numpy": "2.0", "jinja2": "3.1"}


def excused(
    *,
    share: float = 0.0,
    flows: bool = False,
    schema: str = SCHEMA_VERSION,
    whole: bool = True,
    **claimed: str,
) -> set[str]:
    versions = {**OURS, **claimed}
    results: Any = SimpleNamespace(
        provenance=SimpleNamespace(versions=versions), document={"schema_version": schema}
    )
    rendered = Rendered(whole=whole, reason="a font is not here")
    found = find_excuses((results, Settings()), Recomputed({}, OURS), rendered, share, lambda: flows)
    return set(found.by_kind)


@pytest.mark.parametrize(
    ("claims", "kinds"),
    [
        ({}, set()),
        ({"flows": True}, set()),
        ({"jinja2": "2.0"}, set()),
        ({"trustworthy": "1.0"}, set()),
        ({"numpy": "1.0"}, {"picture"}),
        ({"pango": "1.56"}, {"layout", "picture"}),
        ({"pango": "1.56", "flows": True}, {"layout", "picture", "flow"}),
        ({"reportgen": "0.9"}, {"layout", "picture", "flow", "content"}),
        ({"schema": "1.0"}, {"layout", "picture", "flow", "content"}),
        ({"share": 0.6}, {"layout", "picture", "flow", "content"}),
        ({"share": 0.4}, set()),
        ({"whole": False}, {"layout", "picture", "flow", "content"}),
    ],
)
def test_each_claim_excuses_its_own_kind_of_difference(claims: dict[str, Any], kinds: set[str]) -> None:
    assert excused(**claims) == kinds


def test_nothing_excuses_a_program_or_another_word() -> None:
    kinds = excused(
        share=0.9, flows=True, schema="1.0", whole=False, reportgen="0.1", pango="1.0", numpy="1.0"
    )
    assert not kinds & {"active", "word"}
