"""What a report says of its versions excuses what those versions bring about, and nothing else."""

from __future__ import annotations

import json
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from reportgen import __version__
from reportgen.contract.reader import load_results
from reportgen.results import SCHEMA_VERSION
from reportgen.settings import Settings
from reportgen.verify import releases
from reportgen.verify.differences import find_excuses
from reportgen.verify.recomputation import Recomputed
from reportgen.verify.rendering import Rendered

OURS = {"reportgen": "0.1.0", "weasyprint": "70.0", "pango": "1.50", "numpy": "2.0", "jinja2": "3.1"}

BLANK = Settings()

RELEASED = sorted((Path(__file__).parents[1] / "grader/released").glob("results-*.json"))


def excused(
    *,
    flows: bool = False,
    schema: str = SCHEMA_VERSION,
    whole: bool = True,
    drawn: bool = False,
    settings: Settings | None = BLANK,
    beside: dict[str, Any] | None = None,
    **claimed: str,
) -> set[str]:
    results = claiming(schema, claimed, beside or {})
    rendered = Rendered(whole=whole, reason="a font is not here", drawn=drawn)
    found = find_excuses((results, settings), Recomputed({}, OURS), rendered, lambda: flows)
    return set(found.by_kind)


def claiming(schema: str, claimed: dict[str, str], beside: dict[str, Any]) -> Any:
    document = {"schema_version": schema, "transfer": {}, **beside}
    return SimpleNamespace(provenance=SimpleNamespace(versions={**OURS, **claimed}), document=document)


EVERY = {"layout", "picture", "flow", "content", "word", "own"}


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
        # Of what comes later than this program nothing is known.
        ({"reportgen": "0.9.0"}, EVERY),
        ({"reportgen": "0.9.0", "schema": "1.9"}, EVERY),
        ({"reportgen": "0.9"}, set()),
        ({"reportgen": "0.0.1"}, set()),
        ({"reportgen": ""}, set()),
        ({"schema": "1.0"}, EVERY),
        ({"schema": "1.1"}, EVERY),
        ({"schema": "1.9"}, set()),
        ({"schema": "0.9"}, set()),
        # What no document of that version had, so that it is not of that version.
        ({"schema": "1.0", "beside": {"provenance": {"fonts": []}}}, set()),
        ({"schema": "1.1", "beside": {"kind": {"name": "assignment"}}}, set()),
        ({"schema": "1.1", "beside": {"errors": {}}}, set()),
        ({"settings": None}, {"own"}),
        ({"whole": False}, {"layout", "picture", "flow", "content"}),
        ({"whole": False, "drawn": True}, {"layout", "flow", "content"}),
    ],
)
def test_each_claim_excuses_its_own_kind_of_difference(claims: dict[str, Any], kinds: set[str]) -> None:
    assert excused(**claims) == kinds


def test_nothing_excuses_a_program() -> None:
    kinds = excused(flows=True, schema="1.0", whole=False, settings=None, pango="1.0", numpy="1.0")
    assert kinds == EVERY


def test_what_is_not_here_excuses_no_word_and_takes_no_excuse_of_one_away() -> None:
    """A word is compared by itself only where fonts or figures are not here, which is nobody's fault.

    A report must not be accused there and left to a person where they are.
    """
    assert "word" not in excused(whole=False, pango="1.0", numpy="1.0")
    assert "word" in excused(whole=False, schema="1.0")
    assert "content" in excused(whole=True, schema="1.0")


def test_another_release_explains_what_releases_change(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(releases, "RELEASES", {"0.0.9": ("1.0",), **releases.RELEASES})
    assert excused(reportgen="0.0.9", schema="1.0") == EVERY
    # That one never wrote this contract.
    assert excused(reportgen="0.0.9") == set()


@pytest.mark.parametrize(
    ("schema", "claimed", "beside", "pointers"),
    [
        (SCHEMA_VERSION, {}, {"kind": {}, "errors": {}, "provenance": {"fonts": []}}, []),
        ("1.1", {}, {"provenance": {"fonts": []}}, []),
        (SCHEMA_VERSION, {"reportgen": "0.9"}, {}, ["/provenance/versions/reportgen"]),
        ("1.7", {}, {}, ["/schema_version"]),
        (
            "1.0", {}, {"kind": {}, "my/section": {}, "provenance": {"fonts": []}},
            ["/provenance/fonts", "/kind", "/my~1section"],
        ),
    ],
)  # fmt: skip
def test_a_version_that_never_was_is_a_finding(
    schema: str, claimed: dict[str, str], beside: dict[str, Any], pointers: list[str]
) -> None:
    rows = list(releases.compare_release(claiming(schema, claimed, beside)))
    assert [row.pointer for row in rows] == pointers
    assert all(row.status == "differs" and row.reason for row in rows)


def test_this_version_is_among_those_that_there_have_been() -> None:
    """Whoever raises a version and forgets the list would have every honest report accused."""
    assert list(releases.RELEASES)[-1] == __version__
    assert releases.RELEASES[__version__][-1] == SCHEMA_VERSION


@pytest.mark.parametrize("file", RELEASED, ids=lambda file: file.stem)
def test_no_report_of_an_earlier_version_is_doubted(file: Path) -> None:
    results = load_results(file)
    assert list(releases.compare_release(results)) == []
    assert releases.is_other_release(results, __version__)


def test_a_report_of_this_version_cannot_pass_for_an_older_one() -> None:
    document = json.loads(RELEASED[-1].read_bytes()) | {"schema_version": "1.0"}
    assert list(releases.compare_release(claiming("1.0", {}, document | {"schema_version": "1.0"})))
