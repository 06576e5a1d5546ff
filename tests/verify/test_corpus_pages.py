"""Of each forged page of the corpus the element is named and where it stands; no honest one is accused."""

from __future__ import annotations

import re
from pathlib import Path

import forged_pages
import forged_pdfs
import pytest
import small_report
from forged_pages import FORGERIES, HONEST

from reportgen.verify.differences import Excuses
from reportgen.verify.documents import _judge
from reportgen.verify.markup import compare_markup

ACTIVE = (
    "handler", "policy_and_handler", "remote_picture", "text_address", "script_address", "twice",
    "everything", "refresh", "base", "input", "drawing", "frame", "form", "object", "declaration",
    "instruction", "srcset",
)  # fmt: skip
"""Those that no other version and no template could have brought about."""


@pytest.mark.parametrize("position", [0, 1])
@pytest.mark.parametrize("name", FORGERIES)
def test_a_forged_page_is_told_from_an_honest_one(name: str, position: int) -> None:
    forged = FORGERIES[name](small_report.html(), position)
    assert forged != small_report.html()
    found = compare_markup(forged, small_report.html())
    assert found.differences
    assert found.share < 0.1
    rows = list(_judge("page", "report.html", found.differences, Excuses()))
    assert all(row.status == "differs" and row.pointer and row.reason for row in rows)


@pytest.mark.parametrize("name", ["linked style", *ACTIVE])
def test_nothing_excuses_what_reportgen_never_writes(name: str) -> None:
    found = compare_markup(FORGERIES[name](small_report.html(), 0), small_report.html())
    assert "active" in {row.kind for row in found.differences}


FONTS = (
    "other_font",
    "symbol_map",
    "other_platform",
    "variant_map",
    "heights of lines",
    "heights of Windows",
)


@pytest.mark.parametrize("beside", ["", "<p>More.</p>"])
@pytest.mark.parametrize("name", FONTS)
def test_no_other_program_explains_other_letters_and_lines(name: str, beside: str) -> None:
    """Whether or not the page has another difference, beside which fonts are compared elsewhere."""
    forged = FORGERIES[name](small_report.html(), 0).replace("</main>", f"{beside}</main>")
    found = [row for row in compare_markup(forged, small_report.html()).differences if "font" in row.reason]
    assert [(row.kind, row.reason) for row in found] == [("content", "it is another font")]


def test_a_font_with_fewer_characters_may_be_another_programs() -> None:
    """Such as of a program that keeps fewer letters that shaping might need."""
    (found,) = compare_markup(
        forged_pages.fewer_letters(small_report.html()), small_report.html()
    ).differences
    assert (found.kind, found.reason) == ("layout", "it is another font")


@pytest.mark.parametrize("name", HONEST)
def test_transport_and_another_machine_are_no_forgery(name: str) -> None:
    page = HONEST[name](small_report.html())
    assert (page == small_report.html()) == (name == "as it is")
    assert compare_markup(page, small_report.html()).differences == ()


def test_the_corpus_has_the_size_that_the_documentation_tells() -> None:
    """Each forgery stands in two places, and they are two forgeries only if the bytes differ."""
    assert 2 * (len(FORGERIES) + len(forged_pdfs.FORGERIES)) == 234
    assert (
        len({forge(small_report.html(), position) for forge in FORGERIES.values() for position in (0, 1)})
        == 110
    )
    assert len(HONEST) + len(forged_pdfs.HONEST) == 48
    assert len({vary(small_report.html()) for vary in HONEST.values()}) == len(HONEST)
    table = (Path(__file__).parents[2] / "docs/graders.md").read_text(encoding="utf-8")
    rows = re.findall(r"(?m)^\| (forged|honest) `report\.(html|pdf)`[^|]*\| (\d+) \|", table)
    assert {(kind, suffix): int(count) for kind, suffix, count in rows} == {
        ("forged", "html"): 2 * len(FORGERIES),
        ("forged", "pdf"): 2 * len(forged_pdfs.FORGERIES),
        ("honest", "html"): len(HONEST),
        ("honest", "pdf"): len(forged_pdfs.HONEST),
    }


LONG = {"convolution": "* a *word* and `code`\n" * 300, "transfer": "| a | b |\n|---|---|\n| σ | $x$ |\n"}


@pytest.mark.parametrize("words", [small_report.WORDS, LONG, {"transfer": "Plain."}], ids=str)
def test_words_of_the_authors_that_nobody_knows_are_left_to_a_person(words: dict[str, str]) -> None:
    page = small_report.page(words)
    found = compare_markup(page, small_report.bare(), known_words=False)
    assert {row.kind for row in found.differences} == {"own"}
    assert compare_markup(small_report.bare(), small_report.bare(), known_words=False).differences == ()


# How close letters stand is ruled for all letters at once, and words that are unknown have others.
@pytest.mark.parametrize("name", [name for name in FORGERIES if name != "other_spaces"])
def test_unknown_words_of_the_authors_hide_no_forgery(name: str) -> None:
    """But for a forged paragraph that is one of these words."""
    forged = FORGERIES[name](small_report.html(), 1)
    if _set_apart(forged) == _set_apart(small_report.html()):
        pytest.skip("it is in the authors' own words")
    kinds = {row.kind for row in compare_markup(forged, small_report.bare(), known_words=False).differences}
    assert kinds - {"own"}


def _set_apart(html: str) -> str:
    return re.sub(r'<aside class="commentary".*?</aside>', "", html, flags=re.DOTALL)


OWN = '<aside class="commentary" aria-label="The authors’ comments">{}</aside>'


@pytest.mark.parametrize(
    "what",
    ["<p style='position:fixed'>1.0</p>", "<style>p{}</style>", "<script>x()</script>", "<!-- -->", "<input>",
     "<p onclick='x()'>a</p>", "<img src='https://example.org/a.png'>", "<p id='s1'>1.0</p>", "<svg></svg>"],
)  # fmt: skip
def test_words_of_the_authors_are_words(what: str) -> None:
    page = small_report.bare().replace("</main>", f"{OWN.format(what)}</main>")
    kinds = {row.kind for row in compare_markup(page, small_report.bare(), known_words=False).differences}
    assert "active" in kinds


@pytest.mark.parametrize(
    "page", ["", "<", "\x00", "<p " * 9999, "<!" * 999, "&#x110000;" * 99, "<a href='x" * 99, "\ud800"]
)
def test_what_is_no_page_is_a_difference_and_no_crash(page: str) -> None:
    assert compare_markup(page, small_report.html()).differences


def test_tags_that_never_end_take_no_time() -> None:
    """Red if each is searched to the end of the page: that would take hours."""
    found = compare_markup(small_report.html() + "<p a" * 10**6, small_report.html())
    assert [(each.reason, each.kind) for each in found.differences] == [
        ("the report has nothing like it here", "active")
    ]


def test_an_end_tag_that_is_written_otherwise_is_found_beside_other_differences() -> None:
    html = "<p>One</p>\n<p class='a'>2</p>\n"
    theirs = html.replace("'a'", "'b'").replace("</p>", "</p \f>", 1)
    assert [each.location for each in compare_markup(theirs, html).differences] == [
        "</p> in line 1", "<p> in line 2, attribute class",
    ]  # fmt: skip


def test_an_element_is_named_with_its_line_and_what_is_around_it() -> None:
    html = '<p>One</p>\n<div id="numbers">\n<b class="x">2</b>\n</div>'
    (found,) = compare_markup(html.replace('class="x"', 'class="x" onclick="y()"'), html).differences
    assert found.location == "<b> in line 3, in #numbers, attribute onclick"
    assert (found.submitted, found.expected, found.kind) == ("y()", None, "active")
