"""A whole report, from images with hostile class names to HTML and PDF, as a user would build it."""

from __future__ import annotations

import base64
import hashlib
import io
import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pikepdf
import pytest
from bs4 import BeautifulSoup, Tag
from PIL import Image
from printed import disagreement, resolve_pointer
from tiny_data import CLASSES, COUNTS, SCRIPT, draw_tiny_data

from reportgen import cli, pipeline
from reportgen.errors import RenderError
from reportgen.progress import Silent
from reportgen.render import pdf as pdf_module
from reportgen.settings import load_settings

pytestmark = pytest.mark.slow

SIX_MEGABYTES = 6 * 1024 * 1024
SECTIONS = {
    "convolution": "Convolution with one filter",
    "conv-stack": "Two convolution layers",
    "transfer": "VGG19 with a new output layer",
    "neurons": "Maximally activating patches",
    "guided-backprop": "Guided backpropagation",
    "observations": "Observations",
}
SETTINGS = """
group = "Group <12> & co"
date = 2026-01-31
weights = "embedded"

[[authors]]
name = "Zoë O'Neill"
roll_number = "CS-1"

[commentary]
transfer = "The *new* layer.<script>alert(2)</script> See [here](javascript:alert(3))."
"""


def snapshot(folder: Path) -> dict[str, str]:
    """The SHA-256 of every file that a reader of the build may look at."""
    files = (path for path in sorted(folder.rglob("*")) if path.is_file() and path.name != ".lock")
    return {str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest() for path in files}


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A project folder with images and settings, but no build."""
    home = tmp_path_factory.mktemp("tiny")
    draw_tiny_data(home / "data")
    (home / "report.toml").write_text(SETTINGS, encoding="utf-8")
    return home


@pytest.fixture(scope="module")
def finished(home: Path) -> subprocess.CompletedProcess[str]:
    """The first build, with nothing in the cache, by the command line in a process of its own."""
    command = [sys.executable, "-m", "reportgen", "build", "--quiet"]
    return subprocess.run(command, cwd=home, capture_output=True, text=True, timeout=300)


@pytest.fixture(scope="module")
def build(home: Path, finished: subprocess.CompletedProcess[str]) -> Path:
    """The folder of the finished build."""
    assert finished.returncode == 0, finished.stderr
    return home / "build"


@pytest.fixture(scope="module")
def results(build: Path) -> Any:
    return json.loads((build / "results.json").read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def page(build: Path) -> BeautifulSoup:
    return BeautifulSoup((build / "report.html").read_text(encoding="utf-8"), "lxml")


@pytest.fixture(scope="module")
def paper(build: Path) -> Iterator[pikepdf.Pdf]:
    with pikepdf.open(build / "report.pdf") as paper:
        yield paper


@pytest.fixture(scope="module")
def text(build: Path) -> str:
    """The text of the PDF, white space made plain."""
    tool = shutil.which("pdftotext")
    if tool is None:
        if os.environ.get("CI") == "true":
            pytest.fail("pdftotext is missing; install poppler-utils")
        pytest.skip("pdftotext is not installed")
    done = subprocess.run([tool, build / "report.pdf", "-"], capture_output=True, text=True, check=True)
    return " ".join(done.stdout.split())


@dataclass(frozen=True)
class Rebuilt:
    folder: Path
    computation: pipeline.Computation


@pytest.fixture(scope="module")
def again(home: Path, build: Path) -> Rebuilt:
    """A second build of the same, in this process: the features come from the cache."""
    kept: list[pipeline.Computation] = []
    real = pipeline.compute

    def keep(*args: Any) -> pipeline.Computation:
        kept.append(real(*args))
        return kept[0]

    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SOURCE_DATE_EPOCH", "0")
        patch.setattr(pipeline, "compute", keep)
        settings = load_settings(folder=home, build=str(home / "again"))
        built = pipeline.build(settings, home / "data")
    assert built.problem is None
    return Rebuilt(built.folder, kept[0])


@pytest.fixture
def copied(home: Path, build: Path, tmp_path: Path) -> Path:
    """A project folder of one's own with the finished build in it."""
    shutil.copytree(home / "data", tmp_path / "home/data")
    shutil.copy(home / "report.toml", tmp_path / "home/report.toml")
    shutil.copytree(build, tmp_path / "home/build")
    return tmp_path / "home"


def run_cli(monkeypatch: pytest.MonkeyPatch, folder: Path, *arguments: str) -> object:
    """Run the command line in this process, in ``folder``; returns the exit code."""
    monkeypatch.chdir(folder)
    monkeypatch.setattr(sys, "argv", ["reportgen", *arguments])
    with pytest.raises(SystemExit) as stopped:
        cli.main()
    return stopped.value.code


# The files


def test_a_quiet_build_says_nothing(finished: subprocess.CompletedProcess[str]) -> None:
    assert (finished.returncode, finished.stdout, finished.stderr) == (0, "", "")


def test_the_build_holds_the_report_and_nothing_half_made(build: Path) -> None:
    assert {path.name for path in build.iterdir()} == {
        ".lock", "report.html", "report.pdf", "results.json", "head.weights.h5", "figures", "arrays",
    }  # fmt: skip


@pytest.mark.parametrize("name", ["report.html", "report.pdf"])
def test_the_report_can_be_sent_by_mail(build: Path, name: str) -> None:
    assert (build / name).stat().st_size <= SIX_MEGABYTES


def test_every_array_that_the_results_name_is_there_and_as_described(build: Path, results: Any) -> None:
    sections = ("convolution", "conv_stack", "transfer", "neurons", "guided_backprop")
    summaries = [s for section in sections for s in results[section]["arrays"].values()]
    assert len(summaries) == 30
    for summary in summaries:
        with np.load(build / summary["file"], allow_pickle=False) as archive:
            array = archive[summary["key"]]
        assert list(array.shape) == summary["shape"]
        assert str(array.dtype) == summary["dtype"]
        assert summary["norm"] == pytest.approx(np.linalg.norm(array.astype(np.float64)), rel=1e-9)


def test_every_numbered_figure_is_a_file_of_its_own(build: Path) -> None:
    names = sorted(path.name for path in (build / "figures").iterdir())
    numbers = [int(name[4:6]) for name in names if re.match(r"fig-\d\d-", name)]
    assert numbers == list(range(1, 22))


def test_the_features_are_kept_for_the_next_build(home: Path, build: Path) -> None:
    kept = [path for path in (home / ".cache/reportgen/features").rglob("*") if path.is_file()]
    assert len(kept) == len(CLASSES) * sum(COUNTS.values())


def test_hostile_names_are_the_classes(results: Any) -> None:
    assert results["dataset"]["classes"] == list(CLASSES)
    assert results["dataset"]["counts"] == {
        split: dict.fromkeys(CLASSES, count) for split, count in COUNTS.items()
    }


# The page


def test_figures_1_to_21_stand_in_order_with_caption_and_alt_text(page: BeautifulSoup) -> None:
    figures = page.find_all("figure")
    said = [figure.figcaption.get_text(" ", strip=True).replace("\xa0", " ") for figure in figures]
    numbers = [caption.split(".")[1].strip() for caption in said if caption.startswith("Fig. ")]
    assert numbers[:21] == [str(number) for number in range(1, 22)]
    assert numbers[21:] == [f"A{number}" for number in range(1, len(numbers) - 20)]
    assert all(len(caption) > 30 for caption in said)
    for figure in figures:
        assert len(figure.find_all("img")) == 1


def test_every_picture_is_told_to_who_cannot_see_it(page: BeautifulSoup) -> None:
    alts = [str(image.get("alt", "")) for image in page.find_all("img")]
    assert all(len(alt) > 20 for alt in alts)
    assert len(set(alts)) == len(alts)


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


def test_tables_1_to_3_are_the_gradients_of_the_classes(page: BeautifulSoup) -> None:
    captions = [c.get_text(" ", strip=True).replace("\xa0", " ") for c in page.select("caption[id]")]
    numbers = [caption.split(".")[0].removeprefix("Table ") for caption in captions]
    assert numbers[:3] == ["1", "2", "3"]
    assert numbers[3:] == [f"A{number}" for number in range(1, len(numbers) - 2)]
    tables = page.select("table.gradients")
    assert len(tables) == 3
    for table, label in zip(tables, CLASSES, strict=True):
        assert label in table.caption.get_text() if table.caption else False
        assert len(table.select("tbody tr")) == len(table.select("tbody img")) == 5


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
        assert target.get_text(" ", strip=True).startswith(f"{link.get_text()}.")


def test_names_and_words_of_the_user_run_nothing(page: BeautifulSoup, build: Path) -> None:
    assert page.find_all("script") == []
    html = (build / "report.html").read_text(encoding="utf-8")
    assert SCRIPT not in html
    assert "alert(1)" in html
    assert [tag for tag in page.find_all(True) if any(name.startswith("on") for name in tag.attrs)] == []
    addresses = [str(tag.get(name)) for tag in page.find_all(True) for name in ("href", "src") if tag.get(name)]
    assert {address.split(":")[0] for address in addresses if not address.startswith("#")} == {"data"}


def test_nothing_is_loaded_from_elsewhere(build: Path) -> None:
    html = (build / "report.html").read_text(encoding="utf-8")
    addresses = re.findall(r"""(?:src|href)=["']?([^"'\s>]+)|url\(["']?([^"')]+)""", html)
    outside = [a or b for a, b in addresses if not (a or b).startswith(("#", "data:"))]
    assert outside == []
    assert "@import" not in html


def test_every_number_is_the_value_that_it_points_to(page: BeautifulSoup, results: Any) -> None:
    spans = page.select(".n")
    assert len(spans) > 300
    wrong = [disagreement(span.get_text(), resolve_pointer(results, str(span["data-ptr"]))) for span in spans]
    assert [problem for problem in wrong if problem] == []


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
        "/guided_backprop/zero_neurons",
        "/guided_backprop/zero_neurons_blank",
        "/guided_backprop/rows/зебра/4/value",
        "/neurons/top/o'neill \"the\" cat & dog/0/position/2",
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


# The PDF


def test_the_pdf_has_pages_a_title_and_authors(paper: pikepdf.Pdf) -> None:
    assert len(paper.pages) > 5
    assert str(paper.docinfo["/Title"]).startswith("Convolution, Transfer Learning")
    assert str(paper.docinfo["/Author"]) == "Zoë O'Neill"
    width, height = (float(side) for side in list(paper.pages[0].mediabox)[2:])
    assert (width / 72 * 25.4, height / 72 * 25.4) == pytest.approx((210, 297), abs=0.1)


def fonts(paper: pikepdf.Pdf) -> Iterator[Any]:
    for page in paper.pages:
        yield from dict(page.Resources.get("/Font", {})).values()


def test_every_font_is_embedded_and_the_reports_own(paper: pikepdf.Pdf) -> None:
    names = set()
    for font in fonts(paper):
        for inner in font.get("/DescendantFonts", [font]):
            descriptor = inner["/FontDescriptor"]
            assert {"/FontFile", "/FontFile2", "/FontFile3"} & set(descriptor.keys())
        names.add(str(font["/BaseFont"]).split("+")[-1])
    # The names that the style sheet gives to STIX and DejaVu; a font of the machine keeps its own name.
    assert {re.sub("(-Bold|-Italic)+$", "", name) for name in names} <= {
        "Report", "Report-Fallback", "Report-Mono",
    }  # fmt: skip
    assert {"Report", "Report-Bold", "Report-Italic"} <= names


def test_the_bookmarks_are_the_sections(paper: pikepdf.Pdf) -> None:
    with paper.open_outline() as outline:
        titles = [item.title for item in outline.root]
        below = {item.title: [child.title for child in item.children] for item in outline.root}
    assert titles == [*SECTIONS.values(), "References", "Appendix"]
    assert below["Maximally activating patches"] == list(CLASSES)


def test_the_pdf_says_what_the_page_says(text: str, results: Any) -> None:
    correct = sum(row[i] for i, row in enumerate(results["transfer"]["confusion"]["test"]))
    total = sum(map(sum, results["transfer"]["confusion"]["test"]))
    for words in (*CLASSES, "Fig. 21", "Table 3", *SECTIONS.values(), f"{correct} of {total} test images"):
        assert words in text
    if correct == total:
        assert "Test accuracy 1.00" in text


def test_every_page_has_its_number(paper: pikepdf.Pdf, text: str) -> None:
    count = len(paper.pages)
    assert [n for n in range(1, count + 1) if f"{n} / {count}" not in text] == []


def test_the_contents_name_the_page_of_each_section(build: Path, text: str) -> None:
    with pikepdf.open(build / "report.pdf") as paper, paper.open_outline() as outline:
        objects = [page.obj.objgen for page in paper.pages]
        places = {item.title: objects.index(target_page(item).objgen) + 1 for item in outline.root}
    for title in SECTIONS.values():
        found = re.search(rf"{re.escape(title)}[ .]+(\d+) ", text)
        assert found is not None
        assert int(found[1]) == places[title]


def target_page(item: pikepdf.OutlineItem) -> Any:
    """The page that a bookmark leads to."""
    return (item.destination if item.destination is not None else item.action["/D"])[0]  # type: ignore[index]


# Again, and without what it took


@pytest.mark.parametrize("name", ["results.json", "report.html", "report.pdf", "head.weights.h5"])
def test_a_second_build_gives_the_same_bytes(build: Path, again: Rebuilt, name: str) -> None:
    assert (again.folder / name).read_bytes() == (build / name).read_bytes()


def test_a_second_build_gives_the_same_figures_and_arrays(build: Path, again: Rebuilt) -> None:
    assert snapshot(again.folder) == snapshot(build)


RENDER = """
import json, sys
from pathlib import Path
import numpy as np
from reportgen.figures.album import draw_album
from reportgen.render.html import render_html
from reportgen.render.pdf import print_pdf
from reportgen.resources import templates_folder
from reportgen.results import load_results
build, commentary = Path(sys.argv[1]), json.loads(sys.argv[2])
results = load_results(build / "results.json")
arrays = {path.stem: dict(np.load(path, allow_pickle=False)) for path in (build / "arrays").iterdir()}
html = render_html(results, draw_album(results, arrays), commentary, templates_folder()).html
assert html.encode() == (build / "report.html").read_bytes(), "another page"
assert print_pdf(html) == (build / "report.pdf").read_bytes(), "another PDF"
print(json.dumps(sorted({name.split(".")[0] for name in sys.modules})))
"""


def test_the_report_is_printed_from_the_results_without_tensorflow(home: Path, build: Path) -> None:
    commentary = json.dumps(load_settings(folder=home).commentary.model_dump())
    command = [sys.executable, "-c", RENDER, str(build), commentary]
    environment = {**os.environ, "SOURCE_DATE_EPOCH": "0"}
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    names = set(json.loads(done.stdout))
    assert "weasyprint" in names
    assert names & {"tensorflow", "keras", "sklearn"} == set()


def test_a_broken_image_is_named_and_the_last_report_stays(
    copied: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    before = snapshot(copied / "build")
    broken = next((copied / "data/val/зебра").iterdir())
    broken.write_bytes(broken.read_bytes()[:400])
    assert run_cli(monkeypatch, copied, "build", "--quiet") == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert f"val/зебра/{broken.name}" in err
    assert snapshot(copied / "build") == before


def test_a_page_that_cannot_be_printed_leaves_the_last_report(
    copied: Path, again: Rebuilt, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = snapshot(copied / "build")

    def refuse(_html: str) -> bytes:
        raise RenderError("A picture is missing.", "Correct the template.")

    monkeypatch.setattr(pipeline, "compute", lambda *_: again.computation)
    monkeypatch.setattr(pdf_module, "print_pdf", refuse)
    with pytest.raises(RenderError):
        pipeline.build(load_settings(folder=copied, group="another"), copied / "data")  # type: ignore[arg-type]
    assert snapshot(copied / "build") == before


def test_without_pango_the_page_is_new_and_the_older_pdf_is_set_aside(
    copied: Path, again: Rebuilt, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def no_pango() -> Any:
        raise pdf_module.PangoMissingError("WeasyPrint finds no Pango.", pdf_module.pango_remedy())

    old = (copied / "build/report.pdf").read_bytes()
    (copied / "build/report.html").write_text("old")
    monkeypatch.setattr(pipeline, "compute", lambda *_: again.computation)
    monkeypatch.setattr(pdf_module, "_weasyprint", no_pango)
    assert run_cli(monkeypatch, copied, "build") == 1
    out, err = capsys.readouterr()
    assert "apt install" in err
    assert "brew install" in err
    assert "report.html" in out
    assert "report.pdf" not in out
    folder = copied / "build"
    assert not (folder / "report.pdf").exists()
    assert (folder / "previous/report.pdf").read_bytes() == old
    assert (folder / "report.html").read_bytes() == (again.folder / "report.html").read_bytes()


# The exported model


def test_the_exported_model_predicts_what_the_results_say(home: Path, again: Rebuilt, tmp_path: Path) -> None:
    import keras

    settings = load_settings(folder=home, build=str(again.folder))
    file = pipeline.export(settings, tmp_path / "model.keras", Silent())
    model = keras.models.load_model(file, compile=False, safe_mode=True)
    with np.load(again.folder / "arrays/transfer.npz", allow_pickle=False) as arrays:
        said = arrays["probabilities_test"]
    pixels = []
    for label in CLASSES:
        for path in sorted((home / "data/test" / label).iterdir()):
            with Image.open(path) as image:
                small = image.convert("RGB").resize((224, 224), Image.Resampling.BILINEAR)
            bgr = np.asarray(small, np.float32)[..., ::-1]
            pixels.append(bgr - np.array([103.939, 116.779, 123.68], np.float32))
    predicted = np.asarray(model(np.stack(pixels), training=False))
    np.testing.assert_allclose(predicted, said, atol=1e-5)


def test_only_a_finished_build_can_be_exported(tmp_path: Path) -> None:
    with pytest.raises(Exception, match="no results of a build") as caught:
        pipeline.export(load_settings(folder=tmp_path), None)
    assert str(tmp_path / "build/results.json") in str(caught.value)
