"""The fonts that a report takes are an input like any other: in the keys, in the results, checked first."""

from __future__ import annotations

import hashlib
import sys
from pathlib import Path
from typing import Any

import pytest
from made_fonts import make_font
from stand_in import COUNTS, SETTINGS, counting, make_home

from reportgen.dataset.inventory import take_inventory
from reportgen.engine import pipeline
from reportgen.engine.plan import Plan, make_plan
from reportgen.engine.preflight import find_problems
from reportgen.errors import PreflightError
from reportgen.settings import load_settings
from reportgen.templates import open_templates
from reportgen.weights import WeightsFile

WEIGHTS = WeightsFile("embedded", Path("w.h5"), "1" * 64)
DOCUMENT = {"results", "html", "pdf"}
LABELLED = {
    "figures_convolution",
    "figures_conv_stack",
    "figures_transfer",
    "figures_neurons",
    "figures_channels",
    "figures_occlusion",
    "figures_guided_backprop",
    "figures_methods",
    "figures_randomisation",
    "figures_shortcuts",
    "figures_errors",
}


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A project on a machine without any font but those that a test puts into ``fonts/``."""
    for name in ("XDG_DATA_HOME", "XDG_DATA_DIRS", "HOME"):
        monkeypatch.setenv(name, str(tmp_path / "machine"))
    monkeypatch.setattr(sys, "prefix", str(tmp_path / "machine"))
    return make_home(tmp_path / "home")


def install(home: Path, name: str, characters: str, **options: Any) -> str:
    """Make a font one of the machine's."""
    return make_font(home.parent / "machine" / "fonts" / name, characters, **options)


def planned(home: Path, **settings: Any) -> Plan:
    chosen = load_settings(folder=home, **settings)
    return make_plan(chosen, take_inventory(home / "data", chosen.seed), WEIGHTS, open_templates())


def with_fonts(plan: Plan) -> dict[str, dict[str, str]]:
    return {
        name: dict(stage.inputs["fonts"]) for name, stage in plan.stages.items() if "fonts" in stage.inputs
    }


def rename_class(home: Path, name: str) -> None:
    for split in COUNTS:
        (home / "data" / split / "cat").rename(home / "data" / split / name)


def test_a_font_of_the_machine_is_in_the_keys_of_what_it_prints(home: Path) -> None:
    assert with_fonts(planned(home, group="Größe שלום")) == {}
    file = install(home, "a.ttf", "豹")
    assert with_fonts(planned(home)) == {}
    plan = planned(home, group="豹")
    sha256 = hashlib.sha256(Path(file).read_bytes()).hexdigest()
    assert with_fonts(plan) == {name: {"1: a.ttf, face 0": sha256} for name in DOCUMENT}
    install(home, "a.ttf", "豹蝶")
    again = planned(home, group="豹")
    assert {name for name, stage in plan.stages.items() if stage.key != again.stages[name].key} == DOCUMENT


def test_a_font_that_sets_the_name_of_a_class_is_in_the_keys_of_figures(home: Path) -> None:
    install(home, "a.ttf", "豹")
    rename_class(home, "豹")
    assert set(with_fonts(planned(home))) == DOCUMENT | LABELLED


def test_fonts_of_the_settings_count_by_content_and_in_their_order(home: Path) -> None:
    first, second = (Path(make_font(home / f"{n}.ttf", text)) for n, text in enumerate(("豹", "豹蝶")))
    one = with_fonts(planned(home, group="豹 蝶", fonts=[first, second]))["html"]
    other = with_fonts(planned(home, group="豹 蝶", fonts=[second, first]))["html"]
    assert len(one) == 2
    assert len(other) == 1
    (home / "report.toml").write_text('group = "蝶"\nfonts = ["1.ttf"]\n')
    assert list(with_fonts(planned(home))["html"]) == ["1: 1.ttf, face 0"]


def test_everything_without_a_font_is_told_in_one_list(home: Path) -> None:
    rename_class(home, "豹")
    settings = {
        "group": "ส",
        "authors": [{"name": "Ada"}, {"name": "魚", "roll_number": "鳥"}],
        "commentary": {"transfer": "word " * 60 + "蝶"},
    }
    problems = find_problems(planned(home, **settings))
    assert [problem.line.partition(":")[0] for problem in problems] == [
        "group", "authors, number 2", "commentary.transfer", "the class 豹", "the names of the files",
    ]  # fmt: skip
    assert "鳥 (Han)" in problems[1].line
    assert "“蝶…”" in problems[2].line
    assert "fonts-noto-core" in problems[0].remedy
    install(home, "a.ttf", "豹蝶魚鳥ส")
    assert find_problems(planned(home, **settings)) == []


def test_a_missing_font_is_found_before_anything_is_computed(home: Path) -> None:
    (home / "report.toml").write_text(SETTINGS.replace('"One"', '"豹"'))
    with counting() as passes, pytest.raises(PreflightError, match="豹"):
        pipeline.build(load_settings(folder=home), home / "data")
    assert not passes
    assert not (home / "build" / "results.json").exists()


@pytest.mark.long
def test_the_results_name_the_fonts_and_the_user_is_told(home: Path) -> None:
    with counting():
        without = pipeline.build(load_settings(folder=home), home / "data")
    assert without.document["provenance"]["fonts"] == []
    assert not any("own fonts lack" in note for note in without.notes)
    file = install(home, "a.ttf", "豹", family="Own Squares")
    (home / "report.toml").write_text(SETTINGS.replace('"One"', '"豹"'))
    with counting():
        built = pipeline.build(load_settings(folder=home), home / "data")
        again = pipeline.build(load_settings(folder=home), home / "data")
    sha256 = hashlib.sha256(Path(file).read_bytes()).hexdigest()
    assert built.document["provenance"]["fonts"] == [{"name": "Own Squares Regular", "sha256": sha256}]
    assert any("Own Squares Regular" in note for note in built.notes)
    assert "Report Found 1" in built.path("report.html").read_text()
    assert not again.changed
    assert again.notes == built.notes
    install(home, "a.ttf", "豹", family="Other Squares")
    with counting() as passes:
        other = pipeline.build(load_settings(folder=home), home / "data")
    assert other.document["provenance"]["fonts"][0]["name"] == "Other Squares Regular"
    assert not passes
