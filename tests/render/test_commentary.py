"""The author's Markdown: what it may do, and what it may not."""

from __future__ import annotations

import pytest
from bs4 import BeautifulSoup
from markupsafe import Markup

from reportgen.render.commentary import render_commentary


def parse(text: str) -> BeautifulSoup:
    rendered = render_commentary(text)
    assert isinstance(rendered, Markup)
    return BeautifulSoup(rendered, "html.parser")


def test_markdown_is_rendered() -> None:
    soup = parse("A *fine* and **bold** `x`.\n\n- one\n- two")
    assert [tag.name for tag in soup.find_all(True)] == ["p", "em", "strong", "code", "ul", "li", "li"]
    assert soup.get_text().split() == ["A", "fine", "and", "bold", "x.", "one", "two"]


@pytest.mark.parametrize(
    "text",
    [
        "<script>alert(1)</script>",
        "a <img src=x onerror=alert(1)> b",
        "<div>\n\ntext\n\n</div>",
        "<!-- hidden -->",
        "<style>p{display:none}</style>",
        "&lt;script&gt;",
    ],
)
def test_raw_html_is_shown_as_text(text: str) -> None:
    soup = parse(text)
    assert {tag.name for tag in soup.find_all(True)} <= {"p"}
    shown = " ".join(soup.get_text().split())
    assert shown == " ".join(text.split()).replace("&lt;", "<").replace("&gt;", ">")


@pytest.mark.parametrize(
    "text",
    [
        "[x](javascript:alert(1))",
        "[x](JaVaScRiPt:alert(1))",
        "[x](vbscript:x)",
        "[x](file:///etc/passwd)",
        "[x](data:text/html;base64,PHA+)",
        "<javascript:alert(1)>",
        "[x][1]\n\n[1]: javascript:alert(1)",
        "[x](#nowhere)",
        "[x](elsewhere.html)",
        "[x](//example.org/a)",
    ],
)
def test_an_address_that_could_run_or_open_something_is_no_link(text: str) -> None:
    assert parse(text).find_all("a") == []


@pytest.mark.parametrize("address", ["https://example.org/a?b=1&c=2", "mailto:ada@example.org"])
def test_a_web_or_mail_address_is_a_link(address: str) -> None:
    (link,) = parse(f"[x]({address})").find_all("a")
    assert link["href"] == address


@pytest.mark.parametrize(
    "text", ["![alt](http://example.org/a.png)", "![alt](a.png)", "![alt][1]\n\n[1]: /a.png"]
)
def test_no_picture_is_loaded(text: str) -> None:
    soup = parse(text)
    assert soup.find_all("img") == []
    assert "alt" in soup.get_text()


def test_tables_are_tables() -> None:
    soup = parse("| a | b |\n|---|---|\n| 1 | <b> |")
    assert [cell.get_text() for cell in soup.find_all(["th", "td"])] == ["a", "b", "1", "<b>"]
    assert len(soup.find_all("table")) == 1


def test_headings_stand_below_those_of_the_report() -> None:
    soup = parse("# One\n\nTwo\n---\n\n> ### Three\n\n- ###### Four")
    assert [tag.get_text() for tag in soup.find_all("h4")] == ["One", "Two", "Three", "Four"]
    assert soup.find_all(["h1", "h2", "h3", "h5", "h6"]) == []
