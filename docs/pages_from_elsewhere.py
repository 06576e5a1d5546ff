"""Hooks of MkDocs: pages that are made from files outside docs/, so that nothing is written twice."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from mkdocs.structure.files import File, Files

ROOT = Path(__file__).resolve().parents[1]

PAGES = {
    "pointers.md": "reportgen/contract/POINTERS.md",
    "images.md": "data/README.md",
    "changes.md": "CHANGELOG.md",
}
"""Page -> the file that it is made from."""


def on_files(files: Files, config: Any) -> Files:
    """Add the pages."""
    for page, source in PAGES.items():
        text = (ROOT / source).read_text(encoding="utf-8")
        files.append(File.generated(config, page, content=text))
    return files


def on_page_content(html: str, **_: Any) -> str:
    """Take Sphinx's roles, such as ``:class:``, off the names in docstrings, which MkDocs does not know."""
    return re.sub(r":(?:class|func|meth|attr|data|mod|exc):(?=<code>)", "", html)
