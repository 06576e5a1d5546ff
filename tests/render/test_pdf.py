"""What WeasyPrint complains of is an error, and nothing is fetched."""

from __future__ import annotations

import builtins
import io
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import pikepdf
import pytest
from PIL import Image

from reportgen.errors import RenderError
from reportgen.render.fonts import font_css
from reportgen.render.pdf import PangoMissingError, print_pdf, require_pango


def page(body: str, css: str = "", *, text: str = "") -> str:
    fonts = font_css(body + text)
    style = f"{fonts} html {{ font-family: Report, 'Report Fallback' }} {css}"
    return f"<html lang=en><head><title>T</title><style>{style}</style></head><body>{body}</body></html>"


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
        assert str(paper.docinfo["/Title"]) == "T"
        (font,) = dict(paper.pages[0].Resources["/Font"]).values()
        assert str(font["/BaseFont"]).endswith("+Report")
        assert "/FontFile2" in font["/DescendantFonts"][0]["/FontDescriptor"]


@pytest.mark.parametrize(
    ("body", "css", "said"),
    [
        ('<img src="data:image/png;base64,AAAA" alt="x">', "", "image"),
        ('<img src="missing.png" alt="x">', "", "missing.png"),
        ('<img src="data:image/svg+xml,<svg" alt="x">', "", "image"),
        ("<p>x</p>", "p { colour: red }", "colour"),
        ("<p>x</p>", "p { color: blurple }", "blurple"),
        ('<a href="#nowhere">x</a>', "", "nowhere"),
    ],
)
def test_what_would_be_missing_on_paper_is_an_error(body: str, css: str, said: str) -> None:
    with pytest.raises(RenderError, match=said):
        print_pdf(page(body, css))


def test_after_an_error_the_next_page_is_printed_all_the_same() -> None:
    with pytest.raises(RenderError):
        print_pdf(page('<a href="#nowhere">x</a>'))
    assert print_pdf(page("<p>x</p>")).startswith(b"%PDF-")


@pytest.mark.parametrize(
    ("body", "css"),
    [
        ('<img src="{url}/a.png" alt="x">', ""),
        ("<p>x</p>", "p {{ background: url({url}/a.png) }}"),
        ("<p>x</p>", "@import url({url}/a.css);"),
        ('<link rel="stylesheet" href="{url}/a.css"><p>x</p>', ""),
        ('<object data="{url}/a.png"></object>', ""),
        ('<link rel="attachment" href="{url}/a.txt"><p>x</p>', ""),
    ],
)
def test_nothing_is_fetched_from_the_web(asked: tuple[str, list[str]], body: str, css: str) -> None:
    url, requests = asked
    with pytest.raises(RenderError):
        print_pdf(f"<style>{css.format(url=url)}</style>{page(body.format(url=url))}")
    assert requests == []


def test_nothing_is_read_from_the_disk(tmp_path: Path) -> None:
    Image.new("RGB", (4, 4)).save(tmp_path / "a.png")
    with pytest.raises(RenderError, match=r"a\.png"):
        print_pdf(page(f'<img src="{(tmp_path / "a.png").as_uri()}" alt="x">'))


def test_the_same_page_gives_the_same_bytes_at_any_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "0")
    html = page("<h1>Größe</h1><p>x <a href='#y'>y</a></p><p id=y>z</p>")
    first = print_pdf(html)
    with monkeypatch.context() as patch:
        patch.setattr("time.time", lambda: 2e9)
        second = print_pdf(html)
    assert second == first


def test_a_character_that_no_font_has_is_named() -> None:
    with pytest.raises(RenderError, match="\U00016fe4") as caught:
        print_pdf(page("<p>x\U00016fe4</p>"))
    assert "font" in caught.value.remedy


def test_without_pango_the_remedy_is_a_line_to_type(monkeypatch: pytest.MonkeyPatch) -> None:
    real = builtins.__import__

    def no_pango(name: str, *args: Any, **options: Any) -> Any:
        if name == "weasyprint":
            raise OSError("cannot load library 'libpango-1.0-0'")
        return real(name, *args, **options)

    monkeypatch.delitem(sys.modules, "weasyprint", raising=False)
    monkeypatch.setattr(builtins, "__import__", no_pango)
    for use in (require_pango, lambda: print_pdf("<p>x</p>")):
        with pytest.raises(PangoMissingError, match="libpango") as caught:
            use()
        assert "sudo apt install libpango" in caught.value.remedy
        assert "brew install pango" in caught.value.remedy
        assert caught.value.exit_code == 1
