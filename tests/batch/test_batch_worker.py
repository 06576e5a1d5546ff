"""Real work on groups that are not to be trusted, with a small network in VGG19's place."""

from __future__ import annotations

import json
import shutil
import sys
from dataclasses import replace
from pathlib import Path

import pytest
from class_scene import read_rows
from stand_in import make_home

from reportgen.batch.attempt import LocalRunner
from reportgen.batch.class_file import Class, Group
from reportgen.batch.contents import find_parts
from reportgen.batch.job import BatchConfig, Job
from reportgen.batch.progress_view import SilentView
from reportgen.batch.run import Options, Report, run_batch
from reportgen.batch.worker import _lay_out, _read_settings
from reportgen.settings import Settings

COMMAND = (sys.executable, str(Path(__file__).with_name("stand_in_worker.py")))
RUBRIC = """
from pathlib import Path
import pytest

@pytest.mark.points(3, criterion="Images")
def test_images(results):
    assert len(results.document["dataset"]["images"]) == 14

@pytest.mark.points(2, criterion="Page")
def test_page(report_html):
    assert "trojan" not in report_html

@pytest.mark.points(5, criterion="Lost")
def test_lost(results):
    raise AssertionError("as it must")
"""
HOSTILE = """
weights = "{home}/evil.h5"
cache = "{home}/evil-cache"
build = "{home}/evil-build"
templates = "{home}/class/a/evil-templates"
data = "/etc"
group = "Mine"
[show]
filters = 2
neurons = 2
[guided_backprop]
neurons = ["zero", "top:1"]
"""


def test_paths_and_resources_are_those_of_the_batch(tmp_path: Path) -> None:
    (tmp_path / "report.toml").write_text(HOSTILE.format(home=tmp_path), encoding="utf-8")
    config = BatchConfig((), "/shared/w.h5", "0" * 64, "/shared/c", 77, course="Vision", assignment="Two")
    job = Job("Name", "name", str(tmp_path), "", "", str(tmp_path), config)
    made = _read_settings(find_parts(tmp_path), job, tmp_path / "place")
    assert (made.weights, made.cache, made.cache_limit_mb) == ("/shared/w.h5", Path("/shared/c"), 77)
    assert (made.build, made.templates, made.data) == (
        tmp_path / "place/build", Settings().templates, Settings().data,
    )  # fmt: skip
    # Their own words stand; where they say nothing, those of the class do.
    assert (made.group, made.course, made.assignment) == ("Mine", "Vision", "Two")
    assert made.show.filters == 2


def test_classes_right_in_the_folder_are_taken_without_what_stands_beside_them(tmp_path: Path) -> None:
    group, place = tmp_path / "group", tmp_path / "place"
    for name in ("train/cat/a.png", "test/dog/b.png", "build/results.json", ".git/x", "report.pdf"):
        (group / name).parent.mkdir(parents=True, exist_ok=True)
        (group / name).write_bytes(name.encode())
    place.mkdir()
    parts = find_parts(group)
    assert parts.data is not None
    data = _lay_out(parts.data, parts, place)
    found = {path.relative_to(data).as_posix(): path.read_bytes() for path in data.rglob("*.*")}
    assert found == {name: name.encode() for name in ("train/cat/a.png", "test/dog/b.png")}
    assert data.is_relative_to(place)
    assert parts.submission == group / "build"


def run(home: Path, *names: str, verify: bool = False) -> Report:
    (home / "rubric.py").write_text(RUBRIC, encoding="utf-8")
    groups = tuple(Group(name, home / "class" / name.lower(), name.lower()) for name in names)
    chosen = Class(groups, (home / "rubric.py",), weights="embedded", course="Vision", verify=verify)
    options = Options(command=COMMAND)
    return run_batch(replace(chosen), home / "out", LocalRunner(2), SilentView(), options)


@pytest.mark.slow
def test_groups_are_built_and_graded_within_their_own_folders(tmp_path: Path) -> None:
    hostile = make_home(tmp_path / "class/a")
    (hostile / "report.toml").write_text(HOSTILE.format(home=tmp_path), encoding="utf-8")
    trojan = hostile / "evil-templates/report.html.j2"
    trojan.parent.mkdir()
    trojan.write_text("trojan", encoding="utf-8")
    (hostile / "conftest.py").write_text(f"open({str(tmp_path / 'ran')!r}, 'w')", encoding="utf-8")
    broken = tmp_path / "class/b"
    shutil.copytree(hostile, broken)
    (broken / "data/train/cat/0.png").write_bytes(b"\x89PNG no more")
    (tmp_path / "class/d").mkdir()
    report = run(tmp_path, "A", "B", "D")
    rows = {row["group"]: row for row in read_rows(tmp_path / "out")}
    assert [rows["A"][key] for key in ("score", "points", "Images", "Page", "Lost")] == [
        "5",
        "10",
        "3",
        "2",
        "0",
    ]
    assert rows["B"]["reason"].startswith("train/cat/0.png: ")
    assert rows["D"]["reason"] == "There are no images and no report in the folder"
    assert not report.rows[1].outcome.done
    confusion = json.loads((tmp_path / "out/groups/a/build/results.json").read_text())["transfer"][
        "confusion"
    ]
    correct = sum(row[place] for place, row in enumerate(confusion["test"]))
    assert rows["A"]["accuracy_test"] == f"{correct / 4:.4f}"
    page = (tmp_path / "out/groups/a/build/report.html").read_text(encoding="utf-8")
    assert "Vision" in page
    assert "Mine" in page
    assert not (tmp_path / "ran").exists()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["class", "out", "rubric.py"]
    assert sorted(path.name for path in hostile.iterdir()) == [
        "conftest.py", "data", "evil-templates", "report.toml",
    ]  # fmt: skip
    check_a_report_that_was_handed_in(tmp_path)


def check_a_report_that_was_handed_in(home: Path) -> None:
    """Another group hands in the report of the first one, without images."""
    shutil.copytree(home / "out/groups/a/build", home / "class/e/build")
    report = run(home, "A", "E")
    assert report.worked_on == 1
    rows = {row["group"]: row for row in read_rows(home / "out")}
    assert (rows["E"]["graded"], rows["E"]["score"]) == ("submitted", rows["A"]["score"])
    assert report.rows[0].outcome.fingerprint == report.rows[1].outcome.fingerprint != ""
    assert "Identical results" in (home / "out/overview.html").read_text(encoding="utf-8")


@pytest.mark.slow
def test_a_report_that_was_handed_in_is_compared_with_its_images(tmp_path: Path) -> None:
    made = make_home(tmp_path / "class/a")
    for name in ("b", "c"):
        shutil.copytree(made, tmp_path / "class" / name)
    run(tmp_path, "A")
    for name in ("b", "c"):
        build = shutil.copytree(tmp_path / "out/groups/a/build", tmp_path / "class" / name / "build")
        (build / "report.pdf").unlink()  # stand_in_worker.py prints nothing
    results = tmp_path / "class/c/build/results.json"
    document = json.loads(results.read_text(encoding="utf-8"))
    document["provenance"]["seed"] += 1
    results.write_text(json.dumps(document), encoding="utf-8")
    report = run(tmp_path, "A", "B", "C", verify=True)
    honest, forged = (row.outcome for row in report.rows[1:])
    assert report.rows[0].outcome.verification == "no report handed in"
    assert honest.verification.startswith("nothing differs; ")
    assert "numbers" in forged.verification
    assert [row.group.name for row in report.doubted] == ["C"]
    told = (tmp_path / "out/groups/c/verification.txt").read_text(encoding="utf-8")
    assert told.startswith("NOT CONFIRMED: build: ")
    assert str(tmp_path) not in told
    page = (tmp_path / "out/overview.html").read_text(encoding="utf-8")
    assert page.count('<td class="alarm">') == 1
    assert 'href="groups/c/verification.txt"' in page


@pytest.mark.slow
def test_reports_of_earlier_versions_are_graded_as_they_were_handed_in(tmp_path: Path) -> None:
    """Without images there is nothing to build; no point is lost for the version."""
    released = sorted((Path(__file__).parents[1] / "grader/released").glob("results-*.json"))
    groups = []
    for number, file in enumerate(released):
        build = tmp_path / f"class/{number}/build"
        build.mkdir(parents=True)
        shutil.copy(file, build / "results.json")
        groups.append(Group(str(number), build.parent, str(number)))
    chosen = Class(tuple(groups), (), weights="embedded")
    report = run_batch(chosen, tmp_path / "out", LocalRunner(2), SilentView(), Options(command=COMMAND))
    assert not report.failed
    rows = read_rows(tmp_path / "out")
    assert len(rows) == len(released) >= 2
    for row, file in zip(rows, released, strict=True):
        head = json.loads(file.read_text(encoding="utf-8"))["transfer"]
        assert row["accuracy_test"] == f"{head['correct']['test'] / head['total']['test']:.4f}"
        assert (row["status"], row["graded"], row["points"]) == ("done", "submitted", "100")
        assert row["Q3 Accuracies are those of the matrices"] == "6", "which the numbers alone show"
    assert rows[0]["score"] == rows[1]["score"]
