"""Keeps PDF objects within PDF/A-3 before they are written, and decides whether the PDF may claim it.

Checked is what a style sheet or a picture can break in what WeasyPrint writes: the limits of ISO 19005-3
(6.1.13), smoothed pictures (6.2.8.1), colours without a profile (6.2.4.3) and hidden links (6.3.2).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

# ISO 32000-1, Annex C, calls them limits of an implementation; PDF/A-3 requires that they be kept.
_LARGEST, _SMALLEST, _LARGEST_REAL = 2**31 - 1, -(2**31), 3.403e38
_NAME, _STRING, _DEEPEST = 127, 32_767, 28
_SHORTEST, _LONGEST = 3, 14_400

_BARE = rb"[^\s/<>()\[\]{}%]"
_SUSPECT = re.compile(
    # Ten digits that are no part of a hexadecimal string: where they are one, a bracket or a letter is next.
    rb"[0-9](?<![0-9A-Fa-f.<][0-9])[0-9]{9,}(?:\.|(?![0-9A-Fa-f]|>(?!>)))"
    rb"|/" + _BARE + rb"{%d,}" % (_NAME + 1)
    + rb"|<[0-9A-Fa-f\s]{%d,}" % (2 * _STRING + 1)
    # WeasyPrint writes no such string to a page. One may hold anything, so all is read then.
    + rb"|\("
)  # fmt: skip
"""What may be beyond a limit. Usually nothing is suspected, and nothing has to be read word by word."""

_TOKEN = re.compile(
    rb"(?P<name>/" + _BARE + rb"*)|(?P<hex><[0-9A-Fa-f\s]*>)|(?P<begin>\()|%[^\r\n]*|<<|>>|[\[\]{}]"
    rb"|(?P<word>" + _BARE + rb"+)"
)  # fmt: skip
_IN_STRING = re.compile(rb"\\.|[()]", re.DOTALL)
_OPERATOR = re.compile(rb"[qQkK](?<!\S[qQkK])(?!\S)")

_NO_PRINT = 0b1_0010_0011
"""Flags that hide an annotation: invisible, hidden, no view, toggled."""


def stop_smoothing(pdf: Any) -> None:
    """Ask no viewer to smooth pictures: PDF/A forbids it, and WeasyPrint asks for it by default."""
    for entry in pdf.objects:
        # 246 of the 268 pictures of a finished report asked for it.
        if "Interpolate" in (extra := _entries(entry)):
            extra["Interpolate"] = "false"


def find_limit_faults(pdf: Any) -> list[str]:
    """What keeps a PDF that is about to be written from PDF/A-3; none if it may claim conformance."""
    # Every object, whoever made it: the 13,460 of a report of 21 pages take 0.25 s.
    return list(dict.fromkeys(fault for entry in pdf.objects for fault in _check_object(pdf, entry)))


_CLAIM = re.compile(rb' pdfaid:part="\d" pdfaid:conformance="[A-Z]"')


def withdraw_claim(pdf: Any) -> None:
    """Take out of the metadata of a PDF that it conforms to PDF/A."""
    metadata = pdf.objects[int(pdf.catalog["Metadata"].split()[0])]
    (packet,) = metadata.stream
    packet, count = _CLAIM.subn(b"", packet)
    # Left in, the claim would be false without a word.
    if count != 1:
        raise ValueError("WeasyPrint's metadata are not as expected")
    metadata.stream[:] = [packet]


def _entries(entry: Any) -> dict[str, Any]:
    """The entries of a dictionary or of a stream; none of anything else."""
    found = entry if isinstance(entry, dict) else getattr(entry, "extra", {})
    return found if isinstance(found, dict) else {}


def _check_object(pdf: Any, entry: Any) -> Iterator[str]:
    # A list has its items in itself, a stream its entries in a dictionary.
    values = entry if isinstance(entry, list) else _entries(entry)
    yield from _check_values(values)
    if not isinstance(values, dict):
        return
    if values.get("Interpolate", "false") != "false":
        yield "a picture that viewers are asked to smooth"
    if values.get("ColorSpace") == "/DeviceCMYK":
        yield _CMYK
    if values.get("Type") == "/Annot" and not _is_printed(values):
        yield "a link or a note that is not printed"
    if values.get("Type") == "/Page":
        left, bottom, right, top = values["MediaBox"]
        if min(right - left, top - bottom) < _SHORTEST or max(right - left, top - bottom) > _LONGEST:
            yield f"a page of {right - left:.0f} × {top - bottom:.0f} points, and {_LONGEST} is the most"
        yield from _check_content(_bytes_of(pdf.objects[int(values["Contents"].split()[0])].stream))
    if values.get("Subtype") == "/Form" or values.get("PatternType") == 1:
        yield from _check_content(_bytes_of(entry.stream))


_CMYK = "colours in CMYK, for which it has no profile"


def _is_printed(annotation: dict[str, Any]) -> bool:
    flags = annotation.get("F", 0)
    return isinstance(flags, int) and bool(flags & 4) and not flags & _NO_PRINT


def _bytes_of(items: list[Any]) -> bytes:
    """A content stream as pydyf will write it."""
    return b"\n".join([item if type(item) is bytes else _written(item) for item in items])


def _written(item: Any) -> bytes:
    # Dictionaries, arrays and strings know how they are written.
    data = getattr(item, "data", None)
    return data if isinstance(data, bytes) else str(item).encode()


def _check_values(values: Any) -> Iterator[str]:
    """What is beyond a limit in a dictionary or a list and all inside it."""
    waiting = [values]
    while waiting:
        obj = waiting.pop()
        if isinstance(obj, dict):
            yield from (_too_long("name", len(key), _NAME) for key in obj if len(key) > _NAME)
            obj = obj.values()
        for value in obj:
            kind = type(value)
            if kind is int or kind is float:
                # pydyf writes a float without a fraction as an integer.
                yield from _check_number(value, is_integer=kind is int or value.is_integer())
            elif kind is bytes or kind is str:
                # Raw: a name, a reference, a truth value, a text in hexadecimal digits.
                # Nothing shorter is beyond a limit: 2^31 has ten digits.
                if len(value) > 9:
                    yield from _check_syntax(value if kind is bytes else value.encode())
            elif isinstance(value, dict | list):
                waiting.append(value)
            # Half of the limit, since pydyf writes what is not ASCII as UTF-16, with two bytes a character.
            elif len(getattr(value, "string", None) or "") > _STRING // 2:
                yield from _check_syntax(value.data)


def _check_number(value: float, *, is_integer: bool) -> Iterator[str]:
    if is_integer and not _SMALLEST <= value <= _LARGEST:
        yield f"the integer {value:.0f}, which takes more than 32 bits"
    elif abs(value) > _LARGEST_REAL:
        yield f"the number {value:.3g}, and {_LARGEST_REAL:.3g} is the largest"


def _too_long(what: str, length: int, most: int) -> str:
    return f"a {what} of {length} bytes, and {most} is the most"


def _check_content(data: bytes) -> Iterator[str]:
    """What is beyond a limit in a content stream, and how deep it saves the graphics state."""
    yield from _check_syntax(data)
    # Only a string can hold a q between blanks that is no operator; without one nothing has to be split into
    # words.
    words = (word for kind, word in _read_tokens(data) if kind == "word") if b"(" in data else (
        match[0] for match in _OPERATOR.finditer(data)
    )  # fmt: skip
    depth = deepest = 0
    cmyk = False
    for word in words:
        depth += (word == b"q") - (word == b"Q")
        deepest = max(deepest, depth)
        cmyk = cmyk or word in (b"k", b"K")
    if deepest > _DEEPEST:
        yield f"{deepest} graphics states within each other, and {_DEEPEST} is the most"
    if cmyk:
        yield _CMYK


def _check_syntax(data: bytes) -> Iterator[str]:
    """The numbers, names and strings beyond a limit in what is written to the file as it is."""
    if not _SUSPECT.search(data):
        return
    for kind, word in _read_tokens(data):
        # The limit is one of bytes, and #2f is one byte.
        if kind == "name" and (length := len(re.sub(rb"#[0-9A-Fa-f]{2}", b"?", word)) - 1) > _NAME:
            yield _too_long("name", length, _NAME)
        elif kind == "string" and len(word) > _STRING:
            yield _too_long("string", len(word), _STRING)
        elif kind == "word" and re.fullmatch(rb"[+-]?\d+", word):
            yield from _check_number(int(word), is_integer=True)
        elif kind == "word" and re.fullmatch(rb"[+-]?\d+\.\d*", word):
            yield from _check_number(float(word), is_integer=False)


def _read_tokens(data: bytes) -> Iterator[tuple[str, bytes]]:
    """Names, words (numbers and operators) and the bytes of strings, in order."""
    offset = 0
    while match := _TOKEN.search(data, offset):
        offset = match.end()
        if match.lastgroup == "begin":
            offset = _end_of_string(data, offset)
            yield "string", re.sub(rb"\\(.)", rb"\1", data[match.end() : offset - 1], flags=re.DOTALL)
        elif match.lastgroup == "hex":
            # Two digits are a byte. Only the number of bytes is asked for, so they are not decoded.
            yield "string", b"".join(match[0][1:-1].split())[::2]
        elif match.lastgroup:
            yield match.lastgroup, match[0]


def _end_of_string(data: bytes, offset: int) -> int:
    """The offset behind the bracket that closes a string whose first byte is at ``offset``."""
    depth = 1
    for match in _IN_STRING.finditer(data, offset):
        depth += (match[0] == b"(") - (match[0] == b")")
        if not depth:
            return match.end()
    return len(data)
