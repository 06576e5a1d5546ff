"""``report.toml``: what is read, what is refused and in which words."""

from __future__ import annotations

import datetime
import re
from pathlib import Path

import pytest

from reportgen.errors import SettingsError
from reportgen.settings import SECTIONS, Settings, load_settings, parse_choice

ROOT = Path(__file__).resolve().parents[1]

EVERYTHING = """
course = "Deep Learning"
assignment = "Assignment 2"
group = "Group 12"
date = 2026-01-31
data = "pictures"
weights = "vgg/my.h5"
seed = 7
cache = "/var/tmp/reportgen-cache"
cache_limit_mb = 300
build = "out/report"
templates = "mine"

[[authors]]
name = "Ada"
roll_number = "CS-1"

[[authors]]
name = "Zoë"

[show]
filters = 4
neurons = 3
colour = true

[example_images]
"o'neill" = "test/o'neill/1.jpg"

[guided_backprop]
neurons = ["zero", "median", "percentile:90", "top:2", [1, 2, 3]]
shared_scale = true

[commentary]
introduction = "A"
convolution = "B"
conv_stack = "C"
transfer = "D"
neurons = "E"
guided_backprop = "F"
observations = "G"
"""


def write(folder: Path, text: str) -> Path:
    file = folder / "report.toml"
    file.write_text(text, encoding="utf-8")
    return file


def refused(folder: Path, text: str) -> str:
    """The problem that the settings are refused with; it names the file, once a line."""
    file = write(folder, text)
    with pytest.raises(SettingsError) as caught:
        load_settings(file)
    assert all(line.startswith(f"{file}: ") for line in caught.value.problem.splitlines())
    assert caught.value.remedy
    assert caught.value.exit_code == 2
    return caught.value.problem


def test_without_a_file_the_defaults_of_the_assignment_hold(tmp_path: Path) -> None:
    settings = load_settings(folder=tmp_path)
    assert settings.show.filters == 10
    assert settings.show.neurons == 5
    assert settings.show.colour is False
    assert settings.guided_backprop.neurons == ("zero", "percentile:10", "median", "top:1", "top:5")
    assert settings.weights == "auto"
    assert settings.date is None
    assert settings.data is None
    assert settings.authors == ()
    assert settings.build == tmp_path / "build"
    assert settings.cache == tmp_path / ".cache/reportgen"
    assert set(settings.commentary.model_dump().values()) == {""}


def test_every_key_is_read(tmp_path: Path) -> None:
    settings = load_settings(write(tmp_path, EVERYTHING))
    assert settings.model_dump() == {
        "course": "Deep Learning",
        "assignment": "Assignment 2",
        "group": "Group 12",
        "date": datetime.date(2026, 1, 31),
        "data": tmp_path / "pictures",
        "weights": str(tmp_path / "vgg/my.h5"),
        "seed": 7,
        "cache": Path("/var/tmp/reportgen-cache"),  # noqa: S108 - never opened
        "cache_limit_mb": 300,
        "build": tmp_path / "out/report",
        "templates": tmp_path / "mine",
        "authors": ({"name": "Ada", "roll_number": "CS-1"}, {"name": "Zoë", "roll_number": ""}),
        "show": {"filters": 4, "neurons": 3, "colour": True},
        "example_images": {"o'neill": "test/o'neill/1.jpg"},
        "guided_backprop": {
            "neurons": ("zero", "median", "percentile:90", "top:2", (1, 2, 3)),
            "shared_scale": True,
        },
        "commentary": dict(zip(SECTIONS, "ABCDEFG", strict=True)),
    }


def test_the_example_above_leaves_no_key_out(tmp_path: Path) -> None:
    settings = load_settings(write(tmp_path, EVERYTHING))
    assert settings.model_fields_set >= set(Settings.model_fields)
    for table in (settings.show, settings.guided_backprop, settings.commentary):
        assert table.model_fields_set == set(type(table).model_fields)


def test_the_file_in_the_folder_is_found_without_being_named(tmp_path: Path) -> None:
    write(tmp_path, 'group = "Group 9"')
    assert load_settings(folder=tmp_path).group == "Group 9"


def test_paths_count_from_the_file_and_not_from_the_current_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    home = tmp_path / "course"
    home.mkdir()
    write(home, 'data = "../pictures"\nweights = "w.h5"')
    monkeypatch.chdir(tmp_path)
    settings = load_settings(Path("course/report.toml"))
    assert settings.data is not None
    assert settings.data.is_absolute()
    assert settings.data.resolve() == tmp_path / "pictures"
    assert settings.weights == str(home / "w.h5")
    assert settings.build == home / "build"


def test_overrides_win_where_they_are_given(tmp_path: Path) -> None:
    file = write(tmp_path, 'data = "a"\nweights = "embedded"\nbuild = "b"\nseed = 3')
    settings = load_settings(file, data="/elsewhere", weights=None, build=None)
    assert settings.data == Path("/elsewhere")
    assert settings.weights == "embedded"
    assert settings.build == tmp_path / "b"
    assert settings.seed == 3


@pytest.mark.parametrize("weights", ["auto", "imagenet", "embedded"])
def test_names_of_weights_are_no_paths(tmp_path: Path, weights: str) -> None:
    assert load_settings(write(tmp_path, f'weights = "{weights}"')).weights == weights


@pytest.mark.parametrize(
    ("text", "key", "nearest", "allowed"),
    [
        ('coarse = "x"', "coarse", "course", "assignment"),
        ("[show]\nfilter = 3", "show.filter", "filters", "neurons"),
        ('[[authors]]\nname = "A"\nrollnumber = "1"', "authors.0.rollnumber", "roll_number", "name"),
        (
            "[guided_backprop]\nshared_scales = true",
            "guided_backprop.shared_scales",
            "shared_scale",
            "neurons",
        ),
        ('[commentary]\nobservation = ""', "commentary.observation", "observations", "transfer"),
    ],
)
def test_an_unknown_key_is_named_with_the_nearest_and_the_allowed(
    tmp_path: Path, text: str, key: str, nearest: str, allowed: str
) -> None:
    problem = refused(tmp_path, text)
    assert f"unknown key '{key}'" in problem
    assert f"did you mean '{nearest}'?" in problem
    listed = problem.split("allowed are ")[1].split(", ")
    assert {nearest, allowed} <= set(listed)


def test_no_nearest_key_is_made_up(tmp_path: Path) -> None:
    problem = refused(tmp_path, "zzz = 1")
    assert "'zzz'" in problem
    assert "did you mean" not in problem


def test_the_keys_of_one_table_are_not_offered_in_another(tmp_path: Path) -> None:
    problem = refused(tmp_path, "[show]\nseed = 3")
    assert problem.split("allowed are ")[1].split(", ") == ["filters", "neurons", "colour"]


@pytest.mark.parametrize(
    ("text", "key", "value"),
    [
        ('seed = "7"', "seed", "'7'"),
        ("seed = 7.0", "seed", "7.0"),
        ("seed = true", "seed", "True"),
        ("seed = -1", "seed", "-1"),
        ("seed = 4294967296", "seed", "4294967296"),
        ("course = 3", "course", "3"),
        ("data = 3", "data", "3"),
        ('date = "soon"', "date", "'soon'"),
        ('authors = "Ada"', "authors", "'Ada'"),
        ('[[authors]]\nname = ""', "authors.0.name", "''"),
        ('[[authors]]\nroll_number = "3"', "authors.0.name", "'roll_number': '3'"),
        ("[show]\nfilters = 0", "show.filters", "0"),
        ("[show]\nfilters = 33", "show.filters", "33"),
        ("[show]\nneurons = 21", "show.neurons", "21"),
        ("[show]\ncolour = 1", "show.colour", "1"),
        ("show = 1", "show", "1"),
        ("[commentary]\nneurons = 5", "commentary.neurons", "5"),
        ('[guided_backprop]\nneurons = "zero"', "guided_backprop.neurons", "'zero'"),
        ("[guided_backprop]\nneurons = []", "guided_backprop.neurons", ""),
        ("[example_images]\nleopard = 3", "example_images.leopard", "3"),
    ],
)
def test_a_wrong_value_is_named_with_its_key(tmp_path: Path, text: str, key: str, value: str) -> None:
    problem = refused(tmp_path, text)
    assert re.search(rf": {re.escape(key)} = .*{re.escape(value)}", problem)


def test_what_is_out_of_range_is_told_the_limit(tmp_path: Path) -> None:
    assert "32" in refused(tmp_path, "[show]\nfilters = 33").split("33", 1)[1]
    assert "greater than or equal to 1" in refused(tmp_path, "[show]\nneurons = 0")


def test_all_mistakes_are_told_at_once(tmp_path: Path) -> None:
    problem = refused(tmp_path, 'seed = "x"\nzzz = 1\n[show]\nfilters = 0')
    assert len(problem.splitlines()) == 3


@pytest.mark.parametrize(
    "choice",
    [
        '"highest"', '"top:0"', '"top"', '"top:x"', '"percentile:101"', '"percentile:"', '"median:3"',
        '"zero:1"', "[1, 2]", "[1, 2, -3]", "[1.0, 2.0, 3.0]", "[true, 0, 0]", "3",
    ],
)  # fmt: skip
def test_a_neuron_that_cannot_be_chosen_is_named_with_what_can(tmp_path: Path, choice: str) -> None:
    problem = refused(tmp_path, f"[guided_backprop]\nneurons = [{choice}]")
    said = choice.strip('"').replace("true", "True")
    assert f"'{said}'" in problem or f"{said} is no neuron" in problem
    assert "percentile:P" in problem
    assert "[row, column, channel]" in problem


@pytest.mark.parametrize(
    ("text", "rule"),
    [
        ("zero", ("zero", 0)),
        ("median", ("median", 0)),
        ("percentile:0", ("percentile", 0)),
        ("percentile:100", ("percentile", 100)),
        ("top:1", ("top", 1)),
        ("top:1000", ("top", 1000)),
    ],
)
def test_a_rule_has_a_name_and_a_number(text: str, rule: tuple[str, float]) -> None:
    assert parse_choice(text) == rule


def test_toml_that_cannot_be_parsed_is_told_by_line(tmp_path: Path) -> None:
    assert "line 2" in refused(tmp_path, "seed = 1\nseed =\n")


def test_a_file_that_is_not_utf8_says_so(tmp_path: Path) -> None:
    file = tmp_path / "report.toml"
    file.write_bytes('group = "Zoë"'.encode("latin-1"))
    with pytest.raises(SettingsError, match="UTF-8") as caught:
        load_settings(file)
    assert str(file) in caught.value.problem


@pytest.mark.parametrize("make", [Path.exists, Path.mkdir])
def test_a_named_file_that_cannot_be_read_is_an_error(tmp_path: Path, make: object) -> None:
    assert callable(make)
    file = tmp_path / "other.toml"
    make(file)
    with pytest.raises(SettingsError) as caught:
        load_settings(file)
    assert str(file) in caught.value.problem


def test_settings_cannot_be_changed(tmp_path: Path) -> None:
    settings = load_settings(folder=tmp_path)
    with pytest.raises(ValueError, match="frozen"):
        settings.seed = 5


def test_the_projects_own_file_says_nothing_but_the_defaults() -> None:
    settings = load_settings(ROOT / "report.toml")
    assert settings == load_settings(folder=ROOT / "tests").model_copy(
        update={"build": ROOT / "build", "cache": ROOT / ".cache/reportgen"}
    )
