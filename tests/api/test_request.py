"""What is asked of the process that builds, and what it answers, come through as they were."""

from __future__ import annotations

import datetime
from pathlib import Path
from typing import Any

import pytest

from reportgen.api import report as building
from reportgen.api.child import (
    Answer,
    Request,
    answer_text,
    parse_answer,
    parse_request,
    request_text,
)
from reportgen.errors import (
    DataError,
    PreflightError,
    Problem,
    RenderError,
    SettingsError,
    UserError,
    WeightsError,
)
from reportgen.pointer import PointerError
from reportgen.settings import Settings
from reportgen.store.files import StorageError
from reportgen.tables import Author


class TakenError(Exception):
    """Raised in the place of a build, with what was asked for."""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The current folder, where nothing is built."""

    def take(request: Request, _progress: Any) -> Answer:
        raise TakenError(parse_request(request_text(request)))

    monkeypatch.setattr(building, "run_request", take)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def asked(*arguments: Any, **options: Any) -> Request:
    """The request that a call makes, as the process that builds reads it."""
    with pytest.raises(TakenError) as taken:
        building.build(*arguments, quiet=True, **options)
    (request,) = taken.value.args
    assert isinstance(request, Request)
    return request


def test_without_anything_the_current_folder_is_built(folder: Path) -> None:
    assert asked() == Request(None, None, {}, False)


@pytest.mark.parametrize("kind", [str, Path])
def test_settings_may_be_a_file(folder: Path, kind: Any) -> None:
    request = asked(kind("course/report.toml"), kind("images"), weights=kind("w.h5"), build="out", fresh=True)
    overrides = {name: str(folder / path) for name, path in
                 {"data": "images", "weights": "w.h5", "build": "out"}.items()}  # fmt: skip
    assert request == Request(None, folder / "course/report.toml", overrides, True)


def test_a_home_folder_may_be_meant_in_a_dictionary(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", "/home/zoe")
    settings = asked({"data": "~/images", "templates": "$HOME/mine"}).settings
    assert settings is not None
    assert (settings.data, settings.templates) == (Path("/home/zoe/images"), Path("/home/zoe/mine"))


@pytest.mark.parametrize("weights", ["auto", "imagenet", "embedded"])
def test_the_name_of_weights_is_no_path(folder: Path, weights: str) -> None:
    assert asked(weights=weights).overrides == {"weights": weights}
    settings = asked({"weights": weights}).settings
    assert settings is not None
    assert settings.weights == weights


def test_settings_may_be_a_dictionary(folder: Path) -> None:
    request = asked(
        {
            "group": "One",
            "authors": [{"name": "Zoë"}],
            "date": datetime.date(2026, 1, 31),
            "data": Path("images"),
            "cache": "/elsewhere",
            "weights": "w.h5",
            "guided_backprop": {"neurons": ["zero", [1, 2, 3]]},
        },
        build="out",
    )
    settings = request.settings
    assert settings is not None
    assert (request.file, request.overrides, settings.group) == (None, {}, "One")
    assert settings.authors == (Author(name="Zoë"),)
    assert settings.date == datetime.date(2026, 1, 31)
    assert settings.value("guided_backprop.neurons") == ("zero", (1, 2, 3))
    assert settings.data == folder / "images"
    assert settings.build == folder / "out"
    assert settings.cache == Path("/elsewhere")
    assert settings.weights == str(folder / "w.h5")
    assert settings.templates is None


def test_what_is_asked_for_beside_the_settings_wins(folder: Path) -> None:
    settings = asked({"data": "a", "weights": "embedded"}, "b", weights="auto").settings
    assert settings is not None
    assert (settings.data, settings.weights) == (folder / "b", "auto")


def test_settings_may_be_settings_and_stay_what_was_given(folder: Path) -> None:
    given = Settings(group="One", seed=9)
    settings = asked(given).settings
    assert settings is not None
    kept = settings.model_copy(update={"build": given.build, "cache": given.cache})
    assert {key: getattr(kept, key) for key in Settings.model_fields} == dict(given)
    assert "course" not in settings.model_fields_set
    assert given.build == Path("build"), "the user's own object is as it was"


def test_keys_of_sections_arrive_and_have_their_defaults(folder: Path) -> None:
    given: Any = asked({"convolution": {"stride": 2}}).settings
    assert (given.convolution.stride, given.convolution.filter_size) == (2, 3)
    plain: Any = asked(Settings(seed=9)).settings
    assert (plain.convolution.stride, plain.conv_stack.filters) == (1, (32, 64))
    other: Any = asked(Settings(report="architectures")).settings
    assert other.training.epochs == 60


@pytest.mark.parametrize("wrong", [{"sead": 1}, {"seed": "x"}, {"show": {"neurons": 99}}])
def test_wrong_settings_are_refused_before_anything_starts(folder: Path, wrong: dict[str, Any]) -> None:
    with pytest.raises(SettingsError, match=r"settings.*(sead|seed|show)") as caught:
        building.build(wrong, quiet=True)
    assert "report.toml" not in str(caught.value)


@pytest.mark.parametrize("wrong", [5, ["report.toml"], b"\xff"])
def test_what_can_be_no_settings_is_named(folder: Path, wrong: Any) -> None:
    with pytest.raises(SettingsError, match=type(wrong).__name__):
        building.build(wrong, quiet=True)


@pytest.mark.parametrize(
    "error",
    [
        UserError("problem", "remedy"),
        SettingsError("problem\nof two lines", "remedy"),
        WeightsError("ü", "→"),
        StorageError("disk", "room"),
        RenderError("no Pango", "install it"),
        PointerError("/a", "b"),
        DataError(["one", "two"], "mend"),
        PreflightError([Problem("one", "mend it"), Problem("two", "mend that")]),
    ],
    ids=lambda error: type(error).__name__,
)
def test_an_error_comes_as_it_was_raised(error: UserError) -> None:
    answer = parse_answer(answer_text(Answer(Path("/build"), True, error)))
    assert (answer.folder, answer.changed) == (Path("/build"), True)
    came: Any = answer.error
    assert type(came) is type(error)
    assert (came.problem, came.remedy, came.exit_code) == (error.problem, error.remedy, error.exit_code)
    assert str(came) == str(error)
    assert getattr(came, "problems", None) == getattr(error, "problems", None)


def test_an_answer_without_an_error_has_none() -> None:
    assert parse_answer(answer_text(Answer(Path("/b"), False))) == Answer(Path("/b"), False)
