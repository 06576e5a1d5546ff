from __future__ import annotations

import pytest
from bs4 import BeautifulSoup

from reportgen.document.reader import parse_page

NESTED = """<title>T</title><figure><figure><img src=a><figcaption>Fig. 1.  Inner
<b>one</b></figcaption></figure></figure><figure><img src=b></figure>
<table><caption>Table 1. Rows</caption><tr><td>cell</td></tr></table>
<template><figure>unseen</figure>never</template><style>p { }</style>"""


def test_captions_belong_to_their_own_figure() -> None:
    page = parse_page(NESTED)
    assert page.figures == ("Fig. 1. Inner one",)
    assert page.tables == ("Table 1. Rows",)
    # The outer figure and the one of b have none; the one in the template is not shown.
    assert page.bare_figures == 2


def test_text_is_what_a_browser_shows() -> None:
    page = parse_page(NESTED)
    tree = BeautifulSoup(NESTED, "html.parser")
    for hidden in tree.find_all(["title", "style", "template"]):
        hidden.decompose()
    assert page.text == " ".join(tree.get_text().split())
    assert page.code == ("T", "unseen", "never", "p { }")


@pytest.mark.parametrize(
    "html", ["</figcaption>", "<figcaption>", "</figure></figure>", "<figure><caption>x"]
)
def test_tags_that_do_not_match_are_survived(html: str) -> None:
    page = parse_page(html)
    assert page.figures == ()
    assert page.bare_figures == 0


def test_what_is_deeper_than_is_listed_closes_nothing_around_it() -> None:
    """Red if the end of the inner template ends the outer one, whose text no browser shows."""
    deep = "<div>" * 199 + "<template></template>SECRET" + "</div>" * 199
    page = parse_page(f"<p>a<template>{deep}</template>b</p>")
    assert page.text == "ab"
    assert page.code == ("SECRET",)
    # And a deep one hides what is in it, and no more.
    deep = "<div>" * 300 + "c<style>p</style>d" + "</div>" * 300
    assert parse_page(f"<p>a{deep}b</p>").text == "acdb"
    # What is not ended ends with what is around it.
    assert parse_page(f"<div>{'<p>' * 300}<template></div>a").text == "a"


def test_a_tag_that_never_ends_is_not_shown_and_hundreds_of_thousands_hold_nobody_up() -> None:
    """As the HTML standard has it (eof-in-tag). Red, after hours, if each is looked for to the end."""
    assert parse_page("<p>a</p>b<a c").text == "ab"
    assert parse_page("<p>a</p>b" + "<a " * 300_000).text == "ab"
    # One that does end, however late, is a tag as ever.
    assert parse_page("<p>a</p>b<a c>d").text == "abd"
