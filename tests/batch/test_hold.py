"""What an instructor reads about grades that are held."""

from __future__ import annotations

import csv
import io
from dataclasses import replace
from types import SimpleNamespace
from typing import Any, cast

from bs4 import BeautifulSoup

from reportgen.batch.class_file import Class, Group
from reportgen.batch.examination import find_hold, needs_review
from reportgen.batch.outcome import Outcome
from reportgen.batch.summary import sum_up
from reportgen.batch.tables import GroupResult, write_grades
from reportgen.document.class_pages import render_overview
from reportgen.templates import open_templates
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
    # But somebody is told that it was not compared.
    assert needs_review(Verification("report.pdf", "images", (excused,)))


def test_only_what_was_handed_in_and_not_compared_is_to_be_looked_at() -> None:
    def look(*rows: Finding) -> bool:
        return needs_review(Verification("report.pdf", "images", rows))

    missing = Finding("settings", "/report", "not recomputable")
    assert not look(Finding("pages", "page 1", "confirmed"), missing)
    assert look(Finding("attachment", "report.toml", "not recomputable"), missing)
    # It is held, which says more.
    assert not look(Finding("pages", "report.pdf", "not recomputable"), Finding("text", "/a", "differs"))


def test_the_status_and_the_page_tell_of_it() -> None:
    """Red if nothing but the words of the verification do."""
    found = Outcome(
        score="4",
        points="4",
        checked="4",
        verification="nothing differs; 1 could not be recomputed: pango",
        verified=True,
        look=True,
    )
    groups = (
        Group("ImageOutputs", None, "looked"),
        Group("Plain", None, "plain"),
        Group("Held", None, "held"),
    )
    rows = [
        GroupResult(groups[0], found, None, {}),
        GroupResult(groups[1], replace(found, look=False, verification="confirmed"), None, {}),
        GroupResult(groups[2], replace(found, look=False, hold="look", verification="…"), None, {}),
    ]
    chosen = Class(groups, ())
    table = csv.DictReader(io.StringIO(write_grades(rows, chosen.outline.kind)))
    assert [row["status"] for row in table] == ["done, to be looked at", "done", "held"]
    soup = BeautifulSoup(render_overview(sum_up(chosen, rows), open_templates()), "html.parser")
    assert [cell.get_text() for cell in soup.select("#looks tbody th")] == ["ImageOutputs"]
    links = {str(link["href"]) for link in soup.select("#looks a, #held a, #groups a")}
    # To what there is to look at a page leads; the words of one that is confirmed are enough.
    assert {link for link in links if "verification" in link} == {
        "groups/looked/verification.html", "groups/plain/verification.txt", "groups/held/verification.html",
    }  # fmt: skip
