"""The author's Markdown: what it may do, and what it may not."""

from __future__ import annotations

import pytest
from printed import resolve_pointer
from slot import parse, problem, results_with


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
    displayed = " ".join(soup.get_text().split())
    assert displayed == " ".join(text.split()).replace("&lt;", "<").replace("&gt;", ">")


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
        "[x]()",
        '[x]( "title")',
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


def test_the_alignment_of_a_table_is_a_class_since_the_policy_forbids_single_styles() -> None:
    soup = parse("| a | b | c |\n|--:|:-:|---|\n| 1 | 2 | 3 |")
    assert [cell.get("class") for cell in soup.find_all("td")] == [["right"], ["center"], None]
    assert soup.select("[style]") == []


def test_a_table_may_follow_a_line_at_once() -> None:
    assert len(parse("Words\n| a |\n|---|\n| {{ transfer.feature_size | whole }} |").select("td")) == 1


@pytest.mark.parametrize(
    ("text", "links", "displayed"),
    [
        ("See @fig:filter.", ["the figure filter"], "See the figure filter."),
        ("(@fig:patches-cat)", ["the figure patches_0"], "(the figure patches_0)"),
        ("@tab:scores, @table:scores", ["the table scores"] * 2, "the table scores, the table scores"),
        ("**@Fig:patches-Cat**’s", ["the figure patches_0"], "the figure patches_0’s"),
        ("@fig:patches_0 _a_", ["the figure patches_0"], "the figure patches_0 a"),
        ("@fig:filter-@fig:filter-", ["the figure filter"] * 2, "the figure filter-the figure filter-"),
        ("_@fig:filter_ a", ["the figure filter"], "the figure filter a"),
        ("me@fig:filter", [], "me@fig:filter"),
        ("`@fig:x` and ``{{ y }}``", [], "@fig:x and {{ y }}"),
        (r"\@fig:x \{{ y }} \{% z %}", [], "@fig:x {{ y }} {% z %}"),
        ("me@example.org @sec:x @ fig:x", [], "me@example.org @sec:x @ fig:x"),
        ("```\n@fig:x {{ y }} {% z %} $a$\n```", [], "@fig:x {{ y }} {% z %} $a$\n"),
        ("    @fig:x {{ y | z }}", [], "@fig:x {{ y | z }}"),
    ],
)
def test_a_reference_becomes_a_link(text: str, links: list[str], displayed: str) -> None:
    soup = parse(text)
    assert [link.get_text() for link in soup.select("a.ref")] == links
    assert soup.get_text().strip("\n") == displayed.strip("\n")


@pytest.mark.parametrize(
    "text", ["[see @fig:filter](https://example.org)", "[{{ transfer.feature_size }}](mailto:a@b.c)"]
)
def test_no_link_stands_inside_a_link(text: str) -> None:
    assert "is inside a link" in problem(text)


def test_beside_a_link_they_may_stand() -> None:
    soup = parse("[a](https://example.org) @fig:filter [ @fig:filter ] [$x$](https://example.org)")
    assert [link["href"] for link in soup.find_all("a")] == [
        "https://example.org", "#figure-filter", "#figure-filter", "https://example.org",
    ]  # fmt: skip


@pytest.mark.parametrize(
    "text",
    [
        "{{ transfer.feature_size }}",
        "**{{ transfer.feature_size }}**",
        "| a |\n|---|\n| {{ transfer.feature_size }} |",
    ],
)
def test_a_value_prints_with_its_pointer(text: str) -> None:
    (number,) = parse(text).select("[data-ptr]")
    assert number.get_text() == "512"
    assert resolve_pointer(results_with(), str(number["data-ptr"])) == 512


@pytest.mark.parametrize("bar", ["|", r"\|"])
@pytest.mark.parametrize("around", ["", "> ", "- "])
def test_a_filter_does_not_cut_a_cell_of_a_table(bar: str, around: str) -> None:
    rows = ["| a | b |", "|---|---|", f"| {{{{ transfer.accuracy.test {bar} percent }}}} | x \\| `y` |"]
    soup = parse(
        around + ("\n" + " " * len(around)).join(rows) if around != "> " else "> " + "\n> ".join(rows)
    )
    assert [cell.get_text() for cell in soup.find_all("td")] == ["62.5 %", "x | y"]


@pytest.mark.parametrize(
    "value",
    [
        "*a*",
        "_a_",
        "`a`",
        "<b>a</b>",
        "&amp;",
        "[a](https://example.org)",
        "$a$",
        "@fig:filter",
        "{{ a }}",
        "<script>",
        "a\n\nb",
    ],
)
def test_the_text_of_a_value_is_only_text(value: str) -> None:
    soup = parse("Say {{ transfer.feature_layer }}!", results_with(feature_layer=value))
    assert [tag.name for tag in soup.find_all(True)] == ["p"]
    assert soup.get_text() == f"Say {value}!\n"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (
            "{{ transfer.acuracy }}",
            "{{ transfer.acuracy }}: transfer has no 'acuracy'; did you mean 'accuracy'?",
        ),
        ("{{ transfer.accuracy", "{{ transfer.accuracy has no }} at its end."),
        ("{% include 'x' %}", "{% … %} is not allowed."),
        ("{{ transfer.feature_size }", "{{ transfer.feature_size } has no }} at its end."),
        (
            "@fig:patches-cta",
            "@fig:patches-cta refers to a figure that the report does not have; "
            "did you mean '@fig:patches-cat'?",
        ),
    ],
)  # fmt: skip
def test_an_error_names_the_slot_and_what_is_wrong(text: str, said: str) -> None:
    assert problem(text, "neurons") == f"commentary.neurons: {said}"


@pytest.mark.parametrize("mistake", ["$\\wrong$", "@fig:nowhere", "{{ nothing }}"])
@pytest.mark.parametrize(
    ("before", "line"),
    [
        ("One.\n\n", 3),
        ("One\n**two**  \nthree $x\n$ and ", 4),
        ("- one\n- two\n  ", 3),
        ("> a\nlazy ", 2),
        ("| a |\n|---|\n| b |\n| ", 4),
        ("[a]: https://example.org\nx\n", 3),
    ],
)
def test_of_a_longer_text_the_line_is_told(mistake: str, before: str, line: int) -> None:
    assert f"commentary.transfer, line {line} of the text: " in problem(f"{before}{mistake}")


def test_of_a_formula_set_apart_the_line_is_told() -> None:
    assert "line 3 of the text" in problem("One.\n\n$$\n\\wrong\n$$")
