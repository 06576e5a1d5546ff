"""Whatever words of authors print, an honest page without its report.toml is not accused, and no forged one
hides behind it.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest
import small_report
from small_report import verify_page

from reportgen.document.html import Content, Document, render_html
from reportgen.document.reader import parse_page
from reportgen.templates import open_templates
from reportgen.verify.differences import Difference
from reportgen.verify.markup import compare_markup
from reportgen.verify.own_words import read_unknown_words, strip_own

LINKS = "[one](http://example.org 'a title'), [two](mailto:ann@example.org), <https://example.org/a?b=1&c=2>."

# A value that the report prints itself, one that it does not, one of a tuple, a list that is counted, a text.
VALUES = (
    "{{ provenance.seed }} and {{ transfer.training.max_epochs }}, {{ convolution.input_shape | shape }}, "
    "{{ convolution.input_shape[1] }}, {{ dataset.images | size }}, {{ report.group | text }}, "
    "{{ transfer.accuracy.val | percent }} and again {{ provenance.seed }}"
)

WORDS = {
    "a number": {"convolution": "Of {{ provenance.seed }}."},
    "numbers": {"convolution": VALUES},
    "the last number": {"transfer": "{{ dataset.colour_managed }}, {{ convolution.init_check.p_value }}"},
    "before and after": {
        "introduction": "{{ transfer.training.max_epochs }}, {{ kind.version | text }}.",
        "transfer": VALUES,
    },
    "observations": {"observations": "Plain."},
    "numbers in observations": {
        "observations": f"# {VALUES}\n\n> $a^2$",
        "introduction": "{{ convolution.init_check.p_value }}",
    },
    "addresses": {"convolution": LINKS},
    "references": {"transfer": "See @fig:images and @tab:counts, {@tab:checks} $$\\sqrt{2}$$ as `code`."},
    "a table": {
        "transfer": "|a|b|\n|:-|-:|\n|{{ convolution.init_check.p_value }}|@fig:images|\n\n3. $x$\n\n---\n"
    },
}


def again(page: str) -> str:
    """The page as it is rendered without the authors' words."""
    own = read_unknown_words(page)
    return _render(dict(own.commentary), own.pointers).html


def _render(words: dict[str, str], unseen: tuple[str, ...] = ()) -> Document:
    content = Content(small_report.kind(), small_report.results(), small_report.album(), words, unseen=unseen)
    return render_html(content, open_templates(kind=small_report.kind()))


def page_of(words: dict[str, str]) -> str:
    return _render(words).html


def find(page: str) -> list[Difference]:
    return list(compare_markup(page, again(page), known_words=False).differences)


@pytest.mark.parametrize("words", WORDS.values(), ids=WORDS)
def test_what_authors_print_makes_no_other_difference_than_their_words(words: dict[str, str]) -> None:
    assert {each.kind for each in find(page_of(words))} == {"own"}


@pytest.mark.parametrize("words", WORDS.values(), ids=WORDS)
def test_without_their_words_the_words_are_the_same(words: dict[str, str]) -> None:
    page = page_of(words)
    assert parse_page(strip_own(page)).words == parse_page(strip_own(again(page))).words


def test_words_that_happen_to_be_those_that_stand_for_them_are_unknown_all_the_same() -> None:
    page = page_of({"observations": "Observations"})
    assert again(page) == page
    assert [each.kind for each in find(page)] == ["own"]


def test_without_words_nothing_differs() -> None:
    assert find(page_of({})) == []


PAGE = {"convolution": VALUES, "observations": "{{ convolution.init_check.p_value }}, see @fig:images."}


def _rows(page: str) -> dict[str, str]:
    """The ids of the rows of the table of sources by their pointers."""
    return {pointer: row for row, pointer in re.findall(r'<tr id="(s\d+)" data-ptr="([^"]*)"', page)}


def _links(page: str, *, own: bool) -> list[re.Match[str]]:
    asides = [found.span() for found in re.finditer(r'<aside class="commentary".*?</aside>', page, re.DOTALL)]
    links = re.finditer(r'<a class="n[^"]*" href="#(s\d+)" data-ptr="([^"]*)">([^<]*)</a>', page)
    return [each for each in links if any(a < each.start() < b for a, b in asides) == own]


@pytest.mark.parametrize("own", [False, True], ids=["the program's text", "the authors' words"])
def test_a_number_that_is_linked_to_another_row_is_found(own: bool) -> None:
    page = page_of(PAGE)
    rows = _rows(page)
    for link in _links(page, own=own)[::5]:
        other = next(row for row in reversed(rows.values()) if row != link[1])
        start, stop = link.span(1)
        place = f"<a> in line {page.count(chr(10), 0, start) + 1}"
        found = find(page[:start] + other + page[stop:])
        assert any(each.location.startswith(place) for each in found if each.kind == "content")


@pytest.mark.parametrize("own", [False, True], ids=["the program's text", "the authors' words"])
def test_a_link_whose_row_is_exchanged_with_its_pointer_is_found(own: bool) -> None:
    """Row and pointer agree with each other then, and no longer with the text."""
    page = page_of(PAGE)
    link = next(each for each in _links(page, own=False) if each[2] == "/transfer/accuracy/val")
    other = next(each for each in _links(page, own=own) if each[2] == "/provenance/seed")
    forged = page[: link.start()] + other[0].replace(other[3], link[3]) + page[link.end() :]
    assert {each.kind for each in find(forged)} == {"content", "own"}


FORGERIES = {
    "rows have each other's ids": lambda page: _exchange(page, 'id="s1"', 'id="s2"'),
    "rows have each other's pointers": lambda page: _exchange(
        page, '"/provenance/seed" data-paper', '"/convolution/init_check/p_value" data-paper'
    ),
    "all ids count on": lambda page: re.sub(r'(#|id=")s(\d+)"', lambda m: f'{m[1]}s{int(m[2]) + 1}"', page),
    "a row more": lambda page: re.sub(r'(<tr id="s1" .*?</tr>\n)', r"\1\1", page, flags=re.DOTALL),
    "a row less": lambda page: re.sub(r'<tr id="s1" .*?</tr>\n', "", page, flags=re.DOTALL),
    "a value in the table": lambda page: re.sub(
        r'(<tr id="s1" .*?<td class="num value">)', r"\g<1>9", page, flags=re.DOTALL
    ),
    "a link to no figure": lambda page: page.replace("</aside>", '<a href="#fig-9">Fig. 9</a></aside>', 1),
    "a number of no row": lambda page: page.replace(
        "</aside>", '<a class="n" href="#s1" data-ptr="/nothing">1</a></aside>', 1
    ),
    "observations without words": lambda page: re.sub(
        r'(<section id="observations">\n<h2>Observations</h2>\n).*?</aside>', r"\1", page, flags=re.DOTALL
    ),
    "a heading beside them": lambda page: page.replace(">Observations</h2>", ">All is right</h2>"),
}


def _exchange(page: str, one: str, other: str) -> str:
    return page.replace(one, "\0").replace(other, one).replace("\0", other)


@pytest.mark.parametrize("forge", FORGERIES.values(), ids=FORGERIES)
def test_what_numbers_of_unknown_words_bring_along_hides_no_forgery(forge: Callable[[str], str]) -> None:
    page = page_of(PAGE)
    forged = forge(page)
    assert forged != page
    assert "content" in {each.kind for each in find(forged)}


@pytest.mark.parametrize(
    "address", ["javascript:x()", "http-x:a", "data:text/html,a", "//example.org", "mail:a"]
)
def test_authors_link_to_web_and_mail_addresses_only(address: str) -> None:
    page = page_of({"convolution": LINKS}).replace("mailto:ann@example.org", address)
    assert "active" in {each.kind for each in find(page)}


@pytest.mark.parametrize("drawn", [True, False])
def test_verify_accuses_no_folder_without_its_pdf(drawn: bool, tmp_path: Path) -> None:
    rows = verify_page(page_of(PAGE), tmp_path, small_report.album() if drawn else {})
    assert [row for row in rows if row.status == "differs"] == []
    # And confirms nothing either of what nobody knows.
    assert [row.status for row in rows if row.subject == "page"] == ["not recomputable"]


NUMBER = re.compile(r'(data-ptr="/transfer/correct/test">)(\d+)<')


@pytest.mark.parametrize("drawn", [True, False])
def test_beside_unknown_words_a_number_and_a_word_are_found(drawn: bool, tmp_path: Path) -> None:
    page, figures = page_of(PAGE), small_report.album() if drawn else {}
    forged = NUMBER.sub(lambda m: f"{m[1]}{int(m[2]) + 1}<", page, count=1)
    rows = verify_page(forged, tmp_path, figures)
    assert "/transfer/correct/test" in {row.pointer for row in rows if row.status == "differs"}
    rows = verify_page(page.replace("Contents</h2>", "Content</h2>"), tmp_path, figures)
    assert [row.subject for row in rows if row.status == "differs"]


def test_a_number_in_unknown_words_is_that_of_its_row(tmp_path: Path) -> None:
    """The seed is printed by the authors first."""
    page = page_of(PAGE)
    link = next(each for each in _links(page, own=True) if each[2] == "/provenance/seed")
    forged = page[: link.start(3)] + "7" + page[link.end(3) :]
    rows = verify_page(forged, tmp_path, small_report.album())
    assert {row.pointer for row in rows if row.status == "differs"} == {"/provenance/seed"}


def test_numbers_count_in_the_order_of_their_ids() -> None:
    """Templates of an instructor may put the authors' words in another order."""
    page = page_of({"introduction": "{{ provenance.seed }}.", "transfer": "{{ dataset.colour_managed }}."})
    one, other = re.findall(r'<aside class="commentary".*?</aside>', page, re.DOTALL)
    moved = _exchange(page, one, other)
    assert read_unknown_words(moved).pointers == ("/provenance/seed", "/dataset/colour_managed")
