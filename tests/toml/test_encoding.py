"""Text files as editors save them."""

from __future__ import annotations

import codecs

import pytest

from reportgen.errors import SettingsError
from reportgen.toml.reading import decode_text

TEXT = 'group = "Zoë Łukasz 指"\nseed = 1\n'


@pytest.mark.parametrize(
    ("mark", "encoding"),
    [
        (b"", "utf-8"),
        (codecs.BOM_UTF8, "utf-8"),
        (codecs.BOM_UTF16_LE, "utf-16-le"),
        (codecs.BOM_UTF16_BE, "utf-16-be"),
        (codecs.BOM_UTF32_LE, "utf-32-le"),
        (codecs.BOM_UTF32_BE, "utf-32-be"),
    ],
)
@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_every_unicode_encoding_is_read(mark: bytes, encoding: str, end: str) -> None:
    assert decode_text(mark + TEXT.replace("\n", end).encode(encoding), "f") == TEXT


def test_another_encoding_is_told_with_its_line_and_what_it_may_say() -> None:
    with pytest.raises(SettingsError) as caught:
        decode_text('a = 1\r\nb = 2\ngroup = "Zoë"\n'.encode("cp1252"), "report.toml")
    assert caught.value.problem.startswith("report.toml, line 3: not UTF-8 text")
    assert "Zoë" in caught.value.problem
    assert "UTF-8" in caught.value.remedy


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (TEXT.encode("utf-16-le"), "UTF-16"),
        (b"\x89PNG\r\n\0\0", "no text"),
        (codecs.BOM_UTF16_LE + b"a", "not UTF-16"),
    ],
)
def test_what_is_no_text_is_named(data: bytes, said: str) -> None:
    with pytest.raises(SettingsError) as caught:
        decode_text(data, "report.toml")
    assert said in caught.value.problem
    assert caught.value.problem.startswith("report.toml")


def test_a_hostile_line_cannot_steer_the_terminal() -> None:
    with pytest.raises(SettingsError) as caught:
        decode_text(b"\x1b[2J" * 1000 + b"\xff", "f")
    assert caught.value.problem.isprintable()
    assert len(caught.value.problem) < 200
