"""A page as text, with its pictures, fonts and lists of numbers apart: these are compared by their looks."""

from __future__ import annotations

import base64
import binascii
import hashlib
import re
from collections.abc import Iterator
from dataclasses import dataclass

from reportgen.verify.differences import GRAVEST, Difference, Kind
from reportgen.verify.fonts import same_font, same_letters
from reportgen.verify.pictures import same_picture, same_values

Blob = tuple[str, str]
"""The kind of something that a page holds, and its base64."""

# Up to the quote: what follows the base64, and what a browser might make of it, stays in the compared text.
_DATA = re.compile(
    r"data:(image/(?:png|jpeg|svg\+xml)|font/ttf|application/x-float32(?:;tolerance=[0-9.e-]{1,12})?)"
    r";base64,([A-Za-z0-9+/]+={0,2})(?=[\"'])"
)

# In an attribute, as the policy is, Jinja2 writes quotes so.
_HASH = re.compile(r"&#39;sha256-([A-Za-z0-9+/]+=*)&#39;")

_STYLE, _SCRIPT = ((f"<{tag}>", f"</{tag}>") for tag in ("style", "script"))


@dataclass(frozen=True)
class Source:
    """Markup with each picture and font replaced by a number, hashes in the policy by what they are of."""

    text: str
    blobs: tuple[tuple[str, str], ...]

    @classmethod
    def read(cls, html: str) -> Source:
        html = html.removeprefix("\ufeff").replace("\r\n", "\n").replace("\r", "\n")
        blobs: list[tuple[str, str]] = []

        def cut(match: re.Match[str]) -> str:
            blobs.append((match[1], match[2]))
            return f"data:{match[1]};base64,#{len(blobs)}"

        # The text of a script is compared; its hash in the policy would be a second difference for each.
        codes = {
            base64.b64encode(hashlib.sha256(code.encode("utf-8", "replace")).digest()).decode(): number
            for number, code in enumerate(_list_code(html), 1)
        }
        # A forger's own "#1" stays what it is: it holds no bytes, and is no picture.
        cleaned = _DATA.sub(cut, html.replace(";base64,#", ";base64,%23"))
        policed = _HASH.sub(
            lambda m: f"&#39;sha256 of code {codes[m[1]]}&#39;" if m[1] in codes else m[0], cleaned
        )
        return cls(policed, tuple(blobs))


def _list_code(html: str) -> Iterator[str]:
    """The text of each style and script, up to the end tag of its own kind."""
    position = 0
    # Of each kind of tag the next one: of one that never ends, no further one is searched to the end.
    following = {tags: html.find(tags[0]) for tags in (_STYLE, _SCRIPT)}
    while True:
        for tags, start in following.items():
            if 0 <= start < position:
                following[tags] = html.find(tags[0], position)
        begun = [(start, tags) for tags, start in following.items() if start >= 0]
        if not begun:
            return
        start, tags = min(begun)
        start += len(tags[0])
        stop = html.find(tags[1], start)
        if stop < 0:
            following[tags] = -1
            position = start
            continue
        yield html[start:stop]
        position = stop + len(tags[1])


def compare_blobs(theirs: Source, ours: Source) -> Iterator[Difference]:
    """Pictures and fonts of two pages that are otherwise the same."""
    # Backwards, so that of equal pictures the first one is named.
    whole = {blob: number for number, blob in reversed(list(enumerate(ours.blobs, 1)))}
    for number, (one, other) in enumerate(zip(theirs.blobs, ours.blobs, strict=True), 1):
        if one == other or _same_blob(one, other):
            continue
        what = _KINDS.get(one[0].partition("/")[0], "picture")
        index = whole.get(one)
        reason = f"it is {what} {index} of the report" if index else f"it is another {what}"
        yield Difference(f"{what} {number}", reason, kind=_judge(one, other) if not index else "content")


def _judge(one: Blob, other: Blob) -> Kind:
    """The kind of difference between two pictures, fonts or lists: letters do not depend on the program."""
    if not one[0].startswith("font/"):
        return "picture"
    return "layout" if one[0] == other[0] and same_letters(_bytes(one[1]), _bytes(other[1])) else "content"


_KINDS = {"font": "font", "application": "list of numbers"}


def _same_blob(one: tuple[str, str], other: tuple[str, str]) -> bool:
    if one[0] != other[0]:
        return False
    submitted, expected = _bytes(one[1]), _bytes(other[1])
    if one[0].startswith("application/"):
        return same_values(submitted, expected, float(one[0].partition("=")[2] or 0))
    same = same_font if one[0].startswith("font/") else same_picture
    return same(submitted, expected)


def _bytes(text: str) -> bytes:
    try:
        return base64.b64decode(text, validate=True)
    # Equal to no picture of ours.
    except (binascii.Error, ValueError):
        return b""


_NUMBERED = re.compile(r"(?<=;base64,)#(\d+)")


class Pages:
    """Two pages, in which a picture may be the same though it has another number or other bytes."""

    def __init__(self, theirs: Source, ours: Source, *, known_words: bool = True) -> None:
        self._theirs, self._ours, self._known_words = theirs, ours, known_words
        # One pair is met again and again while the pages are searched for where they agree.
        self._known: dict[tuple[Blob, Blob], bool] = {}

    def read_alike(self, one: str, other: str) -> bool:
        """Whether a piece of their markup is the same as one of ours, whatever pictures are in it."""
        # Numbers of pictures are each page's own, and say nothing of what is behind them.
        return one == other or ("base64,#" in one and _NUMBERED.sub("#", one) == _NUMBERED.sub("#", other))

    def agree(self, one: str, other: str) -> bool:
        """Whether a piece of their markup is the same as one of ours, with the pictures in it."""
        if "base64,#" not in one or not self.read_alike(one, other):
            return one == other
        return all(a is not None and b is not None and self._same(a, b) for a, b in self._pairs(one, other))

    def is_moved(self, one: str, other: str) -> bool:
        """Whether a picture in a piece of their markup, where ours has another, is one of the report."""
        pairs = ((a, b) for a, b in self._pairs(one, other) if a is not None and b is not None)
        return any(a in self._ours.blobs for a, b in pairs if not self._same(a, b))

    def lacks_words_only(self, one: str, other: str) -> bool:
        """Whether a style of theirs is ours and what words that ours lacks bring along: sizes of formulas,
        and fonts that draw all other letters alike.
        """
        if self._known_words:
            return False
        there, due = (_FACE.sub("", _SIZE.sub("", style)) for style in (one, other))
        if " ".join(there.split()) != " ".join(due.split()):
            return False
        faces, wanted = _list_faces(one, self._theirs), _list_faces(other, self._ours)
        # More of another name, but none of a name that ours has: of two browsers take the last.
        if [name for name, _ in faces if name in dict(wanted)] != [name for name, _ in wanted]:
            return False
        drawn = dict(faces)
        return all(
            blob is not None
            and (font := drawn[name]) is not None
            and (font == blob or same_letters(_bytes(font[1]), _bytes(blob[1])))
            for name, blob in wanted
        )

    def call(self, one: str) -> str:
        """What to call that which a piece of their markup holds."""
        held = next((blob for blob in _blobs_of(one, self._theirs) if blob), ("", ""))
        return _KINDS.get(held[0].partition("/")[0], "picture")

    def judge(self, one: str, other: str) -> Kind:
        """Of what kind the gravest difference between their pictures and ours is."""
        pairs = [(a, b) for a, b in self._pairs(one, other) if a is not None and b is not None]
        kinds = {_judge(a, b) for a, b in pairs if not self._same(a, b)}
        return min(kinds, key=GRAVEST.index, default="picture")

    def _same(self, one: Blob, other: Blob) -> bool:
        if one == other:
            return True
        if (one, other) not in self._known:
            self._known[one, other] = _same_blob(one, other)
        return self._known[one, other]

    def _pairs(self, one: str, other: str) -> Iterator[tuple[Blob | None, Blob | None]]:
        return zip(_blobs_of(one, self._theirs), _blobs_of(other, self._ours), strict=False)


# As fonts.py and formulas.py write them.
_SIZE = re.compile(r"\.f[0-9a-f]{8,16}\{width:[0-9.]+em;height:[0-9.]+em;vertical-align:-?[0-9.]+em\}")

_FACE = re.compile(
    r'@font-face\{(font-family:"Report[A-Za-z0-9 ]*";font-weight:\d+;font-style:[a-z]+);'
    r'src:url\("data:font/[a-z]{3}(;base64,#\d+)"\)\}'
    r'|:root\{--more-fonts:(?:,?"Report[A-Za-z0-9 ]*")+\}'
    r'|\.face-\d+\{font-family:"Report[A-Za-z0-9 ]*",Report,var\(--more-fonts\),serif\}'
)


def _list_faces(style: str, source: Source) -> list[tuple[str, Blob | None]]:
    """Each face that a style embeds: its name, weight and slant, and the font."""
    found = ((match[1], _blobs_of(match[2], source)) for match in _FACE.finditer(style) if match[1])
    return [(name, blobs[0] if blobs else None) for name, blobs in found]


def _blobs_of(text: str, source: Source) -> list[Blob | None]:
    # A stranger's number may have any length; so cut, it is too large for all that a page can carry.
    numbers = [int(number[:9]) for number in _NUMBERED.findall(text)]
    return [source.blobs[n - 1] if 0 < n <= len(source.blobs) else None for n in numbers]
