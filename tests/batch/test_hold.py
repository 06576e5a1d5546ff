"""What an instructor reads about grades that are held."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any, cast

from reportgen.batch.examination import find_hold
from reportgen.verify.tolerances import Finding, Verification


def hold(*rows: Finding, missing: dict[str, str] | None = None) -> str:
    found = SimpleNamespace(
        verification=Verification("report.pdf", "images", rows),
        recomputed=SimpleNamespace(missing=missing or {}),
    )
    return find_hold(cast(Any, found))


def test_another_assignment_is_the_first_thing_said() -> None:
    kind = Finding("numbers", "/kind/name", "differs", "assignment", "architectures")
    others = [Finding("numbers", f"/transfer/{i}", "differs", 1, 2) for i in range(3)]
    text = hold(*others, kind)
    assert text == "a report of another kind than architectures, which was asked for; 4 findings: numbers"
    # What it calls itself may be anybody's name.
    assert "Gauß" not in hold(Finding("numbers", "/kind/name", "differs", "Gauß", "architectures"))


def test_the_right_assignment_is_no_reason() -> None:
    same = Finding("numbers", "/kind/name", "confirmed", "architectures", "architectures")
    other = Finding("text", "/transfer/accuracy", "differs", 1, 2)
    assert hold(same, other) == "1 finding: text"
    assert hold(same) == ""
    assert hold(same, missing={"transfer": "no weights."}) == "1 part could not be recomputed: no weights"


def test_a_page_that_only_its_own_word_excuses_is_for_a_person() -> None:
    reason = "it was made by another version of reportgen (by Gauß)"
    excused = Finding("page", "report.html", "not recomputable", reason=reason)
    held = hold(excused)
    assert "report.html" in held
    assert "Gauß" not in held
    assert hold(Finding("page", "report.html", "confirmed")) == ""
    # A part is the graver reason.
    assert "no weights" in hold(excused, missing={"transfer": "no weights."})


def test_of_a_pdf_the_page_that_is_graded_is_ours() -> None:
    """As ``lay_out_graded`` has it."""
    excused = Finding("pages", "report.pdf", "not recomputable", reason="it was made with pango 1.0")
    assert hold(excused) == ""
