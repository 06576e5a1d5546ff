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
        ({"reportgen": "0.9"}, {"layout", "picture", "flow", "content", "word"}),
        ({"schema": "1.0"}, {"layout", "picture", "flow", "content", "word"}),
        ({"share": 0.6}, {"layout", "picture", "flow", "content", "word"}),
        ({"share": 0.4}, set()),
        ({"whole": False}, {"layout", "picture", "flow", "content"}),
    ],
)
def test_each_claim_excuses_its_own_kind_of_difference(claims: dict[str, Any], kinds: set[str]) -> None:
    assert excused(**claims) == kinds


def test_nothing_excuses_a_program() -> None:
    kinds = excused(
        share=0.9, flows=True, schema="1.0", whole=False, reportgen="0.1", pango="1.0", numpy="1.0"
    )
    assert "active" not in kinds


def test_what_is_not_here_excuses_no_word_and_takes_no_excuse_of_one_away() -> None:
    """A word is compared by itself only where fonts or figures are not here, which is nobody's fault.

    A report must not be accused there and left to a person where they are.
    """
    assert "word" not in excused(whole=False, pango="1.0", numpy="1.0")
    for claims in ({"reportgen": "0.1"}, {"schema": "1.0"}, {"share": 0.9}):
        assert "word" in excused(whole=False, **claims)
        assert "content" in excused(whole=True, **claims)
