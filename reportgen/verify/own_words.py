"""Words of authors in a page that came without its report.toml: what they bring along, and what they may be.

Numbers among them get rows in the table of sources, whose ids count from the first number that is printed;
so the page is rendered again with the same rows, and every other link must be the same to the letter.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from reportgen.pointer import cut_pointer
from reportgen.verify.differences import Difference, Kind
from reportgen.verify.tokens import Token, read_tokens

UNKNOWN_WORDS = "here are words of the authors, which nothing that was handed in confirms"

_OBSERVATIONS = "observations"
"""The slot that is a section of the report, with a heading and an entry in the contents."""

_MOST_ODD = 40

_TAGS = frozenset(
    ["aside", "p", "strong", "em", "code", "pre", "ul", "ol", "li", "a", "img", "span", "table", "thead",
     "tbody", "tr", "th", "td", "blockquote", "br", "hr", "h1", "h2", "h3", "h4", "h5", "h6", "s"]
)  # fmt: skip
"""What a commentary becomes, which is Markdown with numbers, references and formulas."""

_ATTRIBUTES = frozenset(
    ["class", "aria-label", "href", "src", "alt", "dir", "lang", "data-ptr", "start", "title"]
)

_ROW = re.compile(r"#s([1-9]\d{0,6})")


@dataclass(frozen=True)
class UnknownWords:
    """What words of authors bring along: ``pointers`` are those of the values that they print, in the order
    of their rows' ids; ``commentary`` has other words for the slots that are sections of their own.
    """

    pointers: tuple[str, ...]
    commentary: Mapping[str, str]


def read_unknown_words(html: str) -> UnknownWords:
    """What the authors' words in a stranger's page bring along; nothing where it is no page.

    It is what an honest page says: whatever else a forger writes here changes our page, and not his.
    """
    own = [token for token in read_tokens(html) if token.own]
    rows: dict[str, int] = {}
    for token in own:
        named = dict(token.attributes)
        pointer, row = named.get("data-ptr"), _ROW.fullmatch(named.get("href") or "")
        if token.tag == "a" and pointer and row:
            rows.setdefault(pointer, int(row[1]))
    slots = [_OBSERVATIONS] if any(token.within == _OBSERVATIONS for token in own) else []
    # Authors' words are printed before all others, so that theirs are the first ids.
    return UnknownWords(tuple(sorted(rows, key=rows.__getitem__)), dict.fromkeys(slots, "Observations"))


def describe_own(
    theirs: Sequence[Token], ours: Sequence[Token], judge: Callable[[Token], Kind]
) -> list[Difference]:
    """One difference for all that authors wrote, and one for each element that they cannot have written.

    ``judge`` says of what kind an element is if the report has no such; ``ours`` has the rows and figures
    that links lead to.
    """
    own = [token for token in theirs if token.own and token.what != "end"]
    odd = [token for token in own if _is_odd(token, judge)]
    targets = _Targets.of(ours)
    astray = [token for token in own if token.tag == "a" and not targets.fit(token)]
    rows = [
        Difference(token.location, "no commentary can contain this", token.raw[:200], None, "active")
        for token in odd[:_MOST_ODD]
    ]
    rows += [
        Difference(token.location, "it does not lead to what it shows", token.raw[:200])
        for token in astray[:_MOST_ODD]
    ]
    return [*rows, *(Difference(token.location, UNKNOWN_WORDS, kind="own") for token in own[:1])]


def _is_odd(token: Token, judge: Callable[[Token], Kind]) -> bool:
    if token.what == "text":
        return False
    return (
        token.what != "start"
        or token.tag not in _TAGS
        or any(name not in _ATTRIBUTES for name, _ in token.attributes)
        or judge(replace(token, attributes=tuple(_leave_out_addresses(token)))) == "active"
    )


def _leave_out_addresses(token: Token) -> Iterator[tuple[str, str | None]]:
    """The attributes but for an address that nobody but an author may link to."""
    for name, value in token.attributes:
        plain = token.tag == "a" and name == "href" and (value or "").lower().startswith(_OUTSIDE)
        # A second one of the name stays a second one.
        yield name, "#" if plain else value


_OUTSIDE = ("http://", "mailto:")


@dataclass(frozen=True)
class _Targets:
    """What links within our page lead to: the pointers of rows by their ids, and all ids."""

    rows: Mapping[str, str]
    ids: frozenset[str]

    @classmethod
    def of(cls, tokens: Sequence[Token]) -> _Targets:
        named = [dict(token.attributes) for token in tokens if token.what == "start"]
        rows = {each["id"] or "": each["data-ptr"] or "" for each in named if {"id", "data-ptr"} <= {*each}}
        return cls(rows, frozenset(each["id"] or "" for each in named if "id" in each))

    def fit(self, token: Token) -> bool:
        """Whether a link leads to the row of its pointer, or to an element that there is."""
        named = dict(token.attributes)
        address, pointer = named.get("href") or "", named.get("data-ptr")
        if pointer is None:
            return not address.startswith("#") or address[1:] in self.ids
        row = self.rows.get(address.removeprefix("#")) if address.startswith("#") else None
        # The numbers of a shape or a position share the row above them.
        return row == pointer or (
            row is not None and row == cut_pointer(pointer) and pointer not in self.rows.values()
        )


def leave_out_own(tokens: Sequence[Token]) -> list[Token]:
    """A page as it is without the authors' words, and without the line breaks that come with them."""
    kept: list[Token] = []
    left_out = False
    for token in tokens:
        if token.own:
            left_out = True
            continue
        if left_out and token.what == "text" and kept and kept[-1].what == "text":
            before = kept.pop()
            token = replace(token, raw=before.raw.removesuffix("\n") + token.raw.removeprefix("\n"))
        left_out = False
        kept.append(token)
    return kept


def strip_own(html: str) -> str:
    """The markup of a page without the authors' words."""
    return "".join(token.raw for token in leave_out_own(read_tokens(html)))
