"""Real work on groups that are not to be trusted, with a small network in VGG19's place."""

from __future__ import annotations

import json
import re
import shutil
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from class_scene import read_rows
from sharing import MakeOnce
from stand_in import load_stand_in, make_home, print_nothing

from reportgen.batch.attempt import LocalRunner
from reportgen.batch.class_file import Class, Group
from reportgen.batch.job import BatchConfig, Job
from reportgen.batch.parts import find_parts
from reportgen.batch.progress_view import SilentView
from reportgen.batch.run import Options, Report, run_batch
from reportgen.batch.worker import _lay_out, work
from reportgen.engine.pipeline import build
from reportgen.grading.run import grade
from reportgen.grading.shipped import shipped_rubrics
from reportgen.models import backbone
from reportgen.outline.kind import Outline
from reportgen.progress import Silent
from reportgen.settings import load_settings

SECTIONS = ["convolution", "transfer", "guided_backprop"]
COMMAND = (sys.executable, str(Path(__file__).with_name("stand_in_worker.py")))
RUBRIC = """
import numpy as np
import pytest

@pytest.mark.points(3, criterion="Images")
def test_images(results):
    assert len(results.document["dataset"]["images"]) == 14

@pytest.mark.points(2, criterion="Page")
def test_page(report_html):
    assert "<figcaption" in report_html
    assert "trojan" not in report_html

@pytest.mark.points(4, criterion="Arrays")
def test_arrays(results):
    shown = results.convolution.classes
    for index, label in enumerate(shown):
        assert list(results.array("convolution", f"map_{index}").shape) == shown[label].observed_shape
        assert np.ptp(results.array("convolution", f"map_{index}")) > 0

@pytest.mark.points(5, criterion="Boast")
def test_boast(results):
    assert results.document["transfer"]["confusion"]["test"] == [[9, 0], [0, 9]]
"""
HOSTILE = """
weights = "{home}/evil.h5"
build = "{home}/evil-build"
templates = "{home}/class/honest/evil-templates"
data = "/etc"
"""


def make_build(folder: Path) -> None:
    """A project with images, and in ``build/`` an honest report of the small network, without a PDF."""
    make_home(folder)
    settings = folder / "report.toml"
    # A commentary is known from the PDF alone, and a page with one would be held without it.
    written = settings.read_text("utf-8").partition("[commentary]")[0]
    settings.write_text(f"sections = {json.dumps(SECTIONS)}\n{written}", encoding="utf-8")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(backbone, "load_backbone", load_stand_in)
        patch.setattr("reportgen.engine.stages.pdf.print_pdf", print_nothing)
        build(load_settings(folder=folder), folder / "data", Silent())
    (folder / "build/report.pdf").unlink()


@pytest.fixture(scope="module")
def made(make_once: MakeOnce) -> Path:
    return make_once("batch-build", make_build)


def alter(build: Path, change: Callable[[Any], None]) -> None:
    document = json.loads((build / "results.json").read_text(encoding="utf-8"))
    change(document)
    (build / "results.json").write_text(json.dumps(document), encoding="utf-8")


def boast(document: Any) -> None:
    """More test images than there are, and all of them right."""
    document["transfer"]["confusion"]["test"] = [[9, 0], [0, 9]]


def run(home: Path, *names: str, data: Path | None = None, **changes: Any) -> Report:
    (home / "rubric.py").write_text(RUBRIC, encoding="utf-8")
    groups = tuple(Group(name, home / "class" / name, name, data=data) for name in names)
    outline = Outline("assignment", tuple(SECTIONS))
    chosen = Class(groups, (home / "rubric.py",), weights="embedded", course="Vision", outline=outline)
    options = Options(command=COMMAND)
    return run_batch(replace(chosen, **changes), home / "out", LocalRunner(2), SilentView(), options)


def test_classes_right_in_the_folder_are_taken_without_what_stands_beside_them(tmp_path: Path) -> None:
    group, folder = tmp_path / "group", tmp_path / "place"
    for name in ("train/cat/a.png", "test/dog/b.png", "build/results.json", ".git/x", "report.pdf"):
        (group / name).parent.mkdir(parents=True, exist_ok=True)
        (group / name).write_bytes(name.encode())
    folder.mkdir()
    parts = find_parts([group])
    assert parts.data is not None
    data = _lay_out(parts, folder)
    assert data is not None
    found = {path.relative_to(data).as_posix(): path.read_bytes() for path in data.rglob("*.*")}
    assert found == {name: name.encode() for name in ("train/cat/a.png", "test/dog/b.png")}
    assert data.is_relative_to(folder)
    assert parts.submission == group / "build"


@pytest.mark.long
@pytest.mark.slow
def test_what_is_handed_in_is_graded_and_held_until_it_is_released(made: Path, tmp_path: Path) -> None:
    """Four groups on the images of the class; the rubric would give 14 points to whoever is believed."""
    for name in ("honest", "bare", "boaster"):
        shutil.copytree(made / "build", tmp_path / "class" / name / "build")
    shutil.copytree(made / "data", tmp_path / "class/idle/data")
    honest, bare, boaster = (tmp_path / "class" / name for name in ("honest", "bare", "boaster"))
    (honest / "report.toml").write_text(HOSTILE.format(home=tmp_path), encoding="utf-8")
    (honest / "evil-templates").mkdir()
    (honest / "evil-templates/report.html.j2").write_text("trojan", encoding="utf-8")
    (honest / "conftest.py").write_text(f"open({str(tmp_path / 'ran')!r}, 'w')", encoding="utf-8")
    shutil.rmtree(bare / "build/arrays")
    alter(boaster / "build", boast)
    before = {path: path.read_bytes() for path in (tmp_path / "class").rglob("*") if path.is_file()}

    report = run(tmp_path, "honest", "bare", "boaster", "idle", data=made / "data")
    rows = {row["group"]: row for row in read_rows(tmp_path / "out")}
    names = ("status", "score", "points", "Images", "Page", "Arrays", "Boast")
    assert [rows["honest"][name] for name in names] == ["done", "9", "14", "3", "2", "4", "0"]
    # The arrays that it did not hand in are those that its images give.
    assert [rows["bare"][name] for name in names] == ["done", "9", "14", "3", "2", "4", "0"]
    assert [rows["boaster"][name] for name in names] == ["held", "", "14", "", "", "", ""]
    assert rows["boaster"]["reason"].startswith("held: ")
    assert "numbers" in rows["boaster"]["reason"]
    assert [rows["idle"][name] for name in names] == ["nothing handed in", "0", "14", "", "", "", ""]
    assert rows["honest"]["verification"].startswith("nothing differs; ")
    assert not report.complete
    reported = (tmp_path / "out/groups/boaster/verification.txt").read_text(encoding="utf-8")
    assert reported.startswith("NOT CONFIRMED: build: ")
    assert str(tmp_path) not in reported
    page = (tmp_path / "out/overview.html").read_text(encoding="utf-8")
    assert "14 of 14" in page, "which the instructor may release"
    assert len(re.findall(r'<td\b[^>]* class="alarm">', page)) == 1
    assert 'href="groups/boaster/verification.html"' in page
    assert 'href="groups/honest/verification.html"' in page
    displayed = (tmp_path / "out/groups/boaster/verification.html").read_text(encoding="utf-8")
    assert "Not confirmed</h1>" in displayed
    assert str(tmp_path) not in displayed
    # Without the PDF some of the settings are not known, which nobody has to look at, but may.
    displayed = (tmp_path / "out/groups/honest/verification.html").read_text(encoding="utf-8")
    assert "Nothing differs</h1>" in displayed

    again = run(tmp_path, *rows, data=made / "data", released=frozenset({"boaster"}))
    rows = {row["group"]: row for row in read_rows(tmp_path / "out")}
    assert [rows["boaster"][name] for name in names] == ["done", "14", "14", "3", "2", "4", "5"]
    assert rows["boaster"]["reason"].startswith("released: ")
    assert (again.worked_on, again.complete) == (0, True)

    # Another rubric is applied to what was recomputed; whoever computes anything now fails.
    graded = {name: [row[key] for key in names] for name, row in rows.items()}
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("NO_RECOMPUTATION", "1")
        patch.setattr(sys.modules[__name__], "RUBRIC", RUBRIC.replace("points(5", "points(6"))
        regraded = run(tmp_path, *rows, data=made / "data", released=frozenset({"boaster"}))
    rows = {row["group"]: row for row in read_rows(tmp_path / "out")}
    assert regraded.worked_on == 3
    assert [rows["honest"][name] for name in names] == ["done", "9", "15", *graded["honest"][3:]]
    assert [rows["boaster"][name] for name in names] == ["done", "15", "15", "3", "2", "4", "6"]
    assert {path: path.read_bytes() for path in (tmp_path / "class").rglob("*") if path.is_file()} == before
    assert not (tmp_path / "ran").exists()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["class", "out", "rubric.py"]


@pytest.mark.long
@pytest.mark.slow
def test_without_images_of_the_class_a_group_is_checked_with_its_own(made: Path, tmp_path: Path) -> None:
    for name in ("own", "none", "fewer"):
        shutil.copytree(made / "build", tmp_path / "class" / name / "build")
    for name in ("own", "fewer"):
        shutil.copytree(made / "data", tmp_path / "class" / name / "DATA")
    (tmp_path / "class/fewer/DATA/train/cat/0.png").unlink()
    report = run(tmp_path, "own", "none", "fewer")
    rows = {row["group"]: row for row in read_rows(tmp_path / "out")}
    assert [rows["own"][name] for name in ("status", "score")] == ["done", "9"]
    assert [rows["none"][name] for name in ("status", "score", "reason")] == [
        "not checkable", "", "not checkable: no images",
    ]  # fmt: skip
    assert rows["fewer"]["status"] == "held"
    assert "images" in rows["fewer"]["reason"]
    # Their thirteen images are the same, and so are the settings: no numbers are compared.
    assert "The same images" in (tmp_path / "out/overview.html").read_text(encoding="utf-8")
    assert {row.group.name: len(row.outcome.traits.images) for row in report.rows} == {
        "own": 14, "none": 0, "fewer": 13,
    }  # fmt: skip


@pytest.mark.slow
@pytest.mark.prints
@pytest.mark.long
def test_a_pdf_gets_the_points_of_the_build_folder_it_was_printed_from(tmp_path: Path) -> None:
    """The build folder, graded as it is, is the oracle; the batch sees nothing but its PDF."""
    home = make_home(tmp_path / "home")
    (tmp_path / "group").mkdir()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(backbone, "load_backbone", load_stand_in)
        build(load_settings(folder=home), home / "data", Silent())
        shutil.copy(home / "build/report.pdf", tmp_path / "group/Our Report.PDF")
        (tmp_path / "place").mkdir()
        cache = str(home / "build/.cache")
        config = BatchConfig((), "embedded", "0" * 64, cache, 1000)
        contents = take(tmp_path / "group"), take(home / "data")
        job = Job(
            "One", "one", str(tmp_path / "group"), contents[0], "key", str(tmp_path), config,
            data=str(home / "data"), data_contents=contents[1],
        )  # fmt: skip
        outcome = work(job, tmp_path / "place", Silent())
    whole = grade(home / "build", shipped_rubrics(None), show=False)
    assert (outcome.verification, outcome.hold) == ("confirmed", "")
    assert (outcome.score, outcome.points) == (f"{whole.score:f}", f"{whole.points:f}")
    assert whole.score > 0
    assert {mark.status for mark in outcome.marks} <= {"passed", "failed"}, "nothing was left out"


def take(folder: Path) -> str:
    from reportgen.batch.contents import take_contents

    return take_contents(folder).digest


@pytest.mark.slow
def test_reports_of_earlier_versions_are_not_believed_without_images(tmp_path: Path) -> None:
    released = sorted((Path(__file__).parents[1] / "grader/released").glob("results-*.json"))
    groups = []
    for number, file in enumerate(released):
        build = tmp_path / f"class/{number}/build"
        build.mkdir(parents=True)
        shutil.copy(file, build / "results.json")
        groups.append(Group(str(number), build.parent, str(number)))
    chosen = Class(tuple(groups), (), weights="embedded")
    report = run_batch(chosen, tmp_path / "out", LocalRunner(2), SilentView(), Options(command=COMMAND))
    assert {row.status for row in report.rows} == {"not checkable"}
    assert len(report.rows) == len(released) >= 2
