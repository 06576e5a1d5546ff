"""The author's Markdown becomes harmless HTML."""

from __future__ import annotations

from markdown_it import MarkdownIt
from markupsafe import Markup


class _Parser(MarkdownIt):
    def validateLink(self, url: str) -> bool:  # noqa: N802 - markdown-it's name
        return url.lower().startswith(("https://", "http://", "mailto:"))


def render_commentary(text: str) -> Markup:
    """Render CommonMark with tables to HTML.

    Raw HTML is shown as text, links lead to web and mail addresses only (others are left as text), and so
    are pictures, so that nothing in a commentary loads anything or leads nowhere.
    """
    parser = (
        _Parser("commonmark", {"html": False}).enable("table").disable(["image", "html_block", "html_inline"])
    )
    # The author's headings stand below those of the section.
    tokens = parser.parse(text)
    for token in tokens:
        if token.type in ("heading_open", "heading_close"):
            token.tag = "h4"
    return Markup(parser.renderer.render(tokens, parser.options, {}))  # noqa: S704 - made from escaped text
