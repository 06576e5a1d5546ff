"""The bytes of a text file become text, however the editor saved it."""

from __future__ import annotations

import codecs

from reportgen.errors import SettingsError

_MARKS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),  # begins as UTF-16 does, so it is tried before that
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
_SAVE = "Save the file as UTF-8: most editors offer it under “Save as”."
_SHOWN = 30


def decode_text(data: bytes, where: str) -> str:
    """The text of a file: UTF-8, with a byte-order mark or without, or UTF-16 and UTF-32 with one.

    Ends of lines become single newlines. Raises ``SettingsError`` that names ``where``, the line and, of
    other encodings, what the line seems to say.
    """
    for mark, encoding in _MARKS:
        if data.startswith(mark):
            return _decode(data[len(mark) :], encoding, where)
    if b"\0" in data:
        raise SettingsError(
            f"{where}: is no text, or UTF-16 without a byte-order mark: it has zero bytes.", _SAVE
        )
    return _decode(data, "utf-8", where)


def _decode(data: bytes, encoding: str, where: str) -> str:
    try:
        return data.decode(encoding).replace("\r\n", "\n")
    except UnicodeDecodeError as error:
        if encoding != "utf-8":
            name = encoding.removesuffix("-le").removesuffix("-be").upper()
            raise SettingsError(f"{where}: not {name} text: {error.reason}.", _SAVE) from None
        line = data.count(b"\n", 0, error.start) + 1
        guess = _guess(data, error.start)
        raise SettingsError(
            f"{where}, line {line}: not UTF-8 text: {error.reason}, perhaps “{guess}”.", _SAVE
        ) from None


def _guess(data: bytes, at: int) -> str:
    """What stands around a byte, read as the usual encoding of Windows in Western Europe."""
    line = data[data.rfind(b"\n", 0, at) + 1 :].split(b"\n", 1)[0]
    start = max(0, at - data.rfind(b"\n", 0, at) - 1 - _SHOWN // 2)
    text = line[start : start + _SHOWN].decode("cp1252", errors="replace").strip()
    return "".join(character for character in text if character.isprintable())
