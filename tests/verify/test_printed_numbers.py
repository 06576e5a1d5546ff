"""What is printed is read back: it shows a number if that rounds to it, and nothing else."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reportgen.document.reader import Printed, parse_page
from reportgen.text import decimal_text, percent_text, share_text, significant_text, squeeze, whole_text
from reportgen.verify.printed_numbers import compare_text, shows


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("0.96", 0.9583333),
        ("0.99", 0.9999),  # never 1 unless it is
        ("0.01", 1e-9),
        ("99.9 %", 0.99999),
        ("95.8 %", 0.9583333),
        ("100 %", 1.0),
        ("20\u202f024\u202f384", 20024384),
        ("2.30 × 10⁻⁵", 2.2977e-5),
        ("−0.11", -0.108),
        ("−0.11", 0.108),  # the lower end of a scale
        ("+0.11", 0.108),
        ("222", [220, 222]),
        ("–", None),
        ("Adam", "Adam"),
        ("3", ["a", "b", "c"]),
        ("2", {"a": 1, "b": 2}),
        ("99.5th", 99.5),
    ],
)
def test_a_number_as_the_report_prints_it_is_recognised(text: str, value: object) -> None:
    assert shows(text, value)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("0.97", 0.9583333),
        ("100 %", 0.9999),
        ("0 %", 0.004),
        ("95.9 %", 0.9583333),
        ("95.8", 0.9583333),
        ("23", 24),
        ("24.0", 24),
        ("2.30 × 10⁻⁴", 2.2977e-5),
        ("2.30 × 10⁹⁹⁹⁹", 2.3),
        ("221", [220, 222]),
        ("0.960.99", 0.96),
        ("٣", 3),
        ("", 0.5),
        ("", None),
        ("nan", 0.5),
        ("1", True),
        ("adam", "Adam"),
        ("4", ["a", "b", "c"]),
    ],
)
def test_another_number_is_not(text: str, value: object) -> None:
    assert not shows(text, value)


@given(st.floats(0, 1))
def test_whatever_is_printed_of_a_share_shows_it(value: float) -> None:
    assert shows(share_text(value), value)
    assert shows(percent_text(value), value)


@given(st.floats(-1e12, 1e12).filter(lambda value: not 0 < abs(value) < 1e-200), st.integers(1, 6))
def test_whatever_is_printed_of_a_number_shows_it(value: float, digits: int) -> None:
    assert shows(decimal_text(value, digits), value)
    assert shows(significant_text(value, digits), value)


@given(st.integers(0, 10**12))
def test_whatever_is_printed_of_a_count_shows_it_and_no_other(value: int) -> None:
    assert shows(whole_text(value), value)
    assert not shows(whole_text(value), value + 1)


def test_what_is_not_seen_does_not_count() -> None:
    assert squeeze(" 1\u202f0\u00a02\u200b4\u00ad −\t5\n") == "1024-5"


PAGE = """
<script>var a = '<a class="n" href="#s1" data-ptr="/a">9</a>';</script>
<p>It is <a class="n" href="#s1" data-ptr="/a">0.<b>5</b></a> of <a href="#s2" data-ptr="/b/0">3</a>.
<a class="n" href="#s3" data-ptr="/c"><img src="data:x" alt="4"></a></p>
<table><tr id="s1" data-ptr="/a"><th>/a</th><td>0.5</td></tr>
<tr id="s2" data-ptr="/b"><td>[3, 4]</td></tr></table>
"""


def test_links_of_a_page_lead_to_the_pointers_of_their_rows() -> None:
    page = parse_page(PAGE)
    assert [(each.pointer, each.text, each.picture) for each in page.printed] == [
        ("/a", "0.5", False),
        ("/b", "3", False),
        ("/c", "", True),
    ]
    assert page.words[:6] == ("It", "is", "0.", "5", "of", "3")
    assert page.pictures == ("data:x",)
    assert "var a" in page.code[0]


@pytest.mark.parametrize(
    "html", ["", "<", "</p></p><b", "<a data-ptr='/a'>" * 50_000, "<p>" * 50_000 + "</p>" * 50_000]
)
def test_what_is_hardly_a_page_is_read_all_the_same(html: str) -> None:
    assert len(parse_page(html).printed) <= 1


DOCUMENT = {
    "rate": 0.75,
    "shape": [222, 220],
    "note": "One line of it. And then another line.",
    "kind": "top:1",
}
DUE = [
    Printed("/rate", "0.75"), Printed("/rate", "75.0%"), Printed("/shape", "222"), Printed("/shape", "220"),
    Printed("/note", "Onelineofit.Andthenanotherline."), Printed("/kind", "mostexcited"),
]  # fmt: skip


def differing(found: list[Printed], due: list[Printed] | None = DUE) -> dict[str, str]:
    return {row.pointer: row.reason for row in compare_text(found, due, DOCUMENT) if row.status == "differs"}


def test_the_text_of_the_report_agrees_and_so_do_its_lines() -> None:
    assert differing(DUE) == {}
    lines = [*DUE[:4], Printed("/note", "Onelineofit.Andth"), Printed("/note", "enanotherline."), DUE[5]]
    assert differing(lines) == {}


def test_other_digits_of_the_same_number_agree() -> None:
    assert differing([Printed("/rate", "0.8"), *DUE[2:]], [DUE[0], *DUE[2:]]).keys() == {"/rate"}
    assert differing([DUE[0], Printed("/rate", "0.750"), *DUE[1:]]) == {}


def test_another_number_is_named_with_its_page() -> None:
    forged = [Printed("/rate", "0.95", "page 3"), *DUE[1:]]
    assert differing(forged).keys() == {"/rate"}
    assert differing(forged)["/rate"].startswith("page 3")
    assert differing([*DUE, Printed("/rate", "0.95")]).keys() == {"/rate"}
    assert differing([*DUE[:5], Printed("/kind", "silentneuron")]).keys() == {"/kind"}


def test_a_number_that_is_due_and_missing_is_named() -> None:
    assert differing(DUE[2:]).keys() == {"/rate"}
    assert differing(DUE[1:]).keys() == {"/rate"}
    assert differing([DUE[0], *DUE[2:]]).keys() == {"/rate"}


def test_a_formula_that_is_due_and_missing_is_named() -> None:
    drawn = Printed("/rate", "", picture=True)
    assert differing([drawn, *DUE[2:]], [drawn, *DUE[2:]]) == {}
    assert differing(DUE[2:], [drawn, *DUE[2:]]).keys() == {"/rate"}


def test_a_number_must_be_that_of_the_file_whatever_is_due() -> None:
    rows = compare_text(DUE, DUE, {**DOCUMENT, "rate": 1.0})
    assert [row.pointer for row in rows if row.status == "differs"] == ["/rate"]


def test_a_pointer_to_nothing_is_named() -> None:
    assert differing([*DUE, Printed("/nothing", "1")]).keys() == {"/nothing"}


def test_without_anything_due_only_the_values_are_compared() -> None:
    rows = {
        row.pointer: row.status for row in compare_text([Printed("/rate", "0.8"), DUE[5]], None, DOCUMENT)
    }
    assert rows == {"/rate": "confirmed", "/kind": "not recomputable"} or rows["/rate"] == "confirmed"
