"""No digit of the report stands there without its source, save those that are marked and listed here."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from bs4 import BeautifulSoup, Tag
from bs4.element import NavigableString

TEMPLATES = Path(__file__).resolve().parents[2] / "templates"

MARKED = {
    # Names and file names.
    '"VGG19"', '"fc1"', '"fc2"', '"SHA-256"', '"RFC 6901"', "each.year", "each.volume",
    'text, "code"', "label", 'file, "file"', 'file | shortened, "file", file', 'digits, "hash"',
    "s.layer", "s.feature_layer", "r.neurons.layer", "maker.function", "maker.command",
    "folder", "package", "layer", "r.report.course", "r.report.group",
    '(r.report.group or r.report.course) | string | truncate(40, true, "…")',
    "author.name", "author.roll_number", "r.report.assignment",
    "layer.layer", "network.name", "r.provenance.weights.architecture", "s.best_name", "s.network", "s.own",
    # Between which numbers pixels are scaled for the networks of one's own.
    '"−1"',
    # Rows of a table that are no method.
    '"Random places"', '"The middle"',
    # Cross-references: numbers and titles of figures, tables and layers.
    "title", "number", "1", "2",
    # Citations.
    '"He et al. 2015"', '"Simonyan and Zisserman 2015"', '"Araujo et al. 2019"', '"Luo et al. (2016)"',
    '"Springenberg et al. 2015"', '"Wilson’s (1927)"',
    '"Simonyan et al. 2014"', '"Adebayo et al. 2018"', '"Nie et al. 2018"', '"SSIM, Wang et al. 2004"',
    '"Geirhos et al. 2020"', '"Wilson 1927"', '"McNemar’s"', '"Fisher’s"', '"pHash, Zauner 2010"',
    '"Shrikumar et al. 2017"', '"Smilkov et al. 2017"', '"Sundararajan et al. 2017"',
    '"Selvaraju et al. 2017"',
    '"Zhang et al. 2018"', '"Kingma and Ba 2015"', '"McNemar 1947"', '"McNemar"',
    # Constants of a formula or a method: ends of ranges, the depth of RGB, classes of ImageNet, quantiles.
    '"L2"', '"C"', '"EXIF"', '"ten"', "format",
    "0", "3", "255", "1000", '"1000"', '"5 %"', '"95 %"',
    '"2/fan-in"', '"11\xa0×\xa011"', '"σ = 1.5"', '"K₁ = 0.01"', '"K₂ = 0.03"',
    # Of the sections that ask whether explanations hold.
    '"1.00"', '"ImageNet"', '"Fong and Vedaldi 2017"', '"Zeiler and Fergus 2014"',
    # How many items the document lists at most.
    'each.true, "breakable"', 'each.nearest[0].label, "breakable"', 'each.predicted, "breakable"',
    "function.printed", "computation.stage", "computation.package",
    "12", "listed_images", '"4"', '"6"',
    # Labels of pictures: which of them it is, and the classes of images.
    "loop.index", "each.true", "each.predicted", "neighbour.label", "item.true", "item.predicted",
    "one.label", "one", "n",
}  # fmt: skip
"""Everything that templates pass to the macros ``literal`` and ``name``, or to ``code``, which does."""


def templates() -> Iterator[tuple[str, str]]:
    for path in sorted(TEMPLATES.rglob("*.j2")):
        if not path.name.startswith("diff."):
            yield path.name, path.read_text(encoding="utf-8")


def test_the_uses_of_the_mark_are_these() -> None:
    used = set()
    for _, text in templates():
        for call in re.finditer(r"\{\{ (?:literal|name|code)\((.*?)\) \}\}", text):
            used.add(call[1])
    assert used == MARKED


def test_digits_are_marked_as_words_only_where_sections_and_publications_are_named() -> None:
    used = {
        call[1] for _, text in templates() for call in re.finditer(r"\{\{ ([^{}|]*?) \| mark_digits", text)
    }
    named = {
        "phrase",
        "section.title",
        "finding.section.title",
        "each.title",
        "computation.title",
        "layer.name",
    }
    # Of the sentences that a claim decides, those that name a network.
    sentences = {each for each in used if re.match(r'verdict\("(vgg19|own)_better", "\w', each)}
    assert used - sentences == named
    assert len(sentences) == 6


def test_nothing_but_the_macro_makes_the_mark() -> None:
    made = [
        (name, line)
        for name, text in templates()
        for line in text.splitlines()
        if re.search(r'class="l\b', line)
    ]
    assert made == [
        (
            "macros.html.j2",
            '{% macro literal(text, kind="") %}<span class="l {{ kind }}">'
            '{{ text | string | replace(" %", "\\u00a0%") }}</span>{% endmacro %}',
        ),
        (
            "macros.html.j2",
            '{% macro name(text, kind="", whole="") %}<span class="l {{ kind }}" dir="{{ text | direction }}"'
            '{% if whole and whole | string != text | string %} title="{{ whole }}"{% endif %}>'
            "{{ text }}</span>{% endmacro %}",
        ),
    ]


def unsourced(page: BeautifulSoup) -> list[str]:
    """The texts of the body with a digit that has neither a pointer nor a mark."""
    assert page.body is not None
    found = []
    for text in page.body.find_all(string=re.compile(r"\d")):
        if not isinstance(text, NavigableString) or type(text) is not NavigableString:
            continue
        if not any(excused(parent) for parent in text.parents if isinstance(parent, Tag)):
            found.append(f"{text.parent.name if text.parent else ''}: {text.strip()}")
    return found


def excused(tag: Tag) -> bool:
    kinds: list[str] = list(tag.get("class") or [])
    return (
        tag.has_attr("data-ptr")
        or "l" in kinds
        or "commentary" in kinds
        or tag.name in ("h1", "h2", "h3", "h4", "time", "script", "style")
    )


@pytest.mark.slow
def test_no_digit_stands_without_its_source(page: BeautifulSoup) -> None:
    assert unsourced(page) == []


@pytest.mark.slow
@pytest.mark.parametrize("text", ["12 images", "accuracy ٣", "<b>5</b> %"])
def test_a_digit_that_a_template_writes_by_itself_would_be_found(build: Path, text: str) -> None:
    html = (build / "report.html").read_text(encoding="utf-8").replace("</header>", f"<p>{text}</p></header>")
    assert len(unsourced(BeautifulSoup(html, "lxml"))) == 1


@pytest.mark.slow
def test_every_pointer_leads_to_a_value(page: BeautifulSoup, results: Any) -> None:
    from printed import resolve_pointer

    for tag in page.select("[data-ptr]"):
        resolve_pointer(results, str(tag["data-ptr"]))
