"""What is found wrong before anything is computed."""

from __future__ import annotations

import shutil
from collections import Counter
from pathlib import Path

import pytest
from bs4 import BeautifulSoup
from stand_in import LABELS, counting, make_home

from reportgen.engine import pipeline, preflight
from reportgen.engine.expected import expect_names
from reportgen.engine.preparation import preview
from reportgen.errors import PreflightError, Problem, SettingsError, UserError
from reportgen.models.backbone import Backbone
from reportgen.outline.kind import find_kind
from reportgen.sections.guided_backprop.preflight import EXPLAINED_SHAPE
from reportgen.settings import load_settings

TABLES = 'neurons = ["zero", "top:1"]'


@pytest.fixture
def home(tmp_path: Path) -> Path:
    return make_home(tmp_path)


def edit(home: Path, old: str, new: str) -> None:
    file = home / "report.toml"
    text = file.read_text(encoding="utf-8")
    assert old in text
    file.write_text(text.replace(old, new), encoding="utf-8")


def refused(home: Path, *, built: bool = False) -> tuple[PreflightError, Counter[str]]:
    """What a build is refused with, and what it had run through the network by then."""
    with counting() as passes, pytest.raises(PreflightError) as caught:
        pipeline.build(load_settings(folder=home), home / "data")
    assert (home / "build/report.html").exists() == built
    return caught.value, passes


def test_all_neurons_outside_the_layer_are_told_before_anything_is_computed(home: Path) -> None:
    edit(home, TABLES, "neurons = [[14, 0, 0], [13, 13, 511], [0, 99, 0], [0, 0, 512]]")
    error, passes = refused(home)
    assert [problem.line.split("neurons: ")[1].split(" lies")[0] for problem in error.problems] == [
        "[14, 0, 0]", "[0, 99, 0]", "[0, 0, 512]",
    ]  # fmt: skip
    assert not passes


def test_the_layer_is_as_large_as_it_is_taken_to_be(backbone: Backbone) -> None:
    assert backbone.convolutions.output_shape[1:] == EXPLAINED_SHAPE


WORDS = 'transfer = "These words are mine."'
FAULTY = """\
transfer = '''
Right: $x^2$, @fig:patches-cat, @tab:guided-1, {{ transfer.accuracy.test | percent }}.

Wrong: $\\nothing$, @fig:patches-bird,
{{ transfer.acuracy.test }}.'''
neurons = "{{ neurons.top.cat[2].value }}"
observations = "Open {{ braces"
"""


def test_all_faults_of_the_commentary_are_told_with_their_lines_before_anything_is_computed(
    home: Path,
) -> None:
    edit(home, WORDS, FAULTY)
    file = (home / "report.toml").read_text(encoding="utf-8").splitlines()
    error, passes = refused(home)
    assert not passes
    reported = [
        problem.line.removeprefix(f"{home / 'report.toml'}, line ").split(": ", 2)
        for problem in error.problems
    ]
    for (number, slot, words), (wrong, name, said) in zip(
        reported,
        [
            ("nothing", "transfer", "the formula $\\nothing$ cannot be set"),
            ("bird", "transfer", "did you mean '@fig:patches"),
            ("acuracy", "transfer", "did you mean 'accuracy'?"),
            ("cat[2]", "neurons", "a list of 2"),
            ("braces", "observations", "has no }} at its end"),
        ],
        strict=True,
    ):
        assert wrong in file[int(number) - 1]
        assert slot == f"commentary.{name}"
        assert said in words


def test_neurons_outside_the_layer_are_told_with_their_lines(home: Path) -> None:
    edit(home, TABLES, "neurons = [\n  [0, 0, 0],\n  [99, 0, 0],\n]")
    assert ", line 12: guided_backprop.neurons: [99, 0, 0] lies" in refused(home)[0].problem


def test_an_unknown_theme_is_one_error_that_lists_the_themes(home: Path) -> None:
    edit(home, 'group = "One"', 'group = "One"\ntheme = "slides"')
    error, passes = refused(home)
    (problem,) = error.problems
    number = (home / "report.toml").read_text(encoding="utf-8").splitlines().index('theme = "slides"') + 1
    assert f", line {number}: theme: there is no theme 'slides'; there are paper, report." in problem.line
    assert not passes


def test_an_unknown_class_to_be_explained_is_one_error_that_lists_the_classes(home: Path) -> None:
    edit(home, 'group = "One"', 'group = "One"\n[methods]\nof = "dgo"')
    error, passes = refused(home)
    (problem,) = error.problems
    number = (home / "report.toml").read_text(encoding="utf-8").splitlines().index('of = "dgo"') + 1
    assert f", line {number}: methods.of: there is no class 'dgo' (did you mean 'dog'?)" in problem.line
    assert "'predicted'" in problem.remedy
    assert problem.remedy.endswith("cat, dog.")
    assert not passes


WARY = """
from reportgen.errors import Problem

def find_problems(settings, inventory):
    if len(inventory.classes) < settings.seed:
        yield Problem(f"{len(inventory.classes)} classes are fewer than {settings.seed}.", "Add one.")
    if settings.seed == 1:
        raise LookupError("nothing there")
"""


@pytest.mark.parametrize(
    ("seed", "said"),
    [
        (3, "2 classes are fewer than 3."),
        (1, "section 'wary': LookupError: nothing there"),
    ],
)
def test_a_section_from_outside_refuses_what_it_finds_wrong(
    home: Path, monkeypatch: pytest.MonkeyPatch, seed: int, said: str
) -> None:
    package = home / f"packages_{seed}" / f"wary_{seed}"
    shutil.copytree(Path(__file__).parents[1] / "outside/plain", package)
    file = package / "section.py"
    text = file.read_text(encoding="utf-8")
    file.write_text(
        text.replace('name="plain"', 'name="wary"').replace('package="plain"', f'package="{package.name}"'),
        encoding="utf-8",
    )
    (package / "preflight.py").write_text(WARY, encoding="utf-8")
    monkeypatch.syspath_prepend(str(package.parent))
    (home / "report.toml").write_text(
        f'seed = {seed}\nweights = "embedded"\nsections = ["{package.name}.section:SECTION"]\n',
        encoding="utf-8",
    )
    with counting() as passes, pytest.raises(UserError) as caught:
        pipeline.build(load_settings(folder=home), home / "data")
    assert said in caught.value.problem
    assert not passes


@pytest.mark.parametrize(
    ("lines", "said"),
    [('[example_images]\nbird = "x.png"', "no class 'bird'"), ('templates = "nowhere"', "no such folder")],
)
def test_settings_that_the_data_contradict_are_told_with_the_file_that_was_read(
    home: Path, lines: str, said: str
) -> None:
    (home / "other.toml").write_text(f"\n{lines}\n", encoding="utf-8")
    with pytest.raises(SettingsError) as caught:
        pipeline.build(load_settings(home / "other.toml"), home / "data")
    assert caught.value.problem.startswith(f"{home / 'other.toml'}, line 2: {lines.strip('[')[:9]}")
    assert said in caught.value.problem


def test_a_preview_tells_the_same(home: Path) -> None:
    edit(home, WORDS, FAULTY)
    with pytest.raises(PreflightError):
        preview(load_settings(folder=home), home / "data")


@pytest.mark.long
def test_nothing_is_looked_at_again_if_nothing_is_to_be_done(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with counting():
        pipeline.build(load_settings(folder=home), home / "data")
    monkeypatch.setattr(preflight, "CHECKS", (lambda _: [Problem("Wrong.", "Mend it.")],))
    assert not pipeline.build(load_settings(folder=home), home / "data").changed
    edit(home, WORDS, 'transfer = "Others."')
    assert refused(home, built=True)[0].problem == "Wrong."


@pytest.mark.long
def test_the_names_that_are_expected_are_those_of_the_document(home: Path) -> None:
    with counting():
        pipeline.build(load_settings(folder=home), home / "data")
    page = BeautifulSoup((home / "build/report.html").read_text(encoding="utf-8"), "html.parser")
    displayed = {
        (kind, str(tag["id"]).removeprefix(f"{kind}-"))
        for kind in ("figure", "table")
        for tag in page.select(f"[id^={kind}-]")
    }
    expected = set(expect_names(find_kind(), len(LABELS), annotated=False))
    assert displayed <= expected
    assert expected - displayed <= {("figure", name) for name in ("misclassified", "nearest", "twins")}


def test_problems_of_all_checks_are_told_once_in_their_order(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    one, two = Problem("One is wrong.", "Mend it."), Problem("Two is wrong.", "Mend that.")
    monkeypatch.setattr(preflight, "CHECKS", (lambda _: [one], lambda _: iter([one, two])))
    assert refused(home)[0].problems == (one, two)


def test_a_remedy_that_all_share_is_said_once() -> None:
    problems = [Problem("One.", "Mend it."), Problem("Two.", "Mend it.")]
    error: UserError = PreflightError(problems)
    assert (error.problem, error.remedy, error.exit_code) == ("One.\nTwo.", "Mend it.", 2)


def test_different_remedies_stand_beside_their_problems() -> None:
    error = PreflightError([Problem("One.", "Mend it."), Problem("Two.", "Mend that.")])
    assert error.problem.splitlines() == ["One. Mend it.", "Two. Mend that."]
