"""Forgeries of report.html, and what honest machines and programs make of it."""

from __future__ import annotations

import base64
import copy
import hashlib
import io
import re
from collections.abc import Callable, Mapping
from functools import partial

from fontTools.ttLib import TTFont
from fontTools.ttLib.tables._c_m_a_p import CmapSubtable
from fontTools.ttLib.tables.DefaultTable import DefaultTable
from PIL import Image

Forge = Callable[[str, int], str]
"""Changes a page in one of two places, 0 or 1."""


def put(html: str, before: str, what: str, position: int = 0) -> str:
    """Something put before the first or the last occurrence of a text."""
    index = html.rindex(before) if position else html.index(before)
    return html[:index] + what + html[index:]


def swap(html: str, pattern: str, new: str, position: int = 0) -> str:
    """The first or the last match of a pattern replaced."""
    matches = list(re.finditer(pattern, html, re.DOTALL))
    match = matches[-1 if position else 0]
    changed = match.expand(new)
    assert changed != match[0]
    return html[: match.start()] + changed + html[match.end() :]


def inserted(what: str, html: str, position: int) -> str:
    """Something put into the text: before the first paragraph or the last."""
    return put(html, "<p>", what, position)


def headed(what: str, html: str, position: int) -> str:
    """Something put into the head: before the title or after the styles."""
    return put(html, ("<title>", "</head>")[position], what)


def attributed(tag: str, what: str, html: str, position: int) -> str:
    """An attribute given to the first or the last element of a kind."""
    return swap(html, rf"<{tag}\b", rf"<{tag} {what}", position)


def other_policy(html: str, position: int) -> str:
    return swap(html, ("default-src &#39;none&#39;", "script-src [^;]*")[position], "default-src *")


def handler(html: str, position: int) -> str:
    return html.replace("<body>", ("<body onload='x()'>", '<body onpageshow="x()">')[position])


def policy_and_handler(html: str, position: int) -> str:
    return handler(other_policy(html, position), position)


def other_number(html: str, position: int) -> str:
    return swap(html, r'(<a class="n[^>]*data-ptr="/transfer/[^>]*>)[^<]+</a>', r"\g<1>0.99</a>", position)


def other_source(html: str, position: int) -> str:
    return swap(html, r'href="#s\d+" data-ptr="/transfer', 'href="#s0" data-ptr="/transfer', position)


def other_word(html: str, position: int) -> str:
    return swap(html, r"\bthe\b(?=[^<>]*</p>)", "no", position)


def other_row(html: str, position: int) -> str:
    return swap(html, r'(<tr id="s\d+"[^>]*>.*?<td[^>]*>)[^<]+', r"\g<1>0.5", position)


def other_style(html: str, position: int) -> str:
    return put(html, "</style>", ("body{color:red}", ".n{visibility:hidden}")[position], position)


def hidden_by_style(html: str, position: int) -> str:
    return swap(html, r"(#[0-9a-f]{6});(?=\s*/\*|\s*\n)", "#ffffff;", position)


def other_script(html: str, position: int) -> str:
    return put(html, ('"use strict"', "</script>")[position], "document.title='1.0';")


def swapped_pictures(html: str, position: int) -> str:
    found = list(dict.fromkeys(re.findall(r'src="(data:image/jpeg[^"]*)"', html)))
    one, other = ((found[0], found[1]), (found[-1], found[0]))[position]
    return html.replace(one, "ONE", 1).replace(other, one, 1).replace("ONE", other, 1)


def other_picture(html: str, position: int) -> str:
    target = io.BytesIO()
    Image.new("RGB", (160, 120), (200, 40, 40)).save(target, "JPEG")
    return swap(html, r"data:image/jpeg;base64,[^\"]*", _address("image/jpeg", target.getvalue()), position)


def drawn_picture(html: str, position: int) -> str:
    svg = b'<svg xmlns="http://www.w3.org/2000/svg"><text y="9">1.0</text></svg>'
    return swap(html, r"data:image/jpeg;base64,[^\"]*", _address("image/svg+xml", svg), position)


def other_formula(html: str, position: int) -> str:
    match = list(re.finditer(r"data:image/svg\+xml;base64,([^\"]*)", html))[-1 if position else 0]
    drawing = base64.b64decode(match[1]).replace(b"</svg>", b'<rect width="9" height="9"/></svg>')
    return html.replace(match[0], _address("image/svg+xml", drawing), 1)


def _refont(html: str, position: int, change: Callable[[TTFont], object]) -> str:
    """One of the embedded fonts changed."""
    match = list(re.finditer(r"data:font/ttf;base64,([A-Za-z0-9+/=]*)", html))[(0, 2)[position]]
    font = TTFont(io.BytesIO(base64.b64decode(match[1])))
    change(font)
    target = io.BytesIO()
    font.save(target)
    # With the policy of the new style, or that would be the difference.
    return _with_styles(html, html.replace(match[1], base64.b64encode(target.getvalue()).decode(), 1))


def other_font(html: str, position: int) -> str:
    """A font in which one digit is drawn as another."""

    def change(font: TTFont) -> None:
        one, other = (font.getBestCmap()[ord(digit)] for digit in ("13", "24")[position])
        font["glyf"][one] = font["glyf"][other]

    return _refont(html, position, change)


def _map_more(font: TTFont, platform: int, encoding: int) -> None:
    """One more map, in which two digits have changed places."""
    table = copy.deepcopy(font["cmap"].getcmap(3, 1))
    table.platformID, table.platEncID = platform, encoding
    table.cmap[ord("1")], table.cmap[ord("9")] = table.cmap[ord("9")], table.cmap[ord("1")]
    font["cmap"].tables.append(table)
    font["cmap"].tables.sort()


def symbol_map(html: str, position: int) -> str:
    """A map for symbols, which HarfBuzz takes before any other."""
    return _refont(html, position, lambda font: _map_more(font, 3, 0))


def other_platform(html: str, position: int) -> str:
    """A map for other systems: of an old Mac, or of old Unicode."""
    return _refont(html, position, lambda font: _map_more(font, 0, (1, 2)[position]))


def variant_map(html: str, position: int) -> str:
    """A digit that is another one before an invisible variation selector."""

    def change(font: TTFont) -> None:
        table = CmapSubtable.newSubtable(14)
        table.platformID, table.platEncID, table.language, table.cmap = 0, 5, 0xFF, {}
        table.uvsDict = {0xFE0F: [(ord("1"), font.getBestCmap()[ord("9")])]}
        font["cmap"].tables.append(table)
        font["cmap"].tables.sort()

    return _refont(html, position, change)


def other_metrics(tag: str, names: tuple[str, str], html: str, position: int) -> str:
    """Lines that stand elsewhere, so that one covers another or is cut off."""

    def change(font: TTFont) -> None:
        setattr(font[tag], names[position], 3000)

    return _refont(html, position, change)


def lines_by_other_metrics(html: str, position: int) -> str:
    """The flag by which browsers take the typographic heights."""

    def change(font: TTFont) -> None:
        font["OS/2"].version, font["OS/2"].fsSelection = 4, font["OS/2"].fsSelection | 128

    return _refont(html, position, change)


def programmed_digit(html: str, position: int) -> str:
    """A digit whose points a program moves where letters are fitted to pixels."""

    def change(font: TTFont) -> None:
        program = font["glyf"][font.getBestCmap()[ord("13"[position])]].program
        program.fromAssembly(["PUSHB[ ]", "0", "MDAP[1]"])

    return _refont(html, position, change)


def other_spaces(html: str, position: int) -> str:
    """Letters that are drawn the same and stand closer, by the rules for pairs."""

    def change(font: TTFont) -> None:
        for lookup in font["GPOS"].table.LookupList.Lookup:
            lookup.LookupFlag ^= (8, 1)[position]

    return _refont(html, position, change)


def dropped_rules(html: str, position: int) -> str:
    def change(font: TTFont) -> None:
        del font[("GPOS", "GSUB")[position]]

    return _refont(html, position, change)


def remote_picture(html: str, position: int) -> str:
    return swap(html, r"data:image/jpeg;base64,[^\"]*", "https://example.org/a.jpg", position)


def text_address(html: str, position: int) -> str:
    return swap(html, r'<a href="#[^"]*"', '<a href="data:text/html;base64,PGI+MTwvYj4="', position)


def script_address(html: str, position: int) -> str:
    return swap(html, r'<a href="#[^"]*"', '<a href="javascript:alert(1)"', position)


def twice(html: str, position: int) -> str:
    return swap(html, r'<a class="n" href="(#s\d+)"', r'<a class="n" href="#s1" href="\1"', position)


def missing_number(html: str, position: int) -> str:
    return swap(html, r'<a class="n" [^>]*>([^<]*)</a>', r"\1", position)


def false_alt(html: str, position: int) -> str:
    return swap(html, r'alt="(?:A|The) [^"]{9,}"', 'alt="A perfect confusion matrix."', position)


def missing_alt(html: str, position: int) -> str:
    return swap(html, r' alt="(?:A|The) [^"]{9,}"', "", position)


def doctype(html: str, position: int) -> str:
    return html.replace(
        "<!DOCTYPE html>", ("", '<!DOCTYPE html PUBLIC "-//W3C//DTD HTML 3.2//EN">')[position]
    )


def moved_caption(html: str, position: int) -> str:
    found = re.findall(r"<figcaption\b[^>]*>.*?</figcaption>", html, re.DOTALL)
    one, other = ((found[0], found[1]), (found[-1], found[-2]))[position]
    return html.replace(one, "ONE").replace(other, one).replace("ONE", other)


def tag_written_otherwise(html: str, position: int) -> str:
    return swap(html, "</p>", "</p\f>", position)


def commented_away(html: str, position: int) -> str:
    return swap(html, r"<p>(.*?)</p>", r"<!--<p>\1</p>-->", position)


def everything(html: str, position: int) -> str:
    for forge in (other_number, false_alt, other_style, policy_and_handler):
        html = forge(html, position)
    return html


def _address(kind: str, data: bytes) -> str:
    return f"data:{kind};base64,{base64.b64encode(data).decode()}"


REFRESH = '<meta http-equiv="refresh" content="0;url=https://example.org">'

FORGERIES: Mapping[str, Forge] = {
    forge.__name__: forge
    for forge in (
        other_policy, handler, policy_and_handler, other_number, other_source, other_word, other_row,
        other_style, hidden_by_style, other_script, swapped_pictures, other_picture, drawn_picture,
        other_formula, other_font, symbol_map, other_platform, variant_map, lines_by_other_metrics,
        programmed_digit, other_spaces, dropped_rules, remote_picture, text_address, script_address,
        twice, missing_number,
        false_alt, missing_alt, doctype, moved_caption, tag_written_otherwise, commented_away, everything,
    )
} | {
    "heights of lines": partial(other_metrics, "hhea", ("ascent", "lineGap")),
    "heights of Windows": partial(other_metrics, "OS/2", ("usWinAscent", "sTypoAscender")),
    "lines under words": partial(other_metrics, "post", ("underlinePosition", "underlineThickness")),
    "refresh": partial(headed, REFRESH),
    "base": partial(headed, '<base href="https://example.org/">'),
    "linked style": partial(headed, '<link rel="stylesheet" href="a.css">'),
    "input": partial(inserted, '<input value="100 %" readonly>'),
    "drawing": partial(inserted, "<svg width=9><text y=9>100 %</text></svg>"),
    "frame": partial(inserted, '<iframe srcdoc="100 %"></iframe>'),
    "form": partial(inserted, "<form action=//example.org><button>100 %</button></form>"),
    "object": partial(inserted, '<object data="a.svg"></object>'),
    "comment": partial(inserted, "<!-- graded: 100 -->"),
    "declaration": partial(inserted, "<![CDATA[100 %]]>"),
    "instruction": partial(inserted, "<?xml-stylesheet href='a.css'?>"),
    "template": partial(inserted, "<template>100 %</template>"),
    "many elements": partial(inserted, "<p>100 %</p>" * 600),
    "srcset": partial(attributed, "img", 'srcset="a.png 1x"'),
    "hidden": partial(attributed, "p", "hidden"),
    "styled": partial(attributed, "td", 'style="font-size:0"'),
    "read aloud": partial(attributed, "a", 'aria-label="1.0"'),
    "titled": partial(attributed, "table", 'title="All correct"'),
}  # fmt: skip


def crlf(html: str) -> str:
    return html.replace("\n", "\r\n")


def near_pictures(html: str) -> str:
    """JPEGs as another library writes them."""

    def encode(match: re.Match[str]) -> str:
        target = io.BytesIO()
        with Image.open(io.BytesIO(base64.b64decode(match[1]))) as picture:
            # As coarse as it was, in other bytes: otherwise noise would be another picture.
            progressive = not picture.info.get("progressive")
            picture.save(target, "JPEG", quality="keep", progressive=progressive)
        return _address("image/jpeg", target.getvalue())

    return re.sub(r"data:image/jpeg;base64,([^\"]*)", encode, html)


def near_formulas(html: str) -> str:
    """Drawings whose last digits are others."""

    def change(number: re.Match[bytes]) -> bytes:
        # A comment says what a drawn number is.
        if number[0].startswith(b"<!--"):
            return number[0]
        value = float(number[0])
        # What is less than one may be a scale or a share, which is rounded by a part of itself.
        return b"%.6f" % (value + 4e-4 if value >= 1 else value * 1.001)

    def move(match: re.Match[str]) -> str:
        drawing = base64.b64decode(match[1])
        # Not the version of XML in its first line.
        moved = re.sub(rb"<!--.*?-->|(?<!version=\")\b\d+\.\d+", change, drawing)
        return _address("image/svg+xml", moved)

    return re.sub(r"data:image/svg\+xml;base64,([^\"]*)", move, html)


def other_subsetter(html: str) -> str:
    """Fonts as another program writes them, and the policy with the hash of the style that holds them."""

    def save(match: re.Match[str]) -> str:
        font = TTFont(io.BytesIO(base64.b64decode(match[1])), recalcTimestamp=True)
        font["head"].fontRevision += 1
        target = io.BytesIO()
        font.save(target, reorderTables=False)
        return _address("font/ttf", target.getvalue())

    return _with_styles(html, re.sub(r"data:font/ttf;base64,([A-Za-z0-9+/=]*)", save, html))


def _with_styles(html: str, changed: str) -> str:
    """A changed page with the hash of its style in the policy."""

    def digest(page: str) -> str:
        style = re.search(r"<style>(.*?)</style>", page, re.DOTALL)
        assert style is not None
        return base64.b64encode(hashlib.sha256(style[1].encode()).digest()).decode()

    return changed.replace(digest(html), digest(changed))


def packed_otherwise(html: str) -> str:
    """Fonts whose rules another program packs with more bytes, and whose glyphs it has given names."""

    def save(match: re.Match[str]) -> str:
        font = TTFont(io.BytesIO(base64.b64decode(match[1])))
        for tag in ("GSUB", "GPOS", "GDEF"):
            longer = DefaultTable(tag)
            longer.data = font.reader[tag] + bytes(4)
            font[tag] = longer
        font.setGlyphOrder([f"another{number}" for number in range(font["maxp"].numGlyphs)])
        font["post"].formatType, font["post"].extraNames, font["post"].mapping = 2.0, [], {}
        font["head"].checkSumAdjustment, font["OS/2"].achVendID = 5, "ABCD"
        target = io.BytesIO()
        font.save(target)
        return _address("font/ttf", target.getvalue())

    return _with_styles(html, re.sub(r"data:font/ttf;base64,([A-Za-z0-9+/=]*)", save, html))


def fewer_letters(html: str) -> str:
    """A font without the last of its characters."""

    def change(font: TTFont) -> None:
        for table in font["cmap"].tables:
            del table.cmap[max(table.cmap)]

    return _refont(html, 0, change)


_MACHINES = {
    each.__name__: each for each in (near_pictures, near_formulas, other_subsetter, packed_otherwise)
}

_TRANSPORTS: Mapping[str, Callable[[str], str]] = {
    "crlf": crlf,
    "cr": lambda html: html.replace("\n", "\r"),
    "bom": lambda html: "\ufeff" + html,
}


def _after(first: Callable[[str], str], second: Callable[[str], str]) -> Callable[[str], str]:
    return lambda html: second(first(html))


HONEST: Mapping[str, Callable[[str], str]] = {
    "as it is": str,
    "crlf": crlf,
    "cr": lambda html: html.replace("\n", "\r"),
    "bom": lambda html: "\ufeff" + html,
    "bom and crlf": lambda html: "\ufeff" + crlf(html),
    **_MACHINES,
    **{
        f"{machine}, {transport}": _after(_MACHINES[machine], _TRANSPORTS[transport])
        for machine in _MACHINES
        for transport in _TRANSPORTS
    },
    "all of it": lambda html: crlf(near_formulas(near_pictures(other_subsetter(html)))),
}
