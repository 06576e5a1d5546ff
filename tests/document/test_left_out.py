"""Blocks that the settings leave out are gone, nothing leads to them, and all else is as it was."""

from __future__ import annotations

from pathlib import Path
from typing import get_args

import pytest
from small_page import SmallPage
from small_results import document

from reportgen.errors import SettingsError
from reportgen.settings import load_settings
from reportgen.tables import Block, Printing

SELECTORS = {
    "abstract": "section.abstract",
    "contents": "#contents, .menu",
    "lists": "#lists",
    "findings": "#findings",
    "explorers": "[data-explorer]",
    "references": "#references",
    "files": "#images, p.files",
}


@pytest.fixture(scope="module")
def whole() -> SmallPage:
    return SmallPage(document())


def captions(page: SmallPage) -> list[str]:
    return [" ".join(each.get_text().split()) for each in page.soup.select("figcaption b, caption b")]


def test_every_block_has_a_name() -> None:
    assert set(SELECTORS) == set(get_args(Block))


@pytest.mark.parametrize("blocks", [(name,) for name in SELECTORS] + [tuple(SELECTORS)])
def test_a_block_is_gone_and_the_rest_is_consistent(whole: SmallPage, blocks: tuple[Block, ...]) -> None:
    page = SmallPage(document(), printing=Printing(leave_out=blocks))
    there = {name for name, selector in SELECTORS.items() if page.soup.select(selector)}
    assert {name for name, selector in SELECTORS.items() if whole.soup.select(selector)} == set(SELECTORS)
    assert there == set(SELECTORS) - set(blocks)
    assert captions(page) == captions(whole) != []
    ids = {tag["id"] for tag in page.soup.select("[id]")}
    assert {link["href"][1:] for link in page.soup.select("a[href^='#']")} <= ids
    assert {tag["aria-controls"] for tag in page.soup.select("[aria-controls]")} <= ids
    # By these a reader knows whether the rest is sound.
    assert page.soup.select("#table-checks")
    assert page.soup.select("#all-sources tr[data-ptr]")


def test_what_cannot_be_left_out_is_refused_with_what_can(tmp_path: Path) -> None:
    file = tmp_path / "report.toml"
    file.write_text('[print]\nleave_out = ["lists", "checks"]\n', encoding="utf-8")
    with pytest.raises(SettingsError) as error:
        load_settings(file)
    assert "checks" in error.value.problem
    assert "print.leave_out" in error.value.problem
    for name in SELECTORS:
        assert name in error.value.problem
