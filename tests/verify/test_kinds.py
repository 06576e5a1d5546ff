"""Reports of other kinds than the assignment are verified as what they are."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from reportgen.cli import verifying
from reportgen.cli.options import demanded_outline
from reportgen.cli.verifying import VerifyTask, run_task
from reportgen.outline.kind import Outline, OutlineError
from reportgen.progress import Silent
from reportgen.verify.numbers import compare_numbers
from reportgen.verify.tolerances import Verification
from reportgen.verify.verification import _judge_kind


@pytest.mark.parametrize(
    ("report", "sections", "outline"),
    [
        (
            "architectures",
            ("architectures", "best_network"),
            Outline("architectures", ("architectures", "best_network")),
        ),
        ("architectures", None, Outline("architectures")),
        (None, ("convolution",), Outline("assignment", ("convolution",))),
        (None, None, None),
    ],
)
def test_verify_asks_for_the_kind_that_is_named(
    report: str | None,
    sections: tuple[str, ...] | None,
    outline: Outline | None,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    asked: list[Any] = []

    def look(_submission: Path, _own: Any, _progress: Any, named: Any, **_rest: Any) -> Verification:
        asked.append(named)
        return Verification("x", "y", (), ())

    monkeypatch.setattr(verifying, "recompute", look)
    run_task(VerifyTask(submission="x", data="y", report=report, sections=sections), Silent())
    assert asked == [outline]


def test_a_kind_that_is_not_there_is_told_at_once() -> None:
    with pytest.raises(OutlineError, match="there is no report 'no_such'"):
        demanded_outline("no_such", None)


def judge(theirs: Any, *, demanded: bool) -> dict[str, str]:
    ours = {"name": "assignment", "version": "1.0"}
    rows = compare_numbers(
        {"schema_version": "1.2", "kind": theirs}, {"schema_version": "1.2", "kind": ours}, Outline().kind
    )
    return {row.pointer: row.status for row in _judge_kind(rows, demanded=demanded)}


@pytest.mark.parametrize(("demanded", "status"), [(False, "not recomputable"), (True, "differs")])
def test_sections_that_are_not_installed_are_held_against_nobody_who_was_not_asked_for_others(
    demanded: bool, status: str
) -> None:
    kind = {"name": "assignment", "version": "1.0"}
    rows = compare_numbers(
        {"schema_version": "1.2", "kind": {**kind, "sections": ["contrast", "convolution"]}},
        {"schema_version": "1.2", "kind": {**kind, "sections": ["convolution"]}},
        Outline().kind,
    )
    judged = {row.pointer: row.status for row in _judge_kind(rows, demanded=demanded)}
    assert {judged[f"/kind/sections/{index}"] for index in range(2)} == {status}


@pytest.mark.parametrize(
    ("theirs", "demanded", "statuses"),
    [
        ({"name": "assignment", "version": "1.0"}, True, ("confirmed", "confirmed")),
        ({"name": "assignment", "version": "0.9"}, True, ("confirmed", "not recomputable")),
        ({"name": "assignment", "version": "0.9"}, False, ("confirmed", "not recomputable")),
        ({"name": "other", "version": "2.0"}, False, ("not recomputable", "not recomputable")),
        ({"name": "other", "version": "1.0"}, True, ("differs", "confirmed")),
        ({"name": 7, "version": "1.0"}, False, ("differs", "confirmed")),
    ],
)
def test_only_a_kind_that_was_asked_for_can_be_another(
    theirs: Any, demanded: bool, statuses: tuple[str, str]
) -> None:
    assert tuple(judge(theirs, demanded=demanded).values()) == statuses
