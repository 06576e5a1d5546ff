"""A report that leaves blocks out as its settings say is confirmed, whatever the settings of the grader."""

from __future__ import annotations

from pathlib import Path
from typing import get_args

import pytest
from bs4 import BeautifulSoup
from tiny_data import draw_tiny_data

from reportgen.engine import pipeline
from reportgen.settings import load_settings
from reportgen.tables import Block
from reportgen.verify import verify

pytestmark = [pytest.mark.slow, pytest.mark.prints]


@pytest.mark.long
def test_an_honest_report_without_blocks_is_not_accused(tmp_path: Path) -> None:
    """Red if the page is made again with everything in it."""
    home = tmp_path / "home"
    draw_tiny_data(home / "data")
    listed = ", ".join(f'"{name}"' for name in get_args(Block))
    (home / "report.toml").write_text(
        f'sections = ["convolution"]\n\n[print]\nleave_out = [{listed}]\n', encoding="utf-8"
    )
    built = pipeline.build(load_settings(folder=home), home / "data")
    assert built.problem is None
    page = BeautifulSoup((built.folder / "report.html").read_text(encoding="utf-8"), "lxml")
    assert page.select("#contents, #references, #lists, [data-explorer], .abstract, #images") == []
    for submission in (built.folder, built.path("report.pdf")):
        found = verify(submission, home / "data", settings=load_settings(folder=tmp_path))
        assert [row.pointer for row in found.of("differs")] == []
        assert found.of("confirmed")
