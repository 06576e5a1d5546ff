"""A whole report of another assignment, from a package that reportgen knows nothing of: it has a name, a
version, a title page and a section of its own, and not a line of reportgen is changed for it.
"""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import numpy as np
import pytest
from jsonschema import Draft202012Validator
from outside_project import Project, make_environment
from PIL import Image

pytestmark = [pytest.mark.slow, pytest.mark.prints]

KIND = {"name": "photometry", "version": "2.3", "sections": ["contrast", "convolution"]}
SETTINGS = """
report = "photometry"
group = "Outsiders"

[commentary]
contrast = "See @fig:contrast-tiles."
"""


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Project:
    environment = make_environment(
        tmp_path_factory.mktemp("outside") / "venv",
        ["photometry"],
        "photometry",
        "[reportgen.reports]\nphotometry = photometry.report:REPORT\n",
    )
    settings = (
        'report = "photometry"\ngroup = "Outsiders"\n[commentary]\ncontrast = "See @fig:contrast-tiles."\n'
    )
    project = Project(environment, tmp_path_factory.mktemp("report"), settings)
    project.run("build", "--quiet")
    return project


def test_its_results_have_its_name_its_version_and_its_sections_alone(project: Project) -> None:
    results = project.results()
    assert results["kind"] == KIND
    assert (results["report"]["assignment"], results["report"]["course"]) == (
        "Photometry of photographs",
        "Optics I",
    )
    assert {"transfer", "neurons", "brightness"} & results.keys() == set()
    expected = {}
    for label, file in results["dataset"]["examples"].items():
        with Image.open(project.folder / "data" / file) as image:
            pixels = image.convert("RGB").resize((224, 224), Image.Resampling.BILINEAR)
            expected[label] = float(np.asarray(pixels, np.float64).std() / 255)
    assert results["contrast"]["deviation"] == pytest.approx(expected, abs=2 / 255)


def test_its_page_has_its_title_and_numbers_lists_and_links_its_sections(project: Project) -> None:
    page = project.page()
    assert page.select_one("header.title h1").get_text() == "Photometry of photographs"  # type: ignore[union-attr]
    contents = [link.get_text().strip() for link in page.select("nav.contents ol a")]
    # After the lists of figures and tables.
    assert contents[1:3] == ["Contrast", "Convolution with one filter"]
    captions = {
        str(figure["id"]): figure.select_one("figcaption b").get_text().replace("\xa0", " ")  # type: ignore[union-attr]
        for figure in page.select("#contrast figure, #convolution figure")
        if figure.select_one("figcaption b")
    }
    assert [text.split(".")[1].strip() for text in captions.values()] == ["1", "2", "3", "4"]
    assert captions["figure-contrast_tiles"].startswith("Fig. 1. The example images")
    words = page.select_one("#contrast aside.commentary")
    assert words is not None
    assert "See Fig. 1." in words.get_text().replace("\xa0", " ")
    links = page.select("#contrast p a.n")
    assert len(links) >= 3
    pointers = {
        str(page.select_one("tr" + str(link["href"]))["data-ptr"])  # type: ignore[index]
        for link in links
    }
    assert {f"/contrast/deviation/{label}" for label in project.results()["dataset"]["classes"]} <= pointers


def test_its_schema_and_its_pointers_are_those_of_its_sections(project: Project) -> None:
    schema = json.loads(project.run("schema").stdout)
    Draft202012Validator(schema).validate(project.results())
    changed = project.results()
    changed["contrast"]["deviation"] = dict.fromkeys(changed["contrast"]["deviation"], 2.0)
    assert not Draft202012Validator(schema).is_valid(changed)
    assert "`/contrast/deviation/<class>`" in project.run("schema", "--pointers").stdout


def test_it_is_graded_by_the_rows_of_its_sections(project: Project) -> None:
    project.run("grade", "--json", "grades.json")
    graded = json.loads((project.folder / "grades.json").read_text(encoding="utf-8"))
    points = {each["name"]: (each["score"], each["points"]) for each in graded["criteria"]}
    assert points["Contrast is a share"] == ("4", "4")
    assert not any(name.startswith("Q3 Base") for name in points)


# The section from outside is verified by the same way in every run.
@pytest.mark.long
def test_it_is_confirmed_by_name_and_a_forged_number_is_not(project: Project, tmp_path: Path) -> None:
    honest = project.run("verify", "build", "--data", "data", "--report", "photometry")
    assert "/contrast" not in honest.stdout
    pointer = project.forge(tmp_path / "forged", "contrast", "deviation", 0.9)
    asked = ("--data", "data", "--report", "photometry", "--json", "found.json")
    assert pointer in project.run("verify", tmp_path / "forged", *asked, code=1).stdout
    rows = json.loads((project.folder / "found.json").read_text(encoding="utf-8"))["rows"]
    statuses = {row["pointer"]: row["status"] for row in rows if row["subject"] == "numbers"}
    assert statuses[pointer] == "differs"


@pytest.mark.long
def test_another_report_than_is_asked_for_is_no_such_report(project: Project) -> None:
    asked = ("--report", "assignment", "--section", "convolution")
    said = project.run("verify", "build", "--data", "data", *asked, code=1).stdout
    assert "/kind/name" in said


def test_two_of_them_differ_by_their_numbers(project: Project, tmp_path: Path) -> None:
    pointer = project.forge(tmp_path / "other", "contrast", "deviation", 0.9)
    assert pointer in project.run("diff", "build", tmp_path / "other", code=1).stdout


@pytest.mark.long
def test_no_submission_has_it_imported(project: Project) -> None:
    """Whoever lacks the package can check nothing, and accuses nobody."""
    (site,) = project.environment.glob("lib/python*/site-packages")
    package, elsewhere = site / "photometry", site / "put_aside"
    described = site / "photometry-1.0.dist-info/entry_points.txt"
    before = described.read_text()
    described.write_text("")
    package.rename(elsewhere)
    try:
        said = project.run("verify", "build", "--data", "data", code=3).stdout
    finally:
        elsewhere.rename(package)
        described.write_text(before)
    assert "photometry" in said
    assert "not installed here" in said


@pytest.mark.long
def test_a_class_is_asked_for_it_whatever_a_group_says(project: Project, tmp_path: Path) -> None:
    group = tmp_path / "groups/one"
    group.mkdir(parents=True)
    shutil.copy(project.folder / "build/report.pdf", group)
    shutil.copytree(project.folder / "data", tmp_path / "images")
    (group / "report.toml").write_text('report = "assignment"\ngroup = "Mine"\n', encoding="utf-8")
    (tmp_path / "class.toml").write_text(
        'data = "images"\nreport = "photometry"\nverify = true\n'
        '[[group]]\nname = "One"\nfolder = "groups/one"\n',
        encoding="utf-8",
    )
    project.run("batch", tmp_path / "class.toml", "--out", tmp_path / "out", "--quiet")
    (made,) = (tmp_path / "out").glob("groups/one/**/build/results.json")
    assert json.loads(made.read_bytes())["kind"] == KIND
    (graded,) = (tmp_path / "out").glob("groups/one/**/grades.md")
    assert "Contrast is a share" in graded.read_text(encoding="utf-8")
    (found,) = (tmp_path / "out").glob("groups/one/**/verification.json")
    assert [r for r in json.loads(found.read_bytes())["rows"] if r["status"] == "differs"] == []
