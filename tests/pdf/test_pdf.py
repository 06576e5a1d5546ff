"""What WeasyPrint complains of is an error, and nothing is fetched."""

from __future__ import annotations

import builtins
import contextlib
import datetime
import gc
import io
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pikepdf
import pytest
from PIL import Image
from printing import page, picture

from reportgen.errors import RenderError
from reportgen.pdf.printer import (
    Attachment,
    PangoMissingError,
    print_pdf,
    require_no_complaint,
    sort_complaints,
)

pytestmark = [pytest.mark.slow, pytest.mark.prints]

FILES = (
    Attachment("results.json", b'{"a": 1}', "Every number", "application/json", "Data"),
    Attachment("report.toml", b"seed = 1\n", "The settings", "application/toml", "Source"),
)


@pytest.fixture
def asked() -> Iterator[tuple[str, list[str]]]:
    """A web server with a picture: its address, and the paths that were asked for."""
    requests: list[str] = []
    buffer = io.BytesIO()
    Image.new("RGB", (4, 4)).save(buffer, "PNG")

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            requests.append(self.path)
            self.send_response(200)
            self.send_header("Content-Type", "image/png")
            self.end_headers()
            self.wfile.write(buffer.getvalue())

        def log_message(self, format: str, *args: Any) -> None:
            pass

    with HTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}", requests
        server.shutdown()
        thread.join()


def test_a_page_becomes_a_pdf() -> None:
    with pikepdf.open(io.BytesIO(print_pdf(page("<p>Größe</p>")))) as paper:
        assert len(paper.pages) == 1
        assert str(paper.docinfo["/Title"]) == "The title"
        (font,) = dict(paper.pages[0].Resources["/Font"]).values()
        assert str(font["/BaseFont"]).endswith("+Report")
        assert "/FontFile2" in font["/DescendantFonts"][0]["/FontDescriptor"]


@pytest.mark.parametrize(
    ("body", "css", "said"),
    [
        ('<img src="data:image/png;base64,AAAA" alt="x">', "", "image"),
        ('<img src="missing.png" alt="x">', "", "missing.png"),
        ('<img src="data:image/svg+xml,<svg" alt="a drawing">', "", "a drawing"),
        ('<figure id=dog><img src="data:image/png;base64,AAAA"></figure>', "", "#dog"),
        ('<img src="data:image/png;base64,AAAA" alt=" ">', "", "no description"),
        ("<p>x</p>", "@font-face { font-family: X; src: url(data:font/ttf,x) } p { font-family: X }", "'X'"),
        ("<p>x</p>", "@color-profile --x { src: url(x.icc) }", "x.icc"),
        ("<p>x</p>", "p { colour: red }", "colour"),
        ("<p>x</p>", "p { color: blurple }", "blurple"),
        ('<a href="#nowhere">x</a>', "", "nowhere"),
    ],
)
def test_what_would_be_missing_on_paper_is_an_error(body: str, css: str, said: str) -> None:
    with pytest.raises(RenderError, match=said):
        print_pdf(page(body, css))


@pytest.mark.parametrize("enabled", [True, False])
def test_no_garbage_is_looked_for_while_a_page_is_printed_and_all_is_as_before(enabled: bool) -> None:
    """Red if the search goes on, if it is left switched off, or if it is switched on where it was not."""
    found: list[str] = []
    before = gc.isenabled()
    gc.callbacks.append(lambda phase, _info: found.append(phase))
    try:
        (gc.enable if enabled else gc.disable)()
        gc.collect()
        while_collecting = found[:]
        # Thousands of objects, so that a search would begin.
        print_pdf(page("<p>Some words.</p>" * 300))
        after = found[len(while_collecting) :]
        assert gc.isenabled() is enabled
        with pytest.raises(RenderError):
            print_pdf(page("<p>图</p>", "p { unknown: 1 }"))
        assert gc.isenabled() is enabled
    finally:
        gc.callbacks.pop()
        (gc.enable if before else gc.disable)()
    assert while_collecting == ["start", "stop"]
    assert len(after) <= 2


def test_after_an_error_the_next_page_is_printed_all_the_same() -> None:
    with pytest.raises(RenderError):
        print_pdf(page('<a href="#nowhere">x</a>'))
    assert print_pdf(page("<p>x</p>")).startswith(b"%PDF-")


IN_A_PAGE = {
    "picture": '<img src="$URL" alt="x">',
    "base": '<base href="$URL"><img src="a.png" alt="x">',
    "background": "<p style='background: url($URL)'>x</p>",
    "border": "<p style='border-image: url($URL) 3'>x</p>",
    "bullet": "<p style='display: list-item; list-style-image: url($URL)'>x</p>",
    "content": "<style>p::after { content: url($URL) }</style><p>x</p>",
    "font": "<style>@font-face { font-family: X; src: url($URL) }</style><p>x</p>",
    "colours": "<style>@color-profile --x { src: url($URL) }</style><p>x</p>",
    "import": "<style>@import url($URL);</style><p>x</p>",
    "style sheet": '<link rel="stylesheet" href="$URL"><p>x</p>',
    "object": '<object data="$URL"></object>',
    "embed": '<embed src="$URL">',
    "attachment": '<link rel="attachment" href="$URL"><p>x</p>',
    "attached link": '<p><a rel="attachment" href="$URL">x</a></p>',
    "drawing": '<svg xmlns="http://www.w3.org/2000/svg"><title>x</title><image href="$URL"/></svg>',
}
IN_A_DRAWING = {
    "image": "<image href='$URL' width='4' height='4'/>",
    "linked image": "<image xmlns:x='http://www.w3.org/1999/xlink' x:href='$URL' width='4' height='4'/>",
}
SILENT_IN_A_DRAWING = {
    "use": "<use href='$URL#a'/>",
    "fill": "<rect width='4' height='4' fill='url($URL#a)'/>",
    "mask": "<rect width='4' height='4' mask='url($URL#a)' clip-path='url($URL#a)' filter='url($URL#a)'/>",
    "style": "<style>rect { fill: url($URL); background: url($URL) }</style><rect width='4' height='4'/>",
    "style import": "<style>@import url('$URL');</style><rect width='4' height='4'/>",
    "style sheet": "<?xml-stylesheet href='$URL'?><rect width='4' height='4'/>",
    "foreign": "<foreignObject><img src='$URL'/></foreignObject>",
}
SILENT_IN_A_PAGE = {
    "frame": "<iframe src='$URL'></iframe>",
    "film": "<video src='$URL' poster='$URL'></video>",
    "button": "<input type=image src='$URL'>",
    "sizes": '<img alt="x" srcset="$URL">',
}
ONE_A_PAGE = [IN_A_PAGE[name] for name in ("base", "content", "colours", "import", "attachment")]
"""Of several in a page, only the first or the last would be asked for."""
REFUSED = [*IN_A_PAGE.values(), *(picture("x", drawn) for drawn in IN_A_DRAWING.values())]
PASSED_OVER = [*SILENT_IN_A_PAGE.values(), *(picture("x", drawn) for drawn in SILENT_IN_A_DRAWING.values())]
NAMES = [*IN_A_PAGE, *(f"drawn {name}" for name in IN_A_DRAWING)]
PASSED_NAMES = [*SILENT_IN_A_PAGE, *(f"drawn {name}" for name in SILENT_IN_A_DRAWING)]


@pytest.mark.parametrize("body", REFUSED, ids=NAMES)
def test_nothing_is_fetched_from_the_web(asked: tuple[str, list[str]], body: str) -> None:
    url, requests = asked
    with pytest.raises(RenderError):
        print_pdf(page("<p>x</p>" + body.replace("$URL", f"{url}/a.png")))
    assert requests == []


_opened: list[str] = []
"""What this process has opened, once a test has asked for it."""


@pytest.fixture
def opened() -> list[str]:
    if not _opened:
        sys.addaudithook(lambda event, values: _opened.append(str(values[0])) if event == "open" else None)
    _opened[:] = ["the list has begun"]
    return _opened


@pytest.mark.parametrize("body", REFUSED + PASSED_OVER, ids=NAMES + PASSED_NAMES)
def test_nothing_is_read_from_the_disk(
    asked: tuple[str, list[str]], tmp_path: Path, opened: list[str], body: str
) -> None:
    """What is no part of a page is no error, and not fetched from the web either."""
    secret = tmp_path / "secret.png"
    Image.new("RGB", (4, 4)).save(secret)
    assert str(secret) in opened
    opened.clear()
    addresses = (secret.as_uri(), str(secret), f"FILE://{secret}", f"file://localhost{secret}")
    web = (f"{asked[0]}/a.svg",) if body in PASSED_OVER else ()
    bodies = [body.replace("$URL", url) for url in (*addresses, *web)]
    for part in bodies if body in ONE_A_PAGE else ["".join(bodies)]:
        with contextlib.suppress(RenderError):
            print_pdf(page("<p>x</p>" + part))
    assert [name for name in opened if "secret" in name] == []
    assert asked[1] == []


def test_a_picture_on_the_disk_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(RenderError, match=r"a\.png"):
        print_pdf(page(f'<img src="{(tmp_path / "a.png").as_uri()}" alt="x">'))


CONTENTS = "<nav class=contents><a href='#x'>{}</a></nav><p id=x>y</p>"
NUMBERED = "nav a::after {{ content: leader('. ') target-counter(attr(href), page) }} nav a {{ display: {} }}"


@pytest.mark.parametrize("display", ["inline", "block"])
@pytest.mark.parametrize("title", ["Accuracy", "In 100 words " * 20])
def test_a_page_number_in_the_contents_is_printed(display: str, title: str) -> None:
    assert print_pdf(page(CONTENTS.format(title), NUMBERED.format(display)))


def test_a_page_number_that_is_not_known_is_an_error() -> None:
    with pytest.raises(RenderError, match="page number, or 0, for 'Accuracy'") as caught:
        print_pdf(page(CONTENTS.format("Accuracy"), NUMBERED.format("flex")))
    assert "display" in caught.value.remedy


def test_what_only_a_screen_shows_is_not_there_on_paper() -> None:
    """Whatever the style sheet says, and with the text behind it."""
    displayed = "<p>a<i>b</i>c</p>d<ul><li>e</ul>"
    hidden = '<p class="on-screen">x</p>'
    marked = 'a<b class="on-screen">x<i>y</i></b><i>b</i><b class="z on-screen">x</b>c'
    screen = f'<p>{marked}</p>{hidden}d{hidden}<ul><li class="on-screen">x<li>e</ul>'
    assert print_pdf(page(screen)) == print_pdf(page(displayed))
    assert print_pdf(page(screen.replace("on-screen", "else"))) != print_pdf(page(displayed))


PAPER = "@page { size: 100mm 100mm; margin: 10mm } body { margin: 0; font-size: 10pt }"


@pytest.mark.parametrize(
    ("body", "said"),
    [
        (picture("A wide box.", attributes='style="width: 81mm"'), "A wide box"),
        (picture("A high box.", attributes='style="height: 120mm; width: 9mm"'), "A high box"),
        ("<p style='white-space: nowrap'>" + "word " * 40, "word word"),
        ("<table><tr>" + "<td>incomprehensibility" * 9, "incomprehensibility"),
    ],
)
def test_what_does_not_fit_the_page_is_an_error(body: str, said: str) -> None:
    with pytest.raises(RenderError, match=f"{said}.* does not fit the page"):
        print_pdf(page(body, PAPER))


@pytest.mark.parametrize(
    "body",
    [
        picture("A box.", attributes='style="width: 80mm; height: 80mm; display: block"'),
        "<p>" + "word " * 400,
        "<p style='white-space: pre-wrap'>" + "word " * 40 + " " * 400,
        "<p style='white-space: nowrap; overflow: hidden'>" + "word " * 40,
        picture("A box.", attributes='style="width: 200mm; transform: scale(0.1); transform-origin: 0 0"'),
    ],
)
def test_what_fits_the_page_is_printed(body: str) -> None:
    assert print_pdf(page(body, PAPER))


def test_the_same_page_gives_the_same_bytes_at_any_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "0")
    html = page("<h1>Größe</h1><p>x <a href='#y'>y</a></p><p id=y>z</p>")
    first = print_pdf(html, FILES)
    with monkeypatch.context() as patch:
        patch.setattr("time.time", lambda: 2e9)
        second = print_pdf(html, FILES)
    assert second == first


@pytest.mark.parametrize(
    ("characters", "named"),
    [
        ("\U00016fe4", r"U\+16FE4 \(Khitan Small Script\)"),
        ("\U00010a60x\U00016fe4", r"U\+16FE4 \(Khitan Small Script and Old South Arabian\)"),
        ("\U0001fbfa", r"U\+1FBFA \(symbols\)"),
    ],
)
def test_a_character_that_no_font_has_is_named_with_its_script(characters: str, named: str) -> None:
    with pytest.raises(RenderError, match=named) as caught:
        print_pdf(page(f"<p>x{characters}</p>"))
    assert "font" in caught.value.remedy


def test_a_glyph_that_the_printer_misses_is_an_error_of_the_same_kind() -> None:
    said = '.notdef glyph rendered for Unicode string unsupported by fonts: "\U00016fe4" (U+16FE4)'
    with pytest.raises(RenderError, match="Khitan Small Script") as caught:
        require_no_complaint([said], ElementTree.Element("html"))
    assert "font" in caught.value.remedy


def test_files_are_attached_as_pdfa_wants_it() -> None:
    with pikepdf.open(io.BytesIO(print_pdf(page("<p>x</p>"), FILES))) as paper:
        attached = {name: paper.attachments[name] for name in paper.attachments}
        assert list(attached) == ["report.toml", "results.json"]
        for file in FILES:
            found = attached[file.name]
            assert found.description == file.description
            assert found.obj.AFRelationship == f"/{file.relationship}"
            inner = found.get_file()
            assert inner.read_bytes() == file.data
            assert inner.mime_type == file.media_type
            assert inner.creation_date == inner.mod_date == datetime.datetime(2000, 1, 1, tzinfo=datetime.UTC)
        listed = [file.objgen for file in paper.Root.AF]
        assert sorted(listed) == sorted(found.obj.objgen for found in attached.values())


def test_what_cannot_be_loaded_is_an_error_with_a_line_to_type(monkeypatch: pytest.MonkeyPatch) -> None:
    real = builtins.__import__

    def broken(name: str, *args: Any, **options: Any) -> Any:
        if name == "weasyprint":
            raise OSError("cannot load library 'libpango-1.0-0'")
        return real(name, *args, **options)

    monkeypatch.delitem(sys.modules, "weasyprint", raising=False)
    monkeypatch.setattr(builtins, "__import__", broken)
    with pytest.raises(PangoMissingError, match="libpango") as caught:
        print_pdf("<p>x</p>")
    assert caught.value.remedy.startswith("Install")
    assert caught.value.exit_code == 1


def test_what_is_said_of_the_machine_is_a_note_and_no_error(monkeypatch: pytest.MonkeyPatch) -> None:
    from weasyprint.pdf import fonts

    monkeypatch.setattr(fonts, "harfbuzz_subset", None)
    notes: list[str] = []
    with pikepdf.open(io.BytesIO(print_pdf(page("<p>Größe</p>"), (), notes.append))) as paper:
        (font,) = dict(paper.pages[0].Resources["/Font"]).values()
        assert "/FontFile2" in font["/DescendantFonts"][0]["/FontDescriptor"]
    assert [note for note in notes if "HarfBuzz-Subset" in note] == notes != []


@pytest.mark.parametrize(
    ("complaint", "about_the_machine"),
    [
        ('Using fontTools instead of HarfBuzz-Subset for font "X". This will be unsupported', True),
        ('Unable to subset "X" with HarfBuzz', True),
        ('Unable to subset "X" with fontTools', True),
        ("Please install HarfBuzz version 13+ with harfbuzz-vector to display X COLR emoji fonts.", False),
        ("Font-face 'Report' cannot be loaded", False),
        ("Failed to load image at 'Using fontTools instead of HarfBuzz-Subset'", False),
        ("anything that a later version may say", False),
    ],
)
def test_only_what_leaves_the_document_whole_is_a_note(complaint: str, about_the_machine: bool) -> None:
    expected = ([], [complaint]) if about_the_machine else ([complaint], [])
    assert sort_complaints([complaint]) == expected


def test_the_remedy_fits_the_cause() -> None:
    root = ElementTree.Element("html")
    with pytest.raises(RenderError) as caught:
        require_no_complaint(['Unsupported bitmap glyph format in "X": 3'], root)
    assert "font" in caught.value.remedy
    assert "style sheet" not in caught.value.remedy
    with pytest.raises(RenderError) as caught:
        require_no_complaint(["Ignored `x` at 1:1, unknown property."], root)
    assert "style sheet" in caught.value.remedy


def test_a_link_to_what_only_a_screen_shows_leads_to_what_stands_for_it() -> None:
    body = (
        "<p><a href='#long'>one</a> <a href='#short'>two</a></p>"
        "<p class=hidden id=long data-paper=short>long</p><p><span id=short>short</span></p>"
    )
    printed = print_pdf(page(body, "@media print { .hidden { display: none } }"))
    with pikepdf.open(io.BytesIO(printed)) as pdf:
        names = [str(link.Dest) for link in pdf.pages[0].Annots]
        ends = dict(pikepdf.NameTree(pdf.Root.Names.Dests).items())
    # By its own name, at the same height.
    assert names == ["long", "short"]
    assert float(ends["long"][3]) == pytest.approx(float(ends["short"][3]), abs=6)
    # Without it, the link would lead nowhere, and that is an error.
    with pytest.raises(RenderError, match="long"):
        print_pdf(page(body.replace(" data-paper=short", ""), "@media print { .hidden { display: none } }"))
