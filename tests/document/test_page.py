"""The report as HTML: everything is there, leads somewhere, and is what the results say."""

from __future__ import annotations

import base64
import io
import re
from pathlib import Path
from typing import Any

import pytest
from bs4 import BeautifulSoup, Tag
from finished_report import SECTIONS
from PIL import Image
from printed import disagreement, resolve_pointer
from tiny_data import CLASSES, SCRIPT

pytestmark = pytest.mark.slow

TEMPLATES = Path(__file__).resolve().parents[2] / "templates"


def test_figures_1_to_37_stand_in_order_with_caption_and_alt_text(page: BeautifulSoup) -> None:
    figures = page.find_all("figure")
    captions = [caption for figure in figures for caption in figure.find_all("figcaption")]
    assert len(captions) == len(figures)
    said = [caption.get_text(" ", strip=True).replace("\xa0", " ") for caption in captions]
    numbers = [caption.split(".")[1].strip() for caption in said if caption.startswith("Fig. ")]
    assert numbers[:37] == [str(number) for number in range(1, 38)]
    assert numbers[37:] == [f"A{number}" for number in range(1, len(numbers) - 36)]
    assert all(len(caption) > 30 for caption in said)
    for figure in figures:
        # A sheet, or one picture.
        assert figure.select(".sheet > .tile > img") or len(figure.find_all("img")) == 1


def test_every_picture_is_told_to_who_cannot_see_it(page: BeautifulSoup) -> None:
    parts = {id(image) for image in page.select(".tile + .tile > img")}
    whole = [image for image in page.select("img:not(.math, .strip)") if id(image) not in parts]
    alts = [str(image.get("alt", "")) for image in whole]
    assert all(len(alt) > 20 for alt in alts)
    assert len(set(alts)) == len(alts)
    # The first picture of a sheet says what the figure shows, the others which of them they are.
    for sheet in page.select(".sheet"):
        reported = [str(image["alt"]) for image in sheet.select(".tile > img")]
        assert all(alt.startswith(f"{n} of {len(reported)}: ") for n, alt in enumerate(reported[1:], 2))


def test_every_picture_can_be_opened(page: BeautifulSoup) -> None:
    for image in page.find_all("img"):
        head, data = str(image["src"]).split(",", 1)
        content = decoded(data)
        if "svg" in head:
            assert BeautifulSoup(content, "xml").svg is not None
        else:
            Image.open(io.BytesIO(content)).load()


def decoded(data: str) -> bytes:

    return base64.b64decode(data, validate=True)


def test_the_tables_are_numbered_and_those_of_gradients_have_a_row_for_each_neuron(
    page: BeautifulSoup,
) -> None:
    captions = [c.get_text(" ", strip=True).replace("\xa0", " ") for c in page.select("caption[id]")]
    numbers = [caption.split(".")[0].removeprefix("Table ").strip() for caption in captions]
    # One each of four sections, and one of gradients for each class.
    body = 4 + len(CLASSES)
    assert numbers[:body] == [str(number) for number in range(1, body + 1)]
    assert numbers[body:] == [f"A{number}" for number in range(1, len(numbers) - body + 1)]
    tables = page.select("table.gradients")
    assert len(tables) == 3
    assert [table.caption["id"] for table in tables if table.caption] == [
        f"table-guided_{i}" for i in range(3)
    ]
    for table, label in zip(tables, CLASSES, strict=True):
        assert label in table.caption.get_text() if table.caption else False
        assert len(table.select("tr.neuron")) == len(table.select("tr.neuron img")) == 5
        assert len(table.select("tr.input figure img")) == 1


def test_ids_are_unique_and_every_link_leads_somewhere(page: BeautifulSoup) -> None:
    ids = [str(tag["id"]) for tag in page.find_all(id=True)]
    assert len(set(ids)) == len(ids)
    links = [str(link["href"]) for link in page.find_all("a", href=True)]
    assert len(links) > 20
    assert {link.removeprefix("#") for link in links} <= set(ids)


def test_every_link_to_a_figure_or_table_says_its_number(page: BeautifulSoup) -> None:
    links = page.select("a.ref")
    assert len(links) > 10
    for link in links:
        target = page.find(id=str(link["href"])[1:])
        assert isinstance(target, Tag)
        # Before the caption of a figure come the labels of its pictures.
        caption = target.find(["figcaption", "caption"]) or target
        assert caption.get_text().strip().startswith(f"{link.get_text()}. ")


def test_names_and_words_of_the_user_run_nothing(page: BeautifulSoup, build: Path) -> None:
    first, script = page.find_all("script")
    assert "alert" not in first.get_text()
    assert len(first.get_text()) < 400
    own = [
        line.strip()
        for name in ("sorting.js", "explore.js", "report.js")
        for line in (TEMPLATES / name).read_text(encoding="utf-8").splitlines()
        if not line.strip().startswith("//")
    ]
    # The program's own, without indentation and lines that are comments.
    assert [line for line in script.get_text().splitlines() if line] == [line for line in own if line]
    html = (build / "report.html").read_text(encoding="utf-8")
    assert SCRIPT not in html
    assert "alert(1)" in html
    assert [tag for tag in page.find_all(True) if any(name.startswith("on") for name in tag.attrs)] == []
    addresses = [
        str(tag.get(name)) for tag in page.find_all(True) for name in ("href", "src") if tag.get(name)
    ]
    assert {address.split(":")[0] for address in addresses if not address.startswith("#")} == {"data"}


def test_nothing_is_loaded_from_elsewhere(build: Path) -> None:
    html = (build / "report.html").read_text(encoding="utf-8")
    addresses = re.findall(r"""(?:src|href)=["']?([^"'\s>]+)|url\(["']?([^"')]+)""", html)
    outside = [a or b for a, b in addresses if not (a or b).startswith(("#", "data:"))]
    assert outside == []
    assert "@import" not in html


def test_the_inputs_of_both_explorers_are_in_the_page_once(page: BeautifulSoup) -> None:
    # Both layers' explorers are about the same inputs, and the second says where they are.
    first, second = (page.select_one(f"[data-explorer={kind}]") for kind in ("convolution", "stack"))
    assert first is not None
    assert second is not None
    assert str(first["data-inputs"]).startswith("data:image/png;base64,")
    assert page.select(f"[data-carries={second['data-inputs']}]") == [first]
    # Nothing else is looked up by the script.
    others = page.select(
        "[data-image], [data-activations], [data-largest], [data-probabilities], [data-places]"
    )
    assert len(others) > 3
    for tag in others:
        for name in {"data-image", "data-activations", "data-largest", "data-probabilities"} & set(tag.attrs):
            assert str(tag[name]).startswith("data:")


def test_every_number_is_the_value_that_it_points_to(page: BeautifulSoup, results: Any) -> None:
    spans = [tag for tag in page.select(".n") if not {"text", "formula", "count"} & set(tag["class"])]
    assert len(spans) > 300
    wrong = []
    for span in spans:
        value = resolve_pointer(results, str(span["data-ptr"]))
        pointer = str(span["data-ptr"])
        exact: tuple[int, ...] = () if pointer.startswith("/occlusion/") else (0, 1)
        exact = (1,) if re.search("/(signed|absolute|ssim)$", pointer) else exact
        value = -value if "minus" in span["class"] else value
        wrong.append(disagreement(span.get_text(), value, exact))
    assert [problem for problem in wrong if problem] == []


def test_every_text_and_count_is_that_of_its_pointer(page: BeautifulSoup, results: Any) -> None:
    texts, counts = page.select(".n.text"), page.select(".n.count")
    assert len(texts) > 20
    assert len(counts) > 5
    for tag in texts:
        said, value = tag.get_text(), resolve_pointer(results, str(tag["data-ptr"]))
        assert said == value or str(tag["data-ptr"]).endswith("/choice")
    for tag in counts:
        assert int(tag.get_text()) == len(resolve_pointer(results, str(tag["data-ptr"])))


def test_every_formula_is_told_with_the_value_that_it_leads_to(page: BeautifulSoup, results: Any) -> None:
    formulas = page.select(".n.formula")
    assert len(formulas) == 9, "width and height three times, sigma three times"
    for tag in formulas:
        assert tag.img is not None
        said = str(tag.img["alt"]).rpartition("= ")[2]
        assert disagreement(said, resolve_pointer(results, str(tag["data-ptr"]))) == ""


def test_the_numbers_asked_for_are_printed(page: BeautifulSoup) -> None:
    printed = {str(span["data-ptr"]) for span in page.select(".n")}
    wanted = {
        *(f"/transfer/accuracy/{split}" for split in ("train", "val", "test")),
        *(f"/conv_stack/layers/{layer}/expected_shape/{axis}" for layer in (0, 1) for axis in (0, 1, 2)),
        *(f"/conv_stack/layers/{layer}/observed_shape/{axis}" for layer in (0, 1) for axis in (0, 1, 2)),
        *(f"/conv_stack/layers/1/kernel_shape/{axis}" for axis in (0, 1, 2)),
        *(f"/neurons/layer_shape/{axis}" for axis in (0, 1, 2)),
        "/convolution/init_check/sigma_observed",
        "/convolution/init_check/sigma_expected",
        *(
            f"/transfer/accuracy_interval/{split}/{end}"
            for split in ("train", "val", "test")
            for end in (0, 1)
        ),
        "/transfer/majority_share/test",
        *(f"/neurons/{name}/size" for name in ("geometry", "network_geometry")),
        "/guided_backprop/signs/negative_share",
        "/guided_backprop/zero_neurons",
        "/guided_backprop/zero_neurons_blank",
        "/guided_backprop/rows/зебра/4/value",
        '/neurons/top/o\'neill "the" cat & dog/0/position/2',
        "/transfer/trainable_parameters",
    }
    assert wanted - printed == set()


def test_the_sections_stand_in_the_order_of_the_assignment(page: BeautifulSoup) -> None:
    headings = {str(h.parent["id"]): h for h in page.select("main > section > h2") if h.parent}
    numbered = [name for name, h in headings.items() if "unnumbered" not in (h.get("class") or [])]
    assert {name: headings[name].get_text() for name in numbered} == SECTIONS
    assert numbered == list(SECTIONS)
    styles = "".join(style.get_text() for style in page.find_all("style"))
    assert "content: counter(section)" in styles


def test_the_title_page_says_whose_report_it_is(page: BeautifulSoup) -> None:
    title = page.select_one("header.title")
    assert title is not None
    said = title.get_text(" ", strip=True)
    for words in ("Group <12> & co", "Zoë O'Neill", "CS-1", "2026-01-31", *CLASSES):
        assert words in said
    assert "drawn by a program" not in said


def test_the_authors_words_stand_after_their_section(page: BeautifulSoup) -> None:
    (words,) = page.select("aside.commentary")
    assert words.parent is not None
    assert words.parent["id"] == "transfer"
    assert "The new layer.<script>alert(2)</script>" in words.get_text()
    assert words.find_all("a") == []


def test_without_annotations_nothing_is_said_of_heads(page: BeautifulSoup) -> None:
    main = page.select_one("main")
    assert main is not None
    assert re.findall(r"\b(heads?|faces?|backgrounds?)\b", main.get_text()) == []
