"""A section of a package that reportgen knows nothing of, in a report with one more section: everything that
a section of reportgen's own gets, it gets, and not a line of reportgen is changed for it.
"""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest
from jsonschema import Draft202012Validator
from outside_project import Project, make_environment
from PIL import Image

pytestmark = [pytest.mark.slow, pytest.mark.prints]

PACKAGES = ("brightness", "plain", "grad_cam")
"""The first is installed, of the others only their modules can be imported."""

PLAIN = "plain.section:SECTION"
SETTINGS = """
group = "Outsiders"
sections = ["convolution", "brightness"]

[commentary]
brightness = "It is {{ brightness.mean | nothing }} bright."
"""
WORDS = 'brightness = "See @fig:brightness-rows and @tab:brightest."'


@pytest.fixture(scope="module")
def environment(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A virtual environment with this reportgen and its libraries, in which the package is installed."""
    return make_environment(
        tmp_path_factory.mktemp("outside") / "venv",
        PACKAGES,
        "brightness",
        "[reportgen.sections]\nbrightness = brightness.section:SECTION\n",
    )


@pytest.fixture(scope="module")
def project(environment: Path, tmp_path_factory: pytest.TempPathFactory) -> Project:
    project = Project(environment, tmp_path_factory.mktemp("project"), SETTINGS)
    refused = project.run("build", "--quiet", code=2).stderr
    assert "commentary.brightness" in refused
    assert "nothing" in refused
    project.write_settings(SETTINGS.replace(SETTINGS.splitlines()[-1], WORDS))
    project.run("build", "--quiet")
    return project


def expected_means(project: Project) -> dict[str, float]:
    """Of the image of each class that the results name, resized as the report says."""
    means = {}
    for label, file in project.results()["dataset"]["examples"].items():
        with Image.open(project.folder / "data" / file) as image:
            pixels = image.convert("RGB").resize((224, 224), Image.Resampling.BILINEAR)
            means[label] = float(np.asarray(pixels, np.float64).mean() / 255)
    return means


def test_its_numbers_are_in_the_results_and_no_other_section_is(project: Project) -> None:
    results = project.results()
    assert results["kind"]["sections"] == ["convolution", "brightness"]
    assert {"transfer", "neurons", "conv_stack", "guided_backprop"} & results.keys() == set()
    assert results["brightness"]["mean"] == pytest.approx(expected_means(project), abs=2 / 255)
    assert [check["name"] for check in results["checks"]] == [
        "convolution_shape", "filters_redrawn", "brightest_named",
    ]  # fmt: skip
    with np.load(project.folder / "build/arrays/brightness.npz") as arrays:
        assert arrays["rows_0"].shape == (224,)


def test_the_page_numbers_lists_and_links_it(project: Project) -> None:
    page = project.page()
    contents = [link.get_text().strip() for link in page.select("nav.contents ol a")]
    assert contents[1:3] == ["Convolution with one filter", "Brightness in 8 bits"]
    figure = page.select_one("#figure-brightness_rows figcaption b")
    assert figure is not None
    assert figure.get_text().replace("\xa0", " ").startswith("Fig. 4. Brightness of the rows")
    table = page.select_one("#table-brightest")
    assert table is not None
    assert table.get_text().replace("\xa0", " ").startswith("Table 1.")
    words = page.select_one("#brightness aside.commentary")
    assert words is not None
    heading = words.select_one(".of-authors")
    assert heading is not None
    heading.decompose()
    assert words.get_text().strip().replace("\xa0", " ") == "See Fig. 4 and Table 1."
    for link in page.select("#brightness td.num a.n"):
        row = page.select_one(str(link["href"]).replace("#", "tr#"))
        assert row is not None
        assert str(row["data-ptr"]).startswith("/brightness/mean/")
        made = row.parent
        assert made is not None
        assert "brightness.compute.measure_brightness" in made.get_text()
        assert "reportgen build --only brightness" in made.get_text()
    assert "Bouguer" in page.select_one("#references").get_text()  # type: ignore[union-attr]
    assert "Springenberg" not in page.select_one("#references").get_text()  # type: ignore[union-attr]


def test_the_schema_and_the_pointers_have_it(project: Project) -> None:
    schema = json.loads(project.run("schema").stdout)
    Draft202012Validator(schema).validate(project.results())
    changed = project.results()
    changed["brightness"]["mean"] = dict.fromkeys(changed["brightness"]["mean"], 2.0)
    assert not Draft202012Validator(schema).is_valid(changed)
    assert "`/brightness/mean/<class>`" in project.run("schema", "--pointers").stdout


def test_nothing_is_to_be_done_twice_and_its_code_is_in_the_key(project: Project) -> None:
    assert "Nothing is to be done" in project.run("build", "--explain", "--dry-run").stdout
    (site,) = project.environment.glob("lib/python*/site-packages/brightness")
    code = site / "compute.py"
    before = code.read_text(encoding="utf-8")
    code.write_text(before.replace("/ 255", "/ 256"), encoding="utf-8")
    try:
        said = project.run("build", "--explain", "--dry-run").stdout
    finally:
        code.write_text(before, encoding="utf-8")
    runs = {line.split()[0] for line in said.splitlines() if line.startswith("  ") and " runs" in line}
    assert runs == {"brightness", "results", "figures_brightness", "html", "pdf"}


@pytest.mark.long
def test_who_wrote_it_hears_of_its_faults(project: Project) -> None:
    (site,) = project.environment.glob("lib/python*/site-packages/brightness")
    for file, old, new, words in (
        (
            "compute.py",
            "numbers = Brightness(",
            "numbers = Brightness(brightest_of_all=1 / 0,",
            "ZeroDivisionError",
        ),
        ("figures.py", '"brightness_rows",', '"brightness_columns",', "draws 'brightness_columns'"),
        ("figures.py", "def draw(", "draw = lambda data: ()\n\ndef undrawn(", "does not draw"),
        ("result.py", "class Brightness(", "class Darkness(", "cannot import name 'Brightness'"),
        ("claims.py", "    yield Claim(", "    yield Claim(1 / 0,", "ZeroDivisionError"),
    ):
        code = site / file
        before = code.read_text(encoding="utf-8")
        code.write_text(before.replace(old, new), encoding="utf-8")
        try:
            said = project.run("build", "--quiet", "--build", "elsewhere", code=1).stderr
        finally:
            code.write_text(before, encoding="utf-8")
        assert "section 'brightness'" in said
        assert words in said
        assert "Traceback" not in said
        assert "fault of reportgen" not in said


def test_it_is_graded_by_its_own_rows(project: Project) -> None:
    project.run("grade", "--json", "grades.json")
    graded = json.loads((project.folder / "grades.json").read_text(encoding="utf-8"))
    points = {each["name"]: (each["score"], each["points"]) for each in graded["criteria"]}
    assert points["Brightness is that of the rows"] == ("3", "3")
    assert points["Brightness is a share"] == ("2", "2")
    assert not any(name.startswith("Q3 Base") for name in points)


def test_an_honest_report_is_confirmed_and_a_forged_number_is_not(project: Project, tmp_path: Path) -> None:
    # The forged one is compared with what was computed for the honest one: the data are the same.
    cache = ("--cache", tmp_path / "cache")
    honest = project.run("verify", "build", "--data", "data", *cache)
    assert "/brightness" not in honest.stdout
    forged = tmp_path / "forged"
    shutil.copytree(project.folder / "build", forged, ignore=shutil.ignore_patterns("report.pdf", ".lock"))
    document = json.loads((forged / "results.json").read_bytes())
    label = next(iter(document["brightness"]["mean"]))
    document["brightness"]["mean"][label] += 0.1
    (forged / "results.json").write_text(json.dumps(document), encoding="utf-8")
    found = project.run("verify", forged, "--data", "data", *cache, "--json", "found.json", code=1)
    assert "/brightness/mean/" in found.stdout
    rows = json.loads((project.folder / "found.json").read_text(encoding="utf-8"))["rows"]
    assert any(
        row["pointer"].startswith("/brightness/mean/")
        and row["status"] == "differs"
        and row["subject"] == "numbers"
        for row in rows
    )


def test_two_reports_differ_by_its_numbers(project: Project, tmp_path: Path) -> None:
    other = tmp_path / "other"
    shutil.copytree(project.folder / "build", other)
    document = json.loads((other / "results.json").read_bytes())
    label = next(iter(document["brightness"]["mean"]))
    document["brightness"]["mean"][label] = 0.25
    (other / "results.json").write_text(json.dumps(document), encoding="utf-8")
    assert "/brightness/mean/" in project.run("diff", "build", other, code=1).stdout


@pytest.mark.long
def test_a_class_is_asked_for_it_whatever_a_group_says(project: Project, tmp_path: Path) -> None:
    group = tmp_path / "groups/one"
    group.mkdir(parents=True)
    shutil.copy(project.folder / "build/report.pdf", group)
    shutil.copytree(project.folder / "data", tmp_path / "images")
    (group / "report.toml").write_text('sections = ["convolution"]\ngroup = "Mine"\n', encoding="utf-8")
    (tmp_path / "class.toml").write_text(
        'data = "images"\nsections = ["convolution", "brightness"]\n'
        '[[group]]\nname = "One"\nfolder = "groups/one"\n',
        encoding="utf-8",
    )
    project.run("batch", tmp_path / "class.toml", "--out", tmp_path / "out", "--quiet")
    made = list((tmp_path / "out").glob("**/build/results.json"))
    kinds = {tuple(json.loads(file.read_bytes())["kind"]["sections"]) for file in made}
    assert kinds == {("convolution", "brightness")}
    graded = [file.read_text(encoding="utf-8") for file in (tmp_path / "out").glob("**/grades.md")]
    assert graded
    assert all("Brightness is that of the rows" in text for text in graded)


@pytest.mark.long
def test_a_class_holds_other_sections_than_it_asks_for_against_a_report(
    project: Project, tmp_path: Path
) -> None:
    group = tmp_path / "groups/one"
    shutil.copytree(project.folder / "data", group / "data")
    shutil.copy(project.folder / "build/report.pdf", group)
    (tmp_path / "class.toml").write_text(
        'verify = true\nsections = ["convolution"]\n[[group]]\nname = "One"\nfolder = "groups/one"\n',
        encoding="utf-8",
    )
    # What differs is held.
    project.run("batch", tmp_path / "class.toml", "--out", tmp_path / "out", "--quiet", code=1)
    (found,) = (tmp_path / "out/groups/one").glob("**/verification.json")
    rows = json.loads(found.read_bytes())["rows"]
    assert [row["status"] for row in rows if row["pointer"] == "/kind/sections"] == ["differs"]


@pytest.fixture(scope="module")
def least(environment: Path, tmp_path_factory: pytest.TempPathFactory) -> Project:
    """A report of one section, named by its module, which has nothing that a section may have."""
    project = Project(environment, tmp_path_factory.mktemp("least"), f'sections = ["{PLAIN}"]\n')
    project.run("build", "--quiet")
    return project


@pytest.mark.long
def test_a_report_may_have_no_figure_claim_and_publication(least: Project) -> None:
    page = least.page()
    assert least.results()["checks"] == []
    assert [item for item in page.select("ul, ol, nav") if not item.get_text(strip=True)] == []
    assert page.select("#references, a[href='#references'], figure") == []
    assert "There are 3 classes." in page.select_one("#plain").get_text()  # type: ignore[union-attr]
    assert "Weights used" not in page.get_text()


def test_a_section_that_is_named_by_its_module_is_graded(least: Project) -> None:
    least.run("grade", "--json", "grades.json")
    assert ("Plain", "1") in criteria(least)


def test_a_stranger_s_section_is_graded_if_the_grader_names_it(least: Project) -> None:
    """The settings of the folder are one's own, and not those of a report that is named."""
    least.run("grade", "build", "--json", "grades.json", code=1)
    assert "Plain" not in {name for name, _ in criteria(least)}
    least.run("grade", "build", "--section", PLAIN, "--json", "grades.json")
    assert ("Plain", "1") in criteria(least)
    refused = least.run("grade", "build", "--section", "plaim", code=2)
    assert "plaim" in refused.stderr


def criteria(project: Project) -> list[tuple[str, str]]:
    """The names and points of what was graded last."""
    graded = json.loads((project.folder / "grades.json").read_text(encoding="utf-8"))
    return [(each["name"], each["score"]) for each in graded["criteria"]]


def test_from_python_it_is_read_as_it_was_built(least: Project) -> None:
    code = """import reportgen
report = reportgen.build(settings="report.toml", data="data", quiet=True)
print(report.changed, report.results.plain, len(reportgen.load_results("build").tables))"""
    done = least.python("-c", code)
    assert done.stdout.startswith("False ")


@pytest.mark.long
def test_what_is_not_installed_is_not_checkable_and_no_forgery(least: Project) -> None:
    assert "not installed here" in least.run("verify", "build", "--data", "data", code=3).stdout
    least.run("verify", "build", "--data", "data", "--section", PLAIN)
    found = least.run("verify", "build", "--data", "data", "--section", "convolution", code=1).stdout
    assert "/kind/sections" in found


@pytest.mark.long
def test_a_section_may_be_computed_from_another(environment: Path, tmp_path: Path) -> None:
    """The mean of a map of evidence, times its positions, is the score without the bias (GAP, one layer)."""
    chosen = 'sections = [{}, "grad_cam:SECTION"]\n[show]\nneurons = 1\n'
    project = Project(environment, tmp_path, chosen.format('"convolution"'))
    refused = project.run("build", "--quiet", code=2).stderr
    assert "'grad_cam' is computed from 'transfer', which is not before it" in refused
    project.write_settings(chosen.format('"transfer"'))
    project.run("build", "--quiet")
    results = project.results()
    with np.load(tmp_path / "build/arrays/grad_cam.npz") as arrays:
        maps = arrays["maps"].astype(np.float64)
    assert maps.shape == (3, 3, 14, 14)
    with h5py.File(tmp_path / "build/head.weights.h5") as file:
        found: list[Any] = []
        file.visititems(lambda _, item: found.append(item[()]) if isinstance(item, h5py.Dataset) else None)
    (bias,) = (each for each in found if each.ndim == 1)
    scores = maps.sum(axis=(2, 3)) + bias
    likely = np.exp(scores) / np.exp(scores).sum(axis=1, keepdims=True)
    tested = [image["file"] for image in results["dataset"]["images"] if image["split"] == "test"]
    with np.load(tmp_path / "build/arrays/transfer.npz") as arrays:
        expected = [
            arrays["probabilities_test"][tested.index(each)]
            for each in results["dataset"]["examples"].values()
        ]
    np.testing.assert_allclose(likely, expected, rtol=1e-3, atol=1e-6)
    assert "Selvaraju" in project.page().select_one("#references").get_text()  # type: ignore[union-attr]
