"""A page is passed over only if every byte that it draws with is the one of our page."""

from __future__ import annotations

import io
from collections.abc import Callable
from typing import Any

import pikepdf
import pytest
from pikepdf import Array, Dictionary, Name, Pdf

from reportgen.verify.pdf_content import read_pdf_content
from reportgen.verify.pdf_signature import Signer


def make_pdf() -> Pdf:
    """Two pages that share a font; the first draws a picture and a form, too."""
    pdf = pikepdf.new()
    text = pdf.make_stream(b"<41> <0042>", Dictionary(Type=Name.CMap))
    font = pdf.make_indirect(Dictionary(Type=Name.Font, BaseFont=Name.A, Widths=Array([500]), ToUnicode=text))
    picture = pdf.make_stream(b"\x00\x01", Dictionary(Subtype=Name.Image, Width=2, Height=1))
    form = pdf.make_stream(
        b"0 g", Dictionary(Subtype=Name.Form, Resources=Dictionary(Font=Dictionary(f=font)))
    )
    for number in range(2):
        pdf.add_blank_page(page_size=(100, 100))
        page = pdf.pages[number].obj
        page.Contents = pdf.make_stream(b"BT /f 9 Tf (A) Tj ET")
        page.Resources = Dictionary(Font=Dictionary(f=font))
        if number == 0:
            page.Resources.XObject = Dictionary(p=picture, x=form)
            page.Resources.ExtGState = Dictionary(g=Dictionary(ca=0.5))
    return pdf


def save(pdf: Pdf, **saving: Any) -> Pdf:
    """As it is read from a file: a stream has its length as an entry once it is written."""
    target = io.BytesIO()
    pdf.save(target, compress_streams=False, **saving)
    return pikepdf.open(target)


def sign(pdf: Pdf) -> list[bytes | None]:
    signer = Signer({page.objgen: number for number, page in enumerate(pdf.pages)})
    return [signer.sign(page.obj) for page in pdf.pages]


def replace(stream: pikepdf.Object, old: bytes, new: bytes) -> None:
    """Another content of the same length, so that no entry of it changes."""
    data = stream.read_raw_bytes()
    assert old in data
    assert len(old) == len(new)
    stream.write(data.replace(old, new))


CHANGES: dict[str, Callable[[Dictionary], None]] = {
    "instructions": lambda page: replace(page.Contents, b"(A)", b"(B)"),
    "text of a code": lambda page: replace(page.Resources.Font.f.ToUnicode, b"0042", b"0043"),
    "width": lambda page: page.Resources.Font.f.Widths.__setitem__(0, 501),
    "name of a font": lambda page: setattr(page.Resources.Font.f, "BaseFont", Name.B),
    "pixels": lambda page: replace(page.Resources.XObject.p, b"\x00\x01", b"\x01\x00"),
    "size of a picture": lambda page: setattr(page.Resources.XObject.p, "Width", 1),
    "form": lambda page: replace(page.Resources.XObject.x, b"0 g", b"1 g"),
    "font in a form": lambda page: setattr(page.Resources.XObject.x.Resources.Font, "f", Dictionary()),
    "opacity": lambda page: setattr(page.Resources.ExtGState.g, "ca", 0.6),
    "kind of a value": lambda page: setattr(page.Resources.ExtGState.g, "ca", pikepdf.String("0.5")),
    "true for 1": lambda page: setattr(page.Resources.XObject.p, "Height", True),
    "name of a state": lambda page: setattr(page.Resources, "ExtGState", Dictionary(h=Dictionary(ca=0.5))),
    "one more": lambda page: setattr(page.Resources.ExtGState.g, "BM", Name.Normal),
    "nothing": lambda page: page.__delitem__("/Resources"),
}


@pytest.mark.parametrize("name", CHANGES)
def test_whatever_a_page_draws_with_is_in_its_signature(name: str) -> None:
    pdf = make_pdf()
    CHANGES[name](pdf.pages[0].obj)
    before, after = sign(save(make_pdf())), sign(save(pdf))
    assert after[0] != before[0]
    shared = name in ("text of a code", "width", "name of a font")
    assert (after[1] != before[1]) == shared


def test_where_objects_are_in_the_file_is_not() -> None:
    before = sign(save(make_pdf()))
    assert None not in before
    assert before[0] != before[1]
    savings: list[dict[str, Any]] = [
        {"linearize": True},
        {"object_stream_mode": pikepdf.ObjectStreamMode.generate},
    ]
    for saving in savings:
        assert sign(save(make_pdf(), **saving)) == before


def test_what_leads_in_a_circle_or_has_no_end_has_no_signature() -> None:
    around = make_pdf()
    form = around.pages[0].obj.Resources.XObject.x
    form.Resources.XObject = Dictionary(x=form)
    deep = make_pdf()
    inner = Dictionary()
    for _ in range(300):
        inner = Dictionary(A=deep.make_indirect(inner))
    deep.pages[0].obj.Resources.Deep = inner
    for pdf in (around, deep):
        first, second = sign(pdf)
        assert first is None
        assert second is not None


def test_the_same_is_read_of_a_page_whether_or_not_ours_is_known() -> None:
    """The oracle is the reading without a shortcut."""
    honest = save(make_pdf())
    ours = read_pdf_content(honest)
    # Fonts are known of pages that were read.
    assert len(tuple(ours.marks)) == 2
    for change in (*CHANGES.values(), None):
        made = make_pdf()
        if change:
            change(made.pages[0].obj)
        pdf = save(made)
        whole, short = read_pdf_content(pdf), read_pdf_content(pdf, ours)
        assert tuple(whole.marks) == tuple(short.marks)
        assert all(whole.letters[key] == drawn for key, drawn in short.letters.items())
        left_out = {key: drawn for key, drawn in whole.letters.items() if key not in short.letters}
        assert all(ours.letters[key] == drawn for key, drawn in left_out.items())
        assert (short.marks[0] is ours.marks[0]) == (change is None)
