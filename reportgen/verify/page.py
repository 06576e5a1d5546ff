"""The links of a report's HTML: what stands in each, and the pointer it leads to."""

from __future__ import annotations

from dataclasses import dataclass, field
from html.parser import HTMLParser

from reportgen.verify.printed import squeeze

MAX_BYTES = 50 * 2**20
_DEEPEST = 200
_VOID = frozenset(
    ["area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source", "track", "wbr"]
)
_HIDDEN = frozenset(("script", "style", "title"))


@dataclass(frozen=True)
class Printed:
    """A text of the document that shows the value at a pointer; ``place`` is where it stands.

    ``pointer`` is that of the row in the table of sources that it leads to; ``picture``: it is (also) a
    picture, which cannot be read.
    """

    pointer: str
    text: str
    place: str = ""
    picture: bool = False


@dataclass
class _Link:
    target: str
    pointer: str
    depth: int
    text: str = ""
    picture: bool = False


@dataclass
class _Reader(HTMLParser):
    """Takes down links, the rows of the table of sources, and the words."""

    links: list[_Link] = field(default_factory=list)
    rows: dict[str, str] = field(default_factory=dict)
    words: list[str] = field(default_factory=list)
    pictures: list[str] = field(default_factory=list)
    code: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self._open: list[str] = []
        self._link: _Link | None = None

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        named = {name: value or "" for name, value in attrs}
        pointer = named.get("data-ptr", "")
        if tag == "tr" and pointer and "id" in named:
            self.rows.setdefault(named["id"], pointer)
        elif pointer and self._link is None and tag not in _VOID:
            target = named.get("href", "").removeprefix("#")
            self._link = _Link(target, pointer, len(self._open))
        if tag == "img":
            self.pictures.append(named.get("src", ""))
            if self._link is not None:
                self._link.picture = True
        if tag not in _VOID and len(self._open) < _DEEPEST:
            self._open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        if tag not in self._open:
            return
        while self._open.pop() != tag:
            pass
        if self._link is not None and len(self._open) <= self._link.depth:
            self.links.append(self._link)
            self._link = None

    def handle_data(self, data: str) -> None:
        if self._open and self._open[-1] in _HIDDEN:
            self.code.append(data.strip())
            return
        self.words += data.split()
        if self._link is not None:
            self._link.text += data


@dataclass(frozen=True)
class Page:
    """``printed``: all that is linked to its source, in order; ``words``: all text; ``pictures``: the
    addresses of all pictures; ``code``: title, styles and scripts.
    """

    printed: tuple[Printed, ...]
    words: tuple[str, ...]
    pictures: tuple[str, ...]
    code: tuple[str, ...]


def read_page(html: str) -> Page:
    """Read a report's HTML. Nothing of it is run or fetched; what is no HTML gives no links."""
    reader = _Reader()
    reader.feed(html)
    reader.close()
    printed = tuple(
        Printed(reader.rows.get(link.target, link.pointer), squeeze(link.text), "report.html", link.picture)
        for link in reader.links
    )
    return Page(printed, tuple(reader.words), tuple(reader.pictures), tuple(reader.code))
