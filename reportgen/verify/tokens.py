"""The pieces of a page's markup, as they are written: no two programs can understand them differently.

Not ``document.reader``, which reads what a page shows: it decodes characters and leaves markup out. Here
the way in which they are written is compared.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from functools import lru_cache
from html.parser import HTMLParser

from reportgen.document.reader import DEEPEST, VOID, find_unended

# The page on 266 photographs has 27,000.
MOST_TOKENS = 10**6


@dataclass(frozen=True)
class Token:
    """A piece of markup as it is written: ``what`` it is (``start``, ``end``, ``text``, …), its tag and
    attributes in order, the line it is in and the innermost element with an id around it; ``own``: it is in
    an element with the authors' own words.
    """

    what: str
    raw: str
    tag: str = ""
    attributes: tuple[tuple[str, str | None], ...] = ()
    # A piece is the same in whatever line it is.
    line: int = field(default=0, compare=False)
    within: str = field(default="", compare=False)
    own: bool = field(default=False, compare=False)

    @property
    def name(self) -> str:
        """What to call it."""
        words = {"text": "text", "code": f"the text of <{self.tag}>", "comment": "a comment"}
        return words.get(self.what, f"</{self.tag}>" if self.what == "end" else f"<{self.tag}>")

    @property
    def location(self) -> str:
        """Where it is in the page."""
        return f"{self.name} in line {self.line}{f', in #{self.within}' if self.within else ''}"


# A page is taken apart for its authors' words, for how it was printed, and to be compared: half a second each
# time, and ours as long.
@lru_cache(maxsize=4)
def read_tokens(text: str) -> tuple[Token, ...]:
    """The pieces of a page in their order, at most one more than ``MOST_TOKENS``."""
    reader = _Tokeniser()
    # For each tag that begins and never ends the parser would search all that follows: hours for a page.
    last = find_unended(text)
    try:
        reader.feed(text[:last])
        reader.close()
    except _TooManyError:
        return tuple(reader.tokens)
    if last < len(text):
        reader.tokens.append(Token("declaration", text[last:], "!", (), text.count("\n", 0, last) + 1))
    return tuple(reader.tokens)


class _TooManyError(Exception):
    """A page has more pieces than any report."""


class _Tokeniser(HTMLParser):
    """Takes markup apart; what was written is kept with each piece."""

    def __init__(self) -> None:
        # Or two ways to write a character would be one piece; what is compared is what is written.
        super().__init__(convert_charrefs=False)
        self.tokens: list[Token] = []
        self._ids: list[tuple[str, str]] = []
        # How deep the element is that holds the authors' words.
        self._own: int | None = None

    def _add(
        self, what: str, raw: str, tag: str = "", attributes: tuple[tuple[str, str | None], ...] = ()
    ) -> None:
        within = next((name for _, name in reversed(self._ids) if name), "")
        own = self._own is not None
        self.tokens.append(Token(what, raw, tag, attributes, self.getpos()[0], within, own))
        # Not at the end: each takes as long as a thousand letters of text.
        if len(self.tokens) > MOST_TOKENS:
            raise _TooManyError

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        # As ours write it, so that no other element is taken for it.
        if self._own is None and (tag, [name for name, _ in attrs]) == ("aside", ["class", "aria-label"]):
            self._own = len(self._ids) if attrs[0][1] == "commentary" else None
        self._add("start", self.get_starttag_text() or "", tag, tuple(attrs))
        # What has no content has no end tag either, and would stay for ever.
        if tag not in VOID and len(self._ids) < DEEPEST:
            self._ids.append((tag, dict(attrs).get("id") or ""))

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._add("start", self.get_starttag_text() or "", tag, tuple(attrs))

    def handle_endtag(self, tag: str) -> None:
        self._add("end", f"</{tag}>", tag)
        if any(name == tag for name, _ in self._ids):
            while self._ids.pop()[0] != tag:
                pass
        if self._own is not None and len(self._ids) <= self._own:
            self._own = None

    def parse_endtag(self, i: int) -> int:
        """Keep an end tag as it is written, which the parser does not pass on: a space in it is a
        difference.
        """
        count = len(self.tokens)
        end = super().parse_endtag(i)
        if len(self.tokens) == count + 1 and self.tokens[-1].what == "end":
            self.tokens[-1] = replace(self.tokens[-1], raw=self.rawdata[i:end])
        return end

    def handle_data(self, data: str) -> None:
        if self.cdata_elem:
            self._add("code", data, self.cdata_elem)
        else:
            self._add("text", data)

    def handle_entityref(self, name: str) -> None:
        self._add("text", f"&{name};")

    def handle_charref(self, name: str) -> None:
        self._add("text", f"&#{name};")

    def handle_comment(self, data: str) -> None:
        self._add("comment", f"<!--{data}-->", "!--")

    def handle_decl(self, decl: str) -> None:
        self._add("declaration", f"<!{decl}>", f"!{decl}")

    def unknown_decl(self, data: str) -> None:
        self._add("declaration", f"<![{data}]>", "![")

    def handle_pi(self, data: str) -> None:
        self._add("instruction", f"<?{data}>", "?")
