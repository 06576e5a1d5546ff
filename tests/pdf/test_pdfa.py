"""The PDF says that it is PDF/A-3 exactly if it keeps the limits of that, and its user is told why not."""

from __future__ import annotations

import base64
import io
from collections.abc import Callable, Iterator
from typing import Any

import pikepdf
import pydyf
import pytest
from PIL import Image
from printing import page, picture

from reportgen.engine.stages import pdf as stage
from reportgen.pdf import printer
from reportgen.pdf.printer import print_pdf

pytestmark = [pytest.mark.slow, pytest.mark.prints]


def claims(data: bytes) -> tuple[str | None, str | None]:
    """The part of PDF/A and of PDF/UA that a PDF says it conforms to."""
    with pikepdf.open(io.BytesIO(data)) as paper, paper.open_metadata() as metadata:
        return metadata.get("pdfaid:part"), metadata.get("pdfuaid:part")


def raster(mode: str, kind: str) -> str:
    """A picture of two times two pixels, as an address."""
    data = io.BytesIO()
    Image.new(mode, (2, 2)).save(data, kind)
    return f"data:image/{kind.lower()};base64,{base64.b64encode(data.getvalue()).decode()}"


def test_no_picture_asks_to_be_smoothed() -> None:
    """PNG, JPEG and a mask, alone, in a drawing, as a background and with its pixels shown."""
    opaque, veiled, photograph = raster("RGB", "PNG"), raster("RGBA", "PNG"), raster("RGB", "JPEG")
    body = "".join(f'<img alt="x" src="{each}">' for each in (opaque, veiled, photograph))
    body += f'<img alt="x" style="image-rendering: pixelated" src="{opaque}">'
    body += picture("y", f"<image href='{raster('L', 'PNG')}' width='9' height='9'/>")
    body += f"<p style='background: url({raster('L', 'JPEG')})'>x</p>"
    with pikepdf.open(io.BytesIO(print_pdf(page(body)))) as paper:
        pictures = [
            obj for obj in paper.objects
            if isinstance(obj, pikepdf.Stream) and obj.get("/Subtype") == "/Image"
        ]  # fmt: skip
        assert len(pictures) == 7
        assert [obj.get("/Interpolate", False) for obj in pictures] == [False] * 7


def print_with(spoil: Callable[[Any], None], patch: pytest.MonkeyPatch, body: str) -> tuple[bytes, list[str]]:
    """A page whose objects were changed just before it was checked, and what its user was told."""
    real, notes = printer.correct_attachments, list[str]()

    def correct_and_spoil(pdf: Any, attached: Any) -> None:
        real(pdf, attached)
        spoil(pdf)

    patch.setattr(printer, "correct_attachments", correct_and_spoil)
    return print_pdf(page(body), (), notes.append), notes


def entry(value: Any) -> Callable[[Any], None]:
    """Puts a value into an array of the catalogue."""
    return lambda pdf: pdf.catalog.update(Odd=pydyf.Array([value]))


def key(length: int) -> Callable[[Any], None]:
    return lambda pdf: pdf.catalog.update({"n" * length: 1})


def drawn(content: bytes) -> Callable[[Any], None]:
    """Draws something more on the first page."""

    def add(pdf: Any) -> None:
        first = pdf.objects[pdf.pages["Kids"][0]]
        pdf.objects[int(first["Contents"].split()[0])].stream += ["/Artifact", b"BMC", content, b"EMC"]

    return add


def nested(depth: int) -> Callable[[Any], None]:
    """Saves the graphics state once more ``depth`` times, behind what WeasyPrint has drawn and restored."""
    return drawn(b"q " * depth + b"Q " * depth)


def flagged(flags: int) -> Callable[[Any], None]:
    """Gives all links these flags."""

    def change(pdf: Any) -> None:
        for obj in pdf.objects:
            if isinstance(obj, dict) and obj.get("Type") == "/Annot":
                obj["F"] = flags

    return change


BEYOND = {
    "integer": (entry(2**31), "the integer 2147483648"),
    "negative integer": (entry(-(2**31) - 1), "the integer -2147483649"),
    "float that is written as an integer": (entry(4294967296.0), "the integer 4294967296"),
    "integer in raw text": (entry("<</N 4294967296>>"), "the integer 4294967296"),
    "real": (entry("1" + "0" * 39 + ".5"), "the number 1e+39"),
    "name": (entry("/" + "n" * 200), "a name of 200 bytes"),
    "name one byte too long": (entry("/" + "#41" * 128), "a name of 128 bytes"),
    "key": (key(128), "a name of 128 bytes"),
    "string": (entry(pydyf.String("s" * 32_768)), "a string of 32768 bytes"),
    "other letters": (entry(pydyf.String("ж" * 16_384)), "a string of 32770 bytes"),
    "raw string": (entry(b"<" + b"41" * 32_768 + b">"), "a string of 32768 bytes"),
    "nesting": (nested(40), "40 graphics states"),
    "nesting by one": (nested(29), "29 graphics states"),
    "nesting beside a string": (drawn(b"(q \\) Q) pop " + b"q " * 29 + b"Q " * 29), "29 graphics states"),
    "drawn integer": (drawn(b"[<0041>-2147483649<0042>] TJ"), "the integer -2147483649"),
    "drawn string": (drawn(b"(" + b"s(\\()" * 8_192 + b") Tj"), "a string of 32768 bytes"),
    "drawn name": (drawn(b"/" + b"n" * 128 + b" gs"), "a name of 128 bytes"),
    "CMYK": (drawn(b"0 0 0 1 k"), "colours in CMYK"),
    "hidden link": (flagged(4 + 2), "a link or a note that is not printed"),
    "link without flags": (flagged(0), "a link or a note that is not printed"),
}
WITHIN = {
    "nothing": lambda _pdf: None,
    "integers": lambda pdf: pdf.catalog.update(Odd=pydyf.Array([2**31 - 1, -(2**31), 2147483647.0])),
    "real": entry(3e9 + 0.5),
    "name": entry("/" + "n" * 127),
    "name in other signs": entry("/" + "#41" * 127),
    "key": key(127),
    "string": entry(pydyf.String("s" * 32_767)),
    "digits in hexadecimal": drawn(b"[<" + b"1234567890" * 4 + b">-2147483648<42>] TJ"),
    "digits and states in a string": drawn(b"(9999999999 q q \\) k) pop"),
    "nesting": nested(28),
}
LINK = "<p id=x>x <a href='#x'>y</a></p>"


@pytest.mark.parametrize("name", BEYOND)
def test_beyond_a_limit_the_pdf_is_printed_without_the_claim_and_a_note_says_why(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    spoil, said = BEYOND[name]
    data, notes = print_with(spoil, monkeypatch, LINK)
    assert claims(data)[0] is None
    (note,) = notes
    assert "does not call itself PDF/A" in note
    assert said in note


@pytest.mark.parametrize("name", WITHIN)
def test_at_a_limit_the_claim_is_made_and_nothing_is_said(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    data, notes = print_with(WITHIN[name], monkeypatch, LINK)
    assert claims(data)[0] == "3"
    assert notes == []


def test_a_picture_that_is_to_be_smoothed_is_a_fault(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(printer, "stop_smoothing", lambda _pdf: None)
    notes: list[str] = []
    data = print_pdf(page(f'<img alt="x" src="{raster("RGB", "PNG")}">'), (), notes.append)
    assert claims(data) == (None, "1")
    assert "smooth" in notes[0]


def test_a_photograph_for_printers_is_a_fault() -> None:
    notes: list[str] = []
    data = print_pdf(page(f'<img alt="x" src="{raster("CMYK", "JPEG")}">'), (), notes.append)
    assert claims(data)[0] is None
    assert "CMYK" in notes[0]


def integers(obj: Any) -> Iterator[int]:
    """All integers of a dictionary, as pikepdf reads them."""
    if isinstance(obj, pikepdf.Dictionary | pikepdf.Stream):
        for _, value in obj.items():
            yield from integers(value)
    elif isinstance(obj, pikepdf.Array):
        for value in obj:
            yield from integers(value)
    elif isinstance(obj, int):
        yield int(obj)


def test_a_gradient_that_weasyprint_writes_wrongly_costs_the_claim() -> None:
    """Kozea/WeasyPrint #2922: at some widths, three colours give a shading with /N 4294967296."""
    claimed, small = [], []
    for width in (13, 14, 15, 16):
        style = f"width: {width}mm; height: 2mm; background: linear-gradient(to right, #000, #888, #fff)"
        data = print_pdf(page(f'<p>x</p><div style="{style}"></div>'))
        claimed.append(claims(data)[0] == "3")
        with pikepdf.open(io.BytesIO(data)) as paper:
            shadings = [obj for obj in paper.objects if isinstance(obj, pikepdf.Dictionary)]
            shadings = [obj for obj in shadings if "/ShadingType" in obj]
            small.append(all(value < 2**31 for obj in shadings for value in integers(obj)))
    assert claimed == small
    assert set(small) == {True, False}


def test_a_note_on_the_machine_does_not_hide_the_one_on_the_pdf(monkeypatch: pytest.MonkeyPatch) -> None:
    fonts = 'Using fontTools instead of HarfBuzz-Subset for font "X".'
    said = printer.describe_limits(["the integer 4294967296", "b", "c", "d", "e"])
    assert said.endswith("because it has the integer 4294967296; b; c; 2 more of the kind.")
    for own in (None, "HarfBuzz-Subset is missing"):
        monkeypatch.setattr(stage, "describe_subsetter", lambda own=own: own)
        notes = stage._sum_up([fonts, said])
        assert notes[0] == f"Note: {said}"
        assert notes[1].startswith(f"Note: {own or fonts}")
