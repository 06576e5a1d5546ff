"""However a report is printed, its page is not accused where report.toml did not come along; and what is
forged in a page that leaves things out is found.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import get_args

import numpy as np
import pytest
import small_report
from small_report import verify_page

from reportgen.document.html import Content, render_html
from reportgen.figures.figure import Figure, embed_levels
from reportgen.tables import Block, Printing
from reportgen.templates import open_templates
from reportgen.verify.page_settings import choose_printing, read_printing

PRINTINGS = {
    "default": Printing(),
    **{f"without {name}": Printing(leave_out=(name,)) for name in get_args(Block)},
    "without all": Printing(leave_out=get_args(Block)),
    "with lists": Printing(lists=True),
    "with long sources": Printing(long_sources=True),
    "with both": Printing(lists=True, long_sources=True, leave_out=("contents", "files")),
}


def page_of(printing: Printing) -> str:
    content = Content(small_report.kind(), small_report.results(), draw(), WORDS, printing)
    return render_html(content, open_templates(kind=small_report.kind())).html


def draw() -> dict[str, Figure]:
    """The figures, of which two carry the same data."""
    album = small_report.album()
    for name in list(album)[:2]:
        album[name] = replace(album[name], embedded=(embed_levels("inputs", LEVELS),))
    return album


LEVELS = np.arange(16, dtype=np.uint8).reshape(4, 4)

WORDS = {"convolution": "## Contents\n\nSee {{ provenance.seed }}, @fig:images.\n"}


@pytest.mark.parametrize("printing", PRINTINGS.values(), ids=PRINTINGS)
def test_a_page_tells_how_it_is_printed_and_is_not_accused_for_it(printing: Printing, tmp_path: Path) -> None:
    page = page_of(printing)
    read = read_printing(page)
    # The small report has no findings in either case.
    assert {*read.leave_out, "findings"} == {*printing.leave_out, "findings"}
    assert (read.lists, read.long_sources) == (printing.lists, printing.long_sources)
    rows = verify_page(page, tmp_path, draw())
    assert [row for row in rows if row.status == "differs"] == []


FORGERIES = {
    "a block": ('<section id="references">', '<section id="reference">'),
    "half of a block": ("References</h2>", "</h2>"),
    "a block of another class": ('<section id="lists" class="on-screen"', '<section id="lists" class="x"'),
    "an entry of the contents": ('<li class="unnumbered"><a href="#references">References</a></li>', ""),
    "a number": ('data-ptr="/transfer/correct/test">', 'data-ptr="/transfer/correct/test">1'),
    "what one figure carries": (' data-carries="', ' data-carried="'),
}


@pytest.mark.parametrize("forgery", FORGERIES.values(), ids=FORGERIES)
def test_what_is_forged_beside_a_choice_is_found(forgery: tuple[str, str], tmp_path: Path) -> None:
    page = page_of(Printing(leave_out=("abstract", "files")))
    forged = page.replace(*forgery, 1)
    assert forged != page
    assert [row for row in verify_page(forged, tmp_path, draw()) if row.status == "differs"]


def test_what_no_page_of_the_report_has_was_not_left_out() -> None:
    """As the findings of the small report, and whatever an instructor's templates call by another name."""
    usual = page_of(Printing())
    assert "findings" in read_printing(usual).leave_out
    assert choose_printing(usual, usual) is None
    assert choose_printing("", usual) is None
    assert choose_printing(page_of(Printing(leave_out=("abstract",))), usual) == Printing(
        leave_out=("abstract",)
    )
    renamed = usual.replace('class="abstract"', 'class="summary"')
    assert choose_printing(renamed, renamed) is None
    assert choose_printing(renamed.replace('id="contents"', ""), renamed) == Printing(leave_out=("contents",))
