"""A notebook in a kernel of its own: it builds a report, shows it, and reads it."""

from __future__ import annotations

import base64
import io
import json
import re
from pathlib import Path
from typing import Any

import nbformat
import pytest
from bs4 import BeautifulSoup
from equipment import has_terminals, missing
from nbclient import NotebookClient
from PIL import Image
from tiny_data import CLASSES, SCRIPT

pytestmark = [pytest.mark.slow, pytest.mark.long]

# What a user's notebook may have done before: whoever computes in it would stumble over each of these.
POISON = """\
import os, sys, types
sys.modules["keras"] = sys.modules["tensorflow"] = types.ModuleType("keras")
os.environ["KERAS_BACKEND"] = "no such backend"
import numpy as np
np.random.seed(3)
np.seterr(all="raise")
import reportgen
"""
CELLS = {
    "poison": POISON,
    "backend": "print(os.environ['MPLBACKEND'])",
    "build": 'report = reportgen.build(settings="report.toml", data="data", build="made", fresh=True)',
    "again": 'print(reportgen.build(settings="report.toml", data="data", build="made", quiet=True).changed)',
    "report": "report",
    "results": "report.results",
    "frame": 'frame = report.results.table("confusion_test")\nframe',
    "numbers": 'print(frame.to_json(orient="split"))',
    "whole": "report.show(height=500)",
    "figure": 'report.figures["images"]',
    "files": "print(report.html, report.pdf)",
    "error": 'try:\n    reportgen.build(data="nowhere")\n'
    "except reportgen.UserError as error:\n    print(type(error).__name__, error.problem)",
    "doctor": "!{sys.executable} -m reportgen doctor --data data; echo ends with $?"
    if has_terminals()
    else "",
    "seed": "print(np.random.get_state()[1][0])",
}


class Ran:
    """A notebook that was run: what each cell put out."""

    def __init__(self, folder: Path, notebook: Any) -> None:
        self.folder = folder
        self._cells = dict(zip(CELLS, notebook.cells, strict=True))

    def outputs(self, cell: str) -> list[Any]:
        return list(self._cells[cell].outputs)

    def printed(self, cell: str) -> str:
        return "".join(each.text for each in self.outputs(cell) if each.output_type == "stream")

    def displayed(self, cell: str) -> dict[str, Any]:
        """The mime bundle of the cell's last output."""
        return dict(self.outputs(cell)[-1].data)

    def page(self, cell: str) -> BeautifulSoup:
        return BeautifulSoup(self.displayed(cell)["text/html"], "lxml")


@pytest.fixture(scope="module")
def ran(home: Path, tmp_path_factory: pytest.TempPathFactory) -> Ran:
    """The notebook, run in a folder with the settings and the data of the report that all tests share."""
    folder = tmp_path_factory.mktemp("notebook")
    settings = (home / "report.toml").read_text(encoding="utf-8")
    # Without the sections that only pass through VGG19 once more, which others show to be the same.
    chosen = f'sections = ["convolution", "transfer"]\n{settings}'
    (folder / "report.toml").write_text(chosen, encoding="utf-8")
    (folder / "data").symlink_to(home / "data")
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(text) for text in CELLS.values()])
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("IPYTHONDIR", str(folder / ".ipython"))
        patch.setenv("JUPYTER_PLATFORM_DIRS", "1")
        patch.delenv("MPLBACKEND", raising=False)
        client = NotebookClient(
            notebook, timeout=500, kernel_name="python3", resources={"metadata": {"path": str(folder)}}
        )
        client.execute()
    return Ran(folder, notebook)


@pytest.fixture(scope="module")
def written(ran: Ran) -> Any:
    """``results.json`` as anybody reads it."""
    return json.loads((ran.folder / "made/results.json").read_bytes())


def test_what_the_notebook_did_before_changes_no_number(
    ran: Ran, written: Any, results: Any, build: Path
) -> None:
    for name in ("convolution", "transfer", "dataset"):
        assert written[name] == results[name], name
    for name in ("convolution", "transfer"):
        file = f"arrays/{name}.npz"
        assert (ran.folder / "made" / file).read_bytes() == (build / file).read_bytes(), file
    assert ran.printed("seed") == "3\n", "nor is anything changed in the notebook"


def test_the_second_time_nothing_is_done(ran: Ran) -> None:
    assert ran.printed("again") == "False\n"
    assert [each.output_type for each in ran.outputs("again")] == ["stream"], "and nothing is shown"


def test_one_output_tells_how_the_build_goes_on(ran: Ran) -> None:
    (progress,) = ran.outputs("build")
    assert progress.output_type == "display_data"
    assert "<progress" not in progress.data["text/html"], "it is over"


def test_the_report_shows_itself_in_short(ran: Ran, written: Any) -> None:
    displayed = ran.displayed("report")["text/html"]
    assert 10_000 < len(displayed) < 200_000, "with pictures, but without megabytes"
    page = ran.page("report")
    assert not page.select("script, style, link, [id]"), "nothing that reaches the rest of the notebook"
    correct, total = (written["transfer"][name]["test"] for name in ("correct", "total"))
    assert f"{correct} of {total}" in page.text
    for label in CLASSES:
        assert label in page.text
    links = [link["href"] for link in page.select("a")]
    assert links == ["made/report.html", "made/report.pdf"]
    for picture in page.select("img"):
        data = base64.b64decode(str(picture["src"]).removeprefix("data:image/jpeg;base64,"))
        with Image.open(io.BytesIO(data)) as image:
            assert image.size == (int(str(picture["width"])), int(str(picture["height"])))
    assert len(page.select("img")) >= 1


def test_the_results_are_ten_lines_and_a_page(ran: Ran) -> None:
    lines = ran.displayed("results")["text/plain"].splitlines()
    assert 8 <= len(lines) <= 10
    assert max(map(len, lines)) <= 160
    assert SCRIPT in ran.page("results").text
    assert ran.page("results").select("script") == []


def test_a_table_is_a_data_frame(ran: Ran, written: Any) -> None:
    table = json.loads(ran.printed("numbers"))
    assert table["data"] == written["transfer"]["confusion"]["test"]
    assert table["index"] == table["columns"] == written["dataset"]["classes"]
    assert "dataframe" in ran.displayed("frame")["text/html"]


def test_the_whole_report_stands_in_a_frame(ran: Ran) -> None:
    (frame,) = ran.page("whole").select("iframe")
    assert frame["srcdoc"] == (ran.folder / "made/report.html").read_text(encoding="utf-8")
    assert "allow-same-origin" not in frame["sandbox"]
    assert frame["height"] == "500"


def test_a_figure_shows_itself(ran: Ran) -> None:
    (file,) = (ran.folder / "made/figures").glob("fig-*-images.jpg")
    assert base64.b64decode(ran.displayed("figure")["image/jpeg"]) == file.read_bytes()


def test_the_files_are_named(ran: Ran) -> None:
    assert ran.printed("files").split() == [
        str(ran.folder / "made" / name) for name in ("report.html", "report.pdf")
    ]


def test_the_command_works_in_a_notebook_too(ran: Ran) -> None:
    assert "inline" in ran.printed("backend"), "which matplotlib would use in what the notebook starts"
    if not has_terminals():
        missing("no pseudo-terminals on this machine, which a notebook runs commands in")
    said = ran.printed("doctor")
    assert "images of 3 classes" in said
    assert "Traceback" not in said
    assert re.search(r"ends with [01]\b", said)


def test_an_error_is_the_one_of_the_command(ran: Ran) -> None:
    assert ran.printed("error").splitlines()[-1] == (
        f"DataError {ran.folder}/nowhere: there is no such folder"
    )
