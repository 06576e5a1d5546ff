"""``reportgen verify`` as it is typed, on the whole corpus: what it ends with, and what it names."""

from __future__ import annotations

import pytest
from corpus import Case, Verdict, corpus_home, judge, list_cases, tabulate
from forging import Home
from sharing import MakeOnce

CASES = list_cases()

EVERY = 10
"""Without ``--full`` one of so many: test_corpus_pages.py and test_corpus_pdfs.py try all of them by the
functions that the command calls.
"""


@pytest.fixture(scope="module")
def home(make_once: MakeOnce) -> Home:
    return corpus_home(make_once)


def look(home: Home, case: Case, *, full: bool) -> Verdict:
    if not full and CASES.index(case) % EVERY:
        pytest.skip("only with --full")
    verdict = judge(home, case)
    assert verdict is not None, "the report has no place for it"
    return verdict


@pytest.mark.long
@pytest.mark.slow
@pytest.mark.prints
@pytest.mark.parametrize("case", [case for case in CASES if not case.honest], ids=str)
def test_a_forgery_ends_the_command_with_1_or_2_and_is_named(home: Home, case: Case, full: bool) -> None:
    """Red if it is confirmed, or left to a person."""
    verdict = look(home, case, full=full)
    assert verdict.code in (1, 2)
    assert verdict.named


@pytest.mark.long
@pytest.mark.slow
@pytest.mark.prints
@pytest.mark.parametrize("case", [case for case in CASES if case.honest], ids=str)
def test_an_honest_variation_is_confirmed(home: Home, case: Case, full: bool) -> None:
    verdict = look(home, case, full=full)
    assert (verdict.code, verdict.named) == (0, "")


def test_the_table_counts_what_was_found() -> None:
    found = [
        (Case("page", "a", 0), Verdict(1, 2, "<p>")), (Case("page", "a", 1), None),
        (Case("pdf", "b", 0), Verdict(2, 0, "")), (Case("pdf", "c"), Verdict(0, 0, "")),
        (Case("page", "d"), Verdict(3, 0, "")),
    ]  # fmt: skip
    rows = [[cell.strip() for cell in row.split("|")[2:-1]] for row in list(tabulate(found))[2:]]
    assert rows == [
        ["1", "1", "0", "0", "0", "1"], ["1", "0", "1", "0", "0", "0"],
        ["1", "0", "0", "1", "0", "0"], ["1", "0", "0", "0", "1", "0"],
    ]  # fmt: skip
