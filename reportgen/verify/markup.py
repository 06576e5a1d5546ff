"""Compares report.html with the page rendered again: every element, attribute and text, in order.

What is compared is the markup as it is written, so that no two programs can understand it differently. Only
the bytes of pictures and fonts may be others, if they show the same.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from reportgen.verify.differences import GRAVEST, Difference, Kind, Run, find_runs, keep_gravest
from reportgen.verify.own_words import UNKNOWN_WORDS, describe_own, leave_out_own
from reportgen.verify.page_sources import Pages, Source, compare_blobs
from reportgen.verify.tokens import MOST_TOKENS, Token, read_tokens

_MOST_FINDINGS = 40

_OWN = '<aside class="commentary"'


@dataclass(frozen=True)
class Comparison:
    """How two pages differ, and which ``share`` of our markup, from 0 to 1, is not in theirs at all."""

    differences: tuple[Difference, ...]
    share: float


def compare_markup(submitted: str, expected: str, *, known_words: bool = True) -> Comparison:
    """Compare a stranger's page with our own; nothing of it is run or fetched.

    Line ends and a byte-order mark are matters of transport. ``submitted`` may be no HTML at all. Without
    ``known_words`` our own lacks what authors wrote, and theirs may have it where it belongs; what else their
    words bring along, ours must have (:func:`~reportgen.verify.own_words.read_unknown_words`).
    """
    theirs, ours = Source.read(submitted), Source.read(expected)
    # An honest page ends here, and its 27,000 pieces are never taken apart.
    if theirs.text == ours.text and (known_words or _OWN not in ours.text):
        return Comparison(tuple(compare_blobs(theirs, ours)), 0.0)
    mine, other = read_tokens(ours.text), read_tokens(theirs.text)
    if len(other) > MOST_TOKENS:
        return Comparison((Difference("report.html", f"it has more than {MOST_TOKENS} elements"),), 1.0)
    pages = Pages(theirs, ours, known_words=known_words)
    if known_words:
        found = _compare_tokens(other, mine, pages)
    else:
        found = _compare_tokens(leave_out_own(other), leave_out_own(mine), pages)
        found += describe_own(other, mine, _Vocabulary({}).judge)
    found = found or [_at_first_difference(theirs.text, ours.text)]
    # Wherever they are: what is put between them makes nothing of the report go away.
    lost = Counter(token.raw for token in mine) - Counter(token.raw for token in other)
    return Comparison(tuple(_first(found)), lost.total() / max(len(mine), 1))


def _compare_tokens(theirs: Sequence[Token], ours: Sequence[Token], pages: Pages) -> list[Difference]:
    known = _Vocabulary.of(ours)
    found: list[Difference] = []
    i = j = 0
    # What is alike goes side by side whatever its pictures: pages of another machine may differ in all.
    runs = find_runs(theirs, ours, lambda a, b: pages.read_alike(a.raw, b.raw))
    for run in [*runs, Run(len(theirs), len(theirs), len(ours), len(ours))]:
        for one, other in zip(theirs[i : run.start], ours[j : run.begin], strict=True):
            if not pages.agree(one.raw, other.raw):
                found.append(_describe_picture(one.location, one.raw, other.raw, pages))
        found += _describe(theirs[run.start : run.stop], ours[run.begin : run.end], known, pages)
        i, j = run.stop, run.end
    return found


def _first(found: Sequence[Difference]) -> Iterator[Difference]:
    """The first of many, those that nothing excuses before all others."""
    ordered = keep_gravest(found, len(found))
    yield from ordered[:_MOST_FINDINGS]
    if rest := ordered[_MOST_FINDINGS:]:
        # Of the gravest kind among them: a page of honest pictures must not have a difference of another.
        kind = min((row.kind for row in rest), key=GRAVEST.index)
        yield Difference("report.html", f"and {len(rest)} more differences", kind=kind)


@dataclass(frozen=True)
class _Vocabulary:
    """The elements of the report, each with its attributes."""

    attributes: Mapping[str, frozenset[str]]

    @classmethod
    def of(cls, tokens: Sequence[Token]) -> _Vocabulary:
        names: dict[str, set[str]] = {}
        for token in tokens:
            if token.what == "start":
                names.setdefault(token.tag, set()).update(name for name, _ in token.attributes)
        return cls({tag: frozenset(each) for tag, each in names.items()})

    def judge(self, token: Token) -> Kind:
        """Whether templates of any kind could have brought it about."""
        if token.what in ("comment", "text", "end"):
            return "content"
        if token.what != "start" or token.tag in _ACTIVE:
            return "active"
        names = [name for name, _ in token.attributes]
        # Of an attribute that is there twice browsers take the first, and dict() the last.
        if len({*names}) < len(names) or any(_is_active(name, value) for name, value in token.attributes):
            return "active"
        # Such an element can lead to another page (refresh); a policy only forbids.
        if token.tag == "meta" and {"http-equiv"} & {*names} and not _is_policy(token):
            return "active"
        return "content"


# svg, too: the drawings of a report are data of <img>, where no script runs.
_ACTIVE = frozenset(
    ["applet", "base", "embed", "form", "frame", "frameset", "iframe", "input", "link", "object", "portal",
     "select", "source", "svg", "textarea", "track"]
)  # fmt: skip

_ADDRESSES = frozenset(
    ["action", "background", "cite", "data", "formaction", "href", "manifest", "ping", "poster", "src",
     "srcset", "srcdoc", "xlink:href"]
)  # fmt: skip


def _is_active(name: str, value: str | None) -> bool:
    """Whether an attribute runs something, or leads out of the page."""
    if name.startswith("on") or name in ("srcset", "srcdoc", "ping", "formaction", "action", "manifest"):
        return True
    # Browsers leave these out of an address, so that java\tscript: runs.
    address = re.sub(r"[\x00-\x20]", "", value or "").lower()
    if name in _ADDRESSES:
        # A link may lead to what is cited; everything else is fetched as soon as the page is opened.
        return not address.startswith(("#", "https://") if name == "href" else "data:image/")
    return name == "style" and "url(" in address


def _is_policy(token: Token) -> bool:
    return (dict(token.attributes).get("http-equiv") or "").lower() == "content-security-policy"


_MOST_EACH = 6


def _describe(
    found: Sequence[Token], due: Sequence[Token], known: _Vocabulary, pages: Pages
) -> list[Difference]:
    """What a part of the page has instead of a part of ours."""
    if len(found) == len(due) and all(_comparable(a, b) for a, b in zip(found, due, strict=True)):
        pairs = [(a, b) for a, b in zip(found, due, strict=True) if not pages.agree(a.raw, b.raw)]
        return [each for a, b in pairs for each in _describe_pair(a, b, known, pages)]
    added = [token for token in found if token.what != "end" and token.raw.strip()]
    missing = [token for token in due if token.what != "end" and token.raw.strip()]
    replacing = _list_replacing(added, missing)
    rows = [
        Difference(token.location, "the report has nothing like it here", token.raw.strip()[:200], None, kind)
        for token in added
        # All that is active: it must not hide behind six harmless pieces.
        if (kind := "content" if id(token) in replacing else known.judge(token)) == "active"
        or token in added[:_MOST_EACH]
    ]
    # Where something was put, what is missing is the consequence, unless it was put there instead.
    rows += [
        Difference(token.location, "it is missing here", None, token.raw.strip()[:200])
        for token in missing[:_MOST_EACH]
    ]
    return rows or [
        Difference(token.location, "the markup is another one here", token.raw, None)
        for token in [*found, *due][:1]
    ]


def _list_replacing(added: Sequence[Token], missing: Sequence[Token]) -> set[int]:
    """The identities of the scripts and style sheets that are there instead of one of ours, whatever else is
    beside them, as in the page of another version. One more than we have replaces nothing.
    """
    due = Counter(token.tag for token in missing if token.what == "code")
    there = Counter[str]()
    replacing = set()
    for token in added:
        there[token.tag] += token.what == "code"
        if token.what == "code" and there[token.tag] <= due[token.tag]:
            replacing.add(id(token))
    return replacing


def _comparable(one: Token, other: Token) -> bool:
    return one.what == other.what and (one.tag == other.tag or one.what == "declaration")


def _describe_pair(one: Token, other: Token, known: _Vocabulary, pages: Pages) -> Iterator[Difference]:
    if pages.read_alike(one.raw, other.raw):
        yield _describe_picture(one.location, one.raw, other.raw, pages)
        return
    if one.what == "code" and pages.lacks_words_only(one.raw, other.raw):
        yield Difference(one.location, UNKNOWN_WORDS, kind="own")
        return
    if one.what != "start":
        kind: Kind = "content" if one.what in ("text", "comment", "code", "end") else "active"
        yield Difference(one.location, "it is another one", *_around(one.raw, other.raw), kind)
        return
    there, due = list(one.attributes), dict(other.attributes)
    names = [name for name, _ in there]
    said = False
    for name, value in there:
        location = f"{one.location}, attribute {name}"
        # By itself, or one that is active would make all of its neighbours so.
        kind = known.judge(replace(one, attributes=((name, value),)))
        if names.count(name) > 1:
            yield Difference(location, "it is there twice", value, due.get(name), "active")
        elif name not in due:
            yield Difference(location, "the report has no such attribute here", value, None, kind)
        elif "base64,#" in (value or "") and "base64,#" in (due[name] or ""):
            if pages.agree(value or "", due[name] or ""):
                continue
            yield _describe_picture(location, value or "", due[name] or "", pages)
        elif due[name] != value:
            yield Difference(location, "it has another value", *_around(value or "", due[name] or ""), kind)
        else:
            continue
        said = True
    for name in due:
        if name not in names:
            said = True
            yield Difference(f"{one.location}, attribute {name}", "it is missing", None, due[name])
    # The same attributes in another order, or other quotes and spaces between them.
    if not said:
        yield Difference(one.location, "it is written in another way", one.raw, other.raw)


def _describe_picture(location: str, one: str, other: str, pages: Pages) -> Difference:
    if pages.is_moved(one, other):
        return Difference(location, "it is another picture of the report")
    return Difference(location, f"it is another {pages.call(one)}", kind=pages.judge(one, other))


_CONTEXT = 24


def _around(one: str, other: str) -> tuple[str, str]:
    """Two texts from shortly before they differ."""
    pairs = enumerate(zip(one, other, strict=False))
    index = next((i for i, (a, b) in pairs if a != b), min(len(one), len(other)))
    start = max(index - _CONTEXT, 0)
    return one[start : index + 100], other[start : index + 100]


def _at_first_difference(theirs: str, ours: str) -> Difference:
    """For two pages of the same pieces: what is between them, such as in a tag that ends a part."""
    one, other = _around(theirs, ours)
    pairs = zip(theirs.split("\n"), ours.split("\n"), strict=False)
    line = next((i for i, (a, b) in enumerate(pairs, 1) if a != b), 0)
    return Difference(f"line {line}", "the markup is written in another way", one, other)
