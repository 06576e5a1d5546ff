"""What is found wrong before anything is computed."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest
from stand_in import counting, make_home

from reportgen import pipeline, preflight
from reportgen.errors import PreflightError, Problem, UserError
from reportgen.models import Backbone
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


def refused(home: Path) -> tuple[PreflightError, Counter[str]]:
    """What a build is refused with, and what it had run through the network by then."""
    with counting() as passes, pytest.raises(PreflightError) as caught:
        pipeline.build(load_settings(folder=home), home / "data")
    assert not (home / "build/report.html").exists()
    return caught.value, passes


def test_all_neurons_outside_the_layer_are_told_before_anything_is_computed(home: Path) -> None:
    edit(home, TABLES, "neurons = [[14, 0, 0], [13, 13, 511], [0, 99, 0], [0, 0, 512]]")
    error, passes = refused(home)
    assert [problem.line.split("neurons: ")[1].split(" lies")[0] for problem in error.problems] == [
        "[14, 0, 0]", "[0, 99, 0]", "[0, 0, 512]",
    ]  # fmt: skip
    assert not passes


def test_the_layer_is_as_large_as_it_is_taken_to_be(backbone: Backbone) -> None:
    assert backbone.convolutions.output_shape[1:] == preflight.EXPLAINED_SHAPE


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
