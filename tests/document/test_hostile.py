"""Whatever names, words and pictures bring along, it is only ever shown: nothing acts, nothing is fetched."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pikepdf
import pytest
from browser import browser as browser
from bs4 import BeautifulSoup
from PIL import Image
from playwright.sync_api import Browser, Dialog
from stand_in import COUNTS, counting, draw_image

from reportgen.engine import pipeline
from reportgen.settings import load_settings

pytestmark = [pytest.mark.slow, pytest.mark.prints]

CLASSES = (
    '"><img src=x onerror=alert(1)>',
    "<style>*{display:none}<!--",
    "{{ ''.__class__ }}{% raw %}",
    "' onmouseover='alert(1)",
)
PAYLOADS = (
    '<img src="URL/img">',
    "<script>fetch('URL/script')</script>",
    '"><svg onload="fetch(`URL/svg`)"><image href="URL/image"/></svg>',
    "</style><style>@import 'URL/import'; body{background:url(URL/css)}</style>",
    "</title><link rel=attachment href=URL/attachment><link rel=stylesheet href='URL/sheet'>",
    "<iframe src='URL/frame'></iframe><object data='URL/object'></object><embed src='URL/embed'>",
    "<meta http-equiv=refresh content='0;url=URL/meta'><base href='URL/'>",
    "{{ ''.__class__.__mro__ }}{% include '/etc/passwd' %}",
    "[a](javascript:fetch('URL/js')) ![b](URL/markdown) <URL/auto>",
)


SECTIONS = ("convolution", "transfer", "neurons", "errors")

MARKDOWN = {("code", ""), ("blockquote", "")}
"""What Markdown may make of the payloads in a commentary, beside what every report has."""

SHORTENED = {("span", "title")}
"""A long file name is shortened, and its title is the whole of it; the harmless names are short."""


@pytest.fixture(scope="module")
def asked() -> Iterator[tuple[str, list[str]]]:
    """A web server: its address, and the paths that were asked for."""
    requests: list[str] = []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            requests.append(self.path)
            self.send_error(404)

        def log_message(self, format: str, *args: Any) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}", requests
        server.shutdown()


@pytest.fixture(scope="module")
def built(asked: tuple[str, list[str]], full: bool, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a report in which everything that a user may write is hostile; unless ``full``, of the
    sections that print class names in tables, figures, captions and formulas, not of all.
    """
    home = tmp_path_factory.mktemp("hostile")
    words = "\n\n".join(PAYLOADS).replace("URL", asked[0])
    for n, label in enumerate(CLASSES):
        for split, count in COUNTS.items():
            for k in range(count):
                file = home / "data" / split / label / f"{k} <b onclick=alert(1)>'\".jpg"
                draw_image(file.with_suffix(".png"), 50 * n + 10 * len(split) + k)
                mark_picture(file.with_suffix(".png"), file, words)
    # In Markdown braces ask for a value, and one that cannot be had is an error; so they stay out of it.
    plain = "\n\n".join(text for text in PAYLOADS if "{{" not in text).replace("URL", asked[0])
    lines = [
        *([] if full else [f"sections = {json.dumps(SECTIONS)}"]),
        'weights = "embedded"',
        f"course = {json.dumps(words[:200])}",
        f"assignment = {json.dumps(words[200:400])}",
        f"group = {json.dumps(words[400:600])}",
        "[[authors]]",
        f"name = {json.dumps(words[:200])}",
        f"roll_number = {json.dumps(CLASSES[0])}",
        "[[authors]]",
        f"name = {json.dumps(words[600:800])}",
        *(["[guided_backprop]", 'neurons = ["zero", "top:1"]'] if full else []),
        "[commentary]",
        *(f"{slot} = {json.dumps(plain)}" for slot in ("introduction", "transfer", "observations")),
    ]
    (home / "report.toml").write_text("\n".join(lines), encoding="utf-8")
    with counting():
        report = pipeline.build(load_settings(folder=home), home / "data")
    assert report.problem is None
    return report.folder


def mark_picture(drawn: Path, file: Path, words: str) -> None:
    """Save a picture as JPEG with hostile texts in its EXIF data and comment."""
    with Image.open(drawn) as image:
        exif = image.getexif()
        for tag in (0x010E, 0x013B, 0x8298, 0x9286):  # description, artist, copyright, comment
            exif[tag] = words
        image.save(file, exif=exif, comment=words.encode())
    drawn.unlink()


@pytest.fixture(scope="module")
def hostile(built: Path) -> BeautifulSoup:
    return BeautifulSoup((built / "report.html").read_text(encoding="utf-8"), "lxml")


def signature(page: BeautifulSoup) -> set[tuple[str, str]]:
    """Which tags there are, and with which attributes; claims hold or fail by what is in the pictures."""
    tags = [tag for tag in page.find_all(True) if "verdict" not in (tag.get("class") or "")]
    return {(tag.name, name) for tag in tags for name in ("", *tag.attrs)}


def test_no_tag_or_attribute_is_there_that_a_harmless_report_lacks(
    hostile: BeautifulSoup, page: BeautifulSoup
) -> None:
    assert signature(hostile) - signature(page) - MARKDOWN == SHORTENED
    for name, count in (("script", 2), ("style", 2), ("title", 1), ("meta", 8)):
        assert len(hostile.find_all(name)) == count, name


def test_links_lead_nowhere_but_within_and_to_what_the_author_wrote(
    hostile: BeautifulSoup, asked: tuple[str, list[str]]
) -> None:
    links = {str(tag["href"]) for tag in hostile.find_all(href=True)}
    assert {link for link in links if not link.startswith("#")} == {
        f"{asked[0]}/auto",
        f"{asked[0]}/markdown",
    }
    assert {str(tag["src"])[:5] for tag in hostile.find_all(src=True)} == {"data:"}


def test_what_was_written_is_shown_as_it_was_written(hostile: BeautifulSoup) -> None:
    headings = [heading.get_text() for heading in hostile.select("#neurons h3")]
    assert headings == sorted(CLASSES)
    assert "fetch('" in hostile.select("header.title")[0].get_text()


@pytest.mark.long
def test_the_printer_fetched_nothing_and_the_reader_fetches_nothing(
    built: Path, asked: tuple[str, list[str]], browser: Browser
) -> None:
    tab = browser.new_page()
    wanted: list[str] = []
    dialogs: list[str] = []
    tab.on("request", lambda request: wanted.append(request.url))

    def refuse(dialog: Dialog) -> None:
        dialogs.append(dialog.message)
        dialog.dismiss()

    tab.on("dialog", refuse)
    tab.goto((built / "report.html").as_uri())
    tab.wait_for_timeout(500)
    tab.close()
    assert [url for url in wanted if not url.startswith(("file:", "data:"))] == []
    assert dialogs == []
    assert asked[1] == []


def test_the_pdf_has_no_action_and_nothing_attached_but_its_own(
    built: Path, asked: tuple[str, list[str]]
) -> None:
    with pikepdf.open(built / "report.pdf") as paper:
        assert set(paper.attachments) == {"results.json", "report.toml"}
        assert "/OpenAction" not in paper.Root
        kinds = set()
        for page in paper.pages:
            for annotation in page.get("/Annots", []):
                action = annotation.get("/A")
                if action is not None:
                    kinds.add((str(action["/S"]), str(action.get("/URI"))))
    assert kinds == {("/URI", f"{asked[0]}/auto"), ("/URI", f"{asked[0]}/markdown")}
