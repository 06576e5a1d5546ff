"""Pages are compared by what is seen on them, and a PDF that would exhaust its reader is not opened."""

from __future__ import annotations

import io
import zlib
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import numpy as np
import pikepdf
import pytest
from forging import page
from PIL import Image

from reportgen.engine.stages.outcomes import pack_figures, read_figures
from reportgen.figures.figure import Figure, embed_levels, embed_numbers, raster_picture
from reportgen.pdf.printer import print_pdf
from reportgen.verify import pdf_document
from reportgen.verify.differences import Difference, Excuses
from reportgen.verify.documents import _compare_files, _judge, judge_figures
from reportgen.verify.markup import compare_markup
from reportgen.verify.pdf_document import PdfError, open_pdf
from reportgen.verify.pictures import same_picture
from reportgen.verify.sheets import compare_pages, find_unlike

pytestmark = pytest.mark.prints


def noise(seed: int, side: int = 40) -> bytes:
    pixels = np.random.default_rng(seed).integers(0, 256, (side, side, 3), np.uint8)
    return raster_picture(Image.fromarray(pixels)).data


def image(data: bytes) -> str:
    import base64

    return f'<img alt="noise" src="data:image/png;base64,{base64.b64encode(data).decode()}">'


BREAK = "<p style='break-before: page'>"
BODY = (
    "<p>Rate <a href='#s1'>0.75</a>, count <a href='#s2'>12</a>.</p>" + image(noise(1)) + BREAK + "Two</p>"
    + image(noise(2)) + BREAK + "Sources</p><p id=s1>/rate 0.75</p><p id=s2>/rate/count 12</p>"
)  # fmt: skip


@pytest.fixture(scope="module")
def printed() -> bytes:
    return print_pdf(page(BODY))


def compare(one: bytes, other: bytes) -> dict[str, str]:
    with open_pdf(one) as a, open_pdf(other) as b:
        return {row.location: row.reason for row in compare_pages(a, b)}


def changed(printed: bytes, change: Callable[[pikepdf.Pdf], object]) -> bytes:
    target = io.BytesIO()
    with pikepdf.open(io.BytesIO(printed)) as pdf:
        change(pdf)
        pdf.save(target)
    return target.getvalue()


def test_links_are_read_with_the_rows_that_they_lead_to(printed: bytes) -> None:
    with open_pdf(printed) as pdf:
        found = pdf.printed(["/rate", "/rate/count", "/other"])
    assert [(each.pointer, each.text, each.location) for each in found] == [
        ("/rate", "0.75", "page 1"), ("/rate/count", "12", "page 1"),
    ]  # fmt: skip


def test_equal_pages_do_not_differ(printed: bytes) -> None:
    assert compare(printed, changed(printed, str)) == {}


def test_another_word_is_named_with_its_page(printed: bytes) -> None:
    other = print_pdf(page(BODY.replace("Two", "Too")))
    assert compare(other, printed) == {"page 2": "the text differs after “”"}


def test_a_page_too_many_or_too_few_is_named(printed: bytes) -> None:
    shorter = changed(printed, lambda pdf: pdf.pages.__delitem__(2))
    assert compare(shorter, printed).keys() == {"number of pages", "page 3"}
    assert compare(printed, shorter).keys() == {"number of pages", "page 3"}


def test_exchanged_pictures_are_told_where_they_belong(printed: bytes) -> None:
    def exchange(pdf: pikepdf.Pdf) -> None:
        pictures = pdf.pages[0].obj.Resources.XObject  # of all pages
        (one, first), (other, second) = list(pictures.items())
        pictures[one], pictures[other] = second, first

    assert compare(changed(printed, exchange), printed) == {
        "page 1, picture 1": "it shows picture 1 of page 2 of the report",
        "page 2, picture 1": "it shows picture 1 of page 1 of the report",
    }


def paint(pdf: pikepdf.Pdf) -> None:
    pdf.pages[2].contents_add(b"q 1 g 0 0 600 900 re f Q")


def cover(pdf: pikepdf.Pdf) -> None:
    form = pdf.make_stream(b"0 g 0 0 50 9 re f", Type=pikepdf.Name.XObject, Subtype=pikepdf.Name.Form)
    form.BBox = pikepdf.Array([0, 0, 50, 9])
    stamp = pikepdf.Dictionary(Type=pikepdf.Name.Annot, Subtype=pikepdf.Name.Stamp, F=4)
    stamp.Rect, stamp.AP = pikepdf.Array([100, 300, 150, 309]), pikepdf.Dictionary(N=form)
    pdf.pages[2].obj.Annots = pikepdf.Array([pdf.make_indirect(stamp)])


@pytest.mark.parametrize("change", [paint, cover])
def test_what_covers_a_page_is_seen(printed: bytes, change: Callable[[pikepdf.Pdf], None]) -> None:
    found = compare(changed(printed, change), printed)
    assert found.keys() == {"page 3"}
    assert "looks other" in found["page 3"]


def bomb(pdf: pikepdf.Pdf) -> None:
    packed = zlib.compress(bytes(pdf_document.MAX_STREAM_BYTES + 1))
    pdf.pages[0].obj.Contents = pdf.make_stream(b"")
    pdf.pages[0].obj.Contents.write(packed, filter=pikepdf.Name.FlateDecode)


def unusual_filter(pdf: pikepdf.Pdf) -> None:
    pdf.pages[0].obj.Contents.write(b"00>", filter=pikepdf.Name.ASCIIHexDecode)


def huge_picture(pdf: pikepdf.Pdf) -> None:
    next(iter(pdf.pages[0].obj.Resources.XObject.values())).Width = 10**7


def huge_page(pdf: pikepdf.Pdf) -> None:
    pdf.pages[0].obj.MediaBox = pikepdf.Array([0, 0, 10**6, 10**6])


def enlarged_page(pdf: pikepdf.Pdf) -> None:
    pdf.pages[0].obj.UserUnit = 1000


def many_pages(pdf: pikepdf.Pdf) -> None:
    for _ in range(pdf_document.MAX_PAGES):
        pdf.pages.append(pdf.pages[2])


@pytest.mark.parametrize("change", [bomb, unusual_filter, huge_picture, huge_page, enlarged_page, many_pages])
def test_what_would_exhaust_its_reader_is_not_opened(
    printed: bytes, tmp_path: Path, change: Callable[[pikepdf.Pdf], None]
) -> None:
    target = io.BytesIO()
    with pikepdf.open(io.BytesIO(printed)) as pdf:
        change(pdf)
        pdf.save(target, compress_streams=False, stream_decode_level=pikepdf.StreamDecodeLevel.none)
    (tmp_path / "a.pdf").write_bytes(target.getvalue())
    with pytest.raises(PdfError, match=r"a\.pdf"), open_pdf(tmp_path / "a.pdf"):
        pass


@pytest.mark.parametrize("content", [b"", b"%PDF-1.7\n", b"hello"])
def test_what_is_no_pdf_is_refused(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "a.pdf").write_bytes(content)
    with pytest.raises(PdfError, match=r"a\.pdf"), open_pdf(tmp_path / "a.pdf"):
        pass


def test_pictures_may_differ_by_rounding_only() -> None:
    pixels = np.random.default_rng(1).integers(20, 200, (30, 30, 3)).astype(np.uint8)
    near, mark = pixels.copy(), pixels.copy()
    near[::7] += 2
    mark[3, 4] += 40
    plain, close, marked = (raster_picture(Image.fromarray(p)).data for p in (pixels, near, mark))
    assert same_picture(plain, close)
    assert same_picture(plain, raster_picture(Image.fromarray(pixels)).data)
    assert not same_picture(plain, marked)
    assert not same_picture(plain, raster_picture(Image.fromarray(pixels[:-1])).data)
    assert not same_picture(plain, noise(3, 30))
    assert not same_picture(plain, b"")
    assert not same_picture(b"", b"GIF89a")


def test_drawings_may_differ_in_the_last_digits_only() -> None:
    drawing = b'<svg width="10"><path d="M 1.25 2.5 L 3 4e-3"/></svg>'
    assert same_picture(drawing, drawing.replace(b"1.25", b"1.26"))
    assert not same_picture(drawing, drawing.replace(b"1.25", b"1.35"))
    assert not same_picture(drawing, drawing.replace(b"path", b"line"))
    assert not same_picture(drawing, noise(1))


def test_files_of_figures_are_compared_by_name(tmp_path: Path) -> None:
    expected = {"a.png": noise(1), "b.png": noise(2), "c.png": noise(3)}
    for name, data in (("a.png", noise(2)), ("b.png", noise(2)), ("d.png", b"x")):
        (tmp_path / name).write_bytes(data)
    found = {row.pointer: (row.status, row.reason) for row in judge_figures(tmp_path, expected, Excuses())}
    assert found == {
        "a.png": ("differs", "it is b.png of the report"),
        "b.png": ("confirmed", ""),
        "c.png": ("differs", "it is missing"),
        "d.png": ("differs", "the report has no such figure"),
    }
    assert all(row.status == "differs" for row in judge_figures(tmp_path, expected, Excuses(), 100))
    assert len(list(judge_figures(tmp_path / "none", expected, Excuses(), 100))) == 3


@pytest.mark.parametrize("there", [True, False])
def test_figures_that_did_not_come_along_are_no_difference(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, there: bool
) -> None:
    """Red if results.json in a folder of its own is accused, which named by itself is not; an empty folder
    is one from which somebody took them.
    """
    monkeypatch.setattr("reportgen.verify.documents.find_excuses", lambda *_: Excuses())
    if there:
        (tmp_path / "figures").mkdir()
    recomputed, rendered = SimpleNamespace(files={}), SimpleNamespace(figures={"a.png": noise(1)}, reason="")
    submitted = SimpleNamespace(results=None, settings=None)
    found = _compare_files(tmp_path, *(cast(Any, each) for each in (submitted, recomputed, rendered)))
    assert [(row.pointer, row.status) for row in found] == ([("a.png", "differs")] if there else [])


def test_what_explains_a_picture_in_the_page_explains_its_file(tmp_path: Path) -> None:
    """But no missing file, no file too many, no exchange, and nothing that is no picture."""
    expected = {name: noise(seed) for seed, name in enumerate(("a.png", "b.png", "c.png", "d.png"))}
    excuses = Excuses({"picture": "it was made with pillow 1"})
    for name, data in {
        "a.png": noise(9),
        "b.png": expected["c.png"],
        "c.png": b"",
        "x.png": noise(1),
    }.items():
        (tmp_path / name).write_bytes(data)
    rows = list(judge_figures(tmp_path, expected, excuses))
    assert {row.pointer: row.status for row in rows} == {
        "b.png": "differs", "c.png": "differs", "d.png": "differs", "x.png": "differs",
        "figures/": "not recomputable",
    }  # fmt: skip
    assert "the first: a.png" in rows[-1].reason


def changes_of(html: str, expected: str) -> dict[str, Any]:
    rows = compare_markup(html, expected).differences
    return {row.location: (row.submitted, row.expected) for row in rows}


def test_a_page_is_compared_by_words_code_and_pictures() -> None:
    html = f"<style>a</style><p>one two three</p>{image(noise(1))}{image(noise(2))}"
    assert changes_of(html, html) == {}
    assert changes_of(html.replace("two", "2"), html) == {"text in line 1": ("one 2 three", "one two three")}
    assert "<script> in line 1" in changes_of(html + "<script>alert(1)</script>", html)
    swapped = f"<style>a</style><p>one two three</p>{image(noise(2))}{image(noise(1))}"
    assert changes_of(swapped, html).keys() == {"picture 1", "picture 2"}
    assert changes_of(html + image(noise(3)), html).keys() == {"<img> in line 1"}
    remote = html.replace("data:image/png", "https://example.org/a")
    assert changes_of(remote, html).keys() == {"<img> in line 1, attribute src"}


def test_what_may_be_honest_is_told_as_not_comparable() -> None:
    moved = Difference("page 2", "why", "a", "b", "layout")
    rows = [moved.finding("pages")]
    assert list(_judge("pages", "report.pdf", [moved], Excuses())) == rows
    assert list(_judge("pages", "report.pdf", [], Excuses({"layout": "other versions"}))) == []
    assert list(_judge("pages", "report.pdf", [moved], Excuses({"picture": "other versions"}))) == rows
    (summed,) = _judge("pages", "report.pdf", [moved], Excuses({"layout": "other versions"}))
    assert summed.status == "not recomputable"
    assert summed.reason == "other versions: 1 of 1 differences, the first: page 2 (why)"
    others = [Difference(f"page {number}", "why", kind="layout") for number in range(3, 14)]
    (summed,) = _judge("pages", "report.pdf", [moved, *others], Excuses({"layout": "other versions"}))
    assert summed.reason == (
        "other versions: 12 of 12 differences, the first: page 2 (why); also page 3, page 4, page 5, page 6, "
        "page 7, page 8, page 9, page 10, and 3 more"
    )


def test_what_is_beside_what_may_be_honest_is_still_a_difference() -> None:
    rows = [Difference("page 2", "why", kind="layout"), Difference("/JS", "a program", kind="active")]
    found = list(_judge("pages", "report.pdf", rows, Excuses({"layout": "other versions"})))
    assert [(row.pointer, row.status) for row in found] == [
        ("/JS", "differs"), ("report.pdf", "not recomputable"),
    ]  # fmt: skip


def test_an_edge_may_fall_to_the_next_pixel_and_a_stroke_may_not_be_another() -> None:
    """Of black and white, 12 by 12: brute force over the nine pixels around each."""
    rng = np.random.default_rng(4)
    one, other = (np.where(rng.random((12, 12, 1)) < 0.2, 0, 255).astype(np.uint8) for _ in range(2))
    expected = np.zeros((12, 12), bool)
    for a, b in ((one, other), (other, one)):
        for i in range(12):
            for j in range(12):
                near = b[max(i - 1, 0) : i + 2, max(j - 1, 0) : j + 2].astype(int)
                level = int(a[i, j, 0])
                expected[i, j] |= level < near.min() - 64 or level > near.max() + 64
    assert expected.any()
    assert np.array_equal(find_unlike(one, other), expected)
    edge, moved = np.full((9, 9, 3), 255, np.uint8), np.full((9, 9, 3), 255, np.uint8)
    edge[:, :4], moved[:, :5] = 0, 0
    assert not find_unlike(edge, moved).any()
    moved[:, :7] = 0
    assert find_unlike(edge, moved).any()


def carrying(values: list[float], tolerance: float = 1e-3) -> str:
    load = embed_numbers("weights", np.array(values), tolerance)
    return page(f'<div data-weights="{load.address}"></div>')


def test_numbers_that_the_page_carries_may_differ_by_rounding_and_no_more() -> None:
    ours = carrying([1.0, -4.0, 0.25])
    assert compare_markup(carrying([1.0, -4.0, 0.2535]), ours).differences == ()
    for other in ([1.0, -4.0, 0.2545], [1.0, -4.0], [1.0, -4.0, float("nan")], [-4.0, 1.0, 0.25]):
        (found,) = compare_markup(carrying(other), ours).differences
        assert "list of numbers" in found.location
    # What they may differ by is ours to say.
    assert compare_markup(carrying([9.0, -4.0, 0.25], 10.0), ours).differences


def test_figures_come_back_with_what_they_carry() -> None:
    loads = (embed_numbers("weights", np.arange(6.0), 0.5), embed_levels("inputs", np.eye(4, dtype=np.uint8)))
    figure = Figure("one", raster_picture(Image.new("RGB", (3, 2))), "Black.", embedded=loads)
    assert read_figures(pack_figures([figure])) == {"one": figure}
