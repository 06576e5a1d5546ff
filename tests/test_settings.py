"""``report.toml``: what is read, what is refused and in which words."""

from __future__ import annotations

import datetime
import json
import re
import tomllib
from pathlib import Path
from typing import Any

import pytest

from reportgen.errors import SettingsError
from reportgen.outline.kind import find_kind
from reportgen.sections.guided_backprop.settings import parse_choice
from reportgen.settings import Settings, load_settings

ROOT = Path(__file__).resolve().parents[1]

EVERYTHING = """
course = "Deep Learning"
assignment = "Assignment 2"
group = "Group 12"
date = 2026-01-31
data = "pictures"
weights = "vgg/my.h5"
architecture = "VGG16"
layers = ["block4_conv3", "block5_conv1"]
preprocessing = "caffe"
theme = "report"
seed = 7
cache = "/var/tmp/reportgen-cache"
cache_limit_mb = 300
build = "out/report"
templates = "mine"
fonts = ["my.ttf"]
report = "assignment"
sections = [
  "convolution", "conv_stack", "transfer", "neurons", "occlusion", "channels", "guided_backprop",
  "methods", "randomisation", "shortcuts", "errors",
]

[[authors]]
name = "Ada"
roll_number = "CS-1"

[[authors]]
name = "Zoë"

[show]
filters = 4
neurons = 3
colour = true
shared_scale = true

[print]
lists = true
long_sources = true
leave_out = ["lists", "files"]

[example_images]
"o'neill" = "test/o'neill/1.jpg"

[convolution]
filter_size = 5
stride = 2
padding = 1

[conv_stack]
filters = [16, 8]
filter_size = [5, 4]
stride = [1, 3]
padding = [2, 0]

[occlusion]
random_boxes = 40
step = 8

[guided_backprop]
neurons = ["zero", "median", "percentile:90", "top:2", [1, 2, 3]]
shared_scale = true

[methods]
shown = ["grad_cam", "smoothgrad"]
of = "cat"
steps = 9
samples = 10
located_over = "test"

[randomisation]
seed = 8
images = 2

[shortcuts]
images = 7

[commentary]
introduction = "A"
convolution = "B"
conv_stack = "C"
transfer = "D"
neurons = "E"
occlusion = "F"
channels = "G"
guided_backprop = "H"
methods = "I"
randomisation = "J"
shortcuts = "K"
errors = "L"
observations = "M"
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
    assert all(line.startswith(f"{file}, line ") for line in caught.value.problem.splitlines())
    assert caught.value.remedy
    assert caught.value.exit_code == 2
    return caught.value.problem


def test_without_a_file_the_defaults_of_the_assignment_hold(tmp_path: Path) -> None:
    settings = load_settings(folder=tmp_path)
    assert settings.show.filters == 10
    assert settings.show.neurons == 5
    assert settings.show.colour is False
    assert settings.value("guided_backprop.neurons") == (
        *("zero", "percentile:10", "median", "top:1", "unusual:1"),
    )
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
        "report": "assignment",
        "sections": find_kind().names,
        "course": "Deep Learning",
        "assignment": "Assignment 2",
        "group": "Group 12",
        "date": datetime.date(2026, 1, 31),
        "data": tmp_path / "pictures",
        "weights": str(tmp_path / "vgg/my.h5"),
        "architecture": "VGG16",
        "layers": ("block4_conv3", "block5_conv1"),
        "preprocessing": "caffe",
        "theme": "report",
        "seed": 7,
        "cache": Path("/var/tmp/reportgen-cache"),  # noqa: S108 - never opened
        "cache_limit_mb": 300,
        "build": tmp_path / "out/report",
        "templates": tmp_path / "mine",
        "fonts": (tmp_path / "my.ttf",),
        "authors": ({"name": "Ada", "roll_number": "CS-1"}, {"name": "Zoë", "roll_number": ""}),
        "show": {"filters": 4, "neurons": 3, "colour": True, "shared_scale": True},
        "print": {"lists": True, "long_sources": True, "leave_out": ("lists", "files")},
        "example_images": {"o'neill": "test/o'neill/1.jpg"},
        "guided_backprop": {
            "neurons": ("zero", "median", "percentile:90", "top:2", (1, 2, 3)),
            "shared_scale": True,
        },
        "convolution": {"filter_size": 5, "stride": 2, "padding": 1},
        "conv_stack": {
            "filters": (16, 8),
            "filter_size": (5, 4),
            "stride": (1, 3),
            "padding": (2, 0),
        },
        "occlusion": {"random_boxes": 40, "step": 8},
        "methods": {
            **{"shown": ("grad_cam", "smoothgrad"), "of": "cat"},
            **{"steps": 9, "samples": 10, "located_over": "test"},
        },
        "randomisation": {"seed": 8, "images": 2},
        "shortcuts": {"images": 7},
        "commentary": dict(zip(find_kind().slots, "ABCDEFGHIJKLM", strict=True)),
    }


def test_the_example_above_leaves_no_key_out(tmp_path: Path) -> None:
    settings: Any = load_settings(write(tmp_path, EVERYTHING))
    assert settings.model_fields_set >= set(type(settings).model_fields) >= set(Settings.model_fields)
    tables = (
        settings.convolution,
        settings.conv_stack,
        settings.show,
        settings.print,
        settings.occlusion,
        settings.guided_backprop,
        settings.methods,
        settings.randomisation,
        settings.shortcuts,
    )
    for table in (*tables, settings.commentary):
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


@pytest.mark.parametrize("weights", ["auto", "imagenet", "imagenet-notop", "embedded"])
def test_names_of_weights_are_no_paths(tmp_path: Path, weights: str) -> None:
    assert load_settings(write(tmp_path, f'weights = "{weights}"')).weights == weights


@pytest.mark.parametrize(
    ("text", "key", "nearest", "allowed"),
    [
        ('coarse = "x"', "coarse", "course", "assignment"),
        ("[show]\nfilter = 3", "show.filter", "filters", "neurons"),
        ('[[authors]]\nname = "A"\nrollnumber = "1"', "authors 1.rollnumber", "roll_number", "name"),
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
    problem = refused(tmp_path, "[show]\nzzz = 3")
    assert problem.split("allowed are ")[1].split(", ") == [
        "filters", "neurons", "colour", "shared_scale",
    ]  # fmt: skip


def test_a_key_of_a_table_is_sent_there(tmp_path: Path) -> None:
    assert refused(tmp_path, "filters = 3").endswith(
        "unknown key 'filters'; it belongs under [show] or [conv_stack]"
    )
    assert refused(tmp_path, "neurons = 3").endswith("under [show] or [commentary] or [guided_backprop]")


@pytest.mark.parametrize("head", ["[[authors]]", "[show]", "[commentary]", "[example_images]", "[ show ]"])
def test_keys_of_no_table_that_stand_under_one_are_told_together(tmp_path: Path, head: str) -> None:
    name = 'name = "A"' if "authors" in head else ""
    text = f'course = "C"\n{head}\n{name}\n# a comment\nseed = 3\ncache_limit_mb = 9\n\n[guided_backprop]\n'
    assert refused(tmp_path, text).split(", line ", 1)[1] == (
        f"2: these keys are under {head.replace(' ', '')}: seed (line 5), cache_limit_mb (line 6); "
        "move that table to the end of the file"
    )


def test_every_fault_is_told_with_its_own_line_in_the_order_of_the_file(tmp_path: Path) -> None:
    text = (
        'course = 3\nauthors = [\n  { name = "A" },\n  { name = 4 },\n  { roll_number = "1" },\n]\n'
        'seed = "x"\n\n[show]\nfilters = 0\nfilter = 1\n\n[commentary]\ntransfer = """\n$\\frac12$"""\n'
    )
    lines = refused(tmp_path, text).splitlines()
    assert [int(re.findall(r"line (\d+)", line)[0]) for line in lines] == [1, 4, 5, 7, 10, 11, 15]


@pytest.mark.parametrize(
    ("text", "key", "value"),
    [
        ('seed = "7"', "seed", '"7"'),
        ("seed = 7.0", "seed", "7.0"),
        ("seed = true", "seed", "true"),
        ("seed = -1", "seed", "-1"),
        ("seed = 4294967296", "seed", "4294967296"),
        ("course = 3", "course", "3"),
        ("data = 3", "data", "3"),
        ('date = "soon"', "date", '"soon"'),
        ('authors = "Ada"', "authors", '"Ada"'),
        ('[[authors]]\nname = ""', "authors 1.name", '""'),
        ("[show]\nfilters = 0", "show.filters", "0"),
        ("[show]\nfilters = 33", "show.filters", "33"),
        ("[show]\nneurons = 21", "show.neurons", "21"),
        ("[show]\ncolour = 1", "show.colour", "1"),
        ("show = 1", "show", "1"),
        ("[commentary]\nneurons = 5", "commentary.neurons", "5"),
        ("[commentary]\nconvolution = 5", "commentary.convolution", "5"),
        ("[convolution]\nfilter_size = 32", "convolution.filter_size", "32"),
        ("[convolution]\nstride = 0", "convolution.stride", "0"),
        ("[convolution]\npadding = -1", "convolution.padding", "-1"),
        ('[guided_backprop]\nneurons = "zero"', "guided_backprop.neurons", '"zero"'),
        ("[guided_backprop]\nneurons = []", "guided_backprop.neurons", ""),
        ("[example_images]\nleopard = 3", "example_images.leopard", "3"),
    ],
)
def test_a_wrong_value_is_named_with_its_key(tmp_path: Path, text: str, key: str, value: str) -> None:
    problem = refused(tmp_path, text)
    assert re.search(rf": {re.escape(key)} = .*{re.escape(value)}", problem)


def test_what_is_out_of_range_is_told_the_limit(tmp_path: Path) -> None:
    assert refused(tmp_path, "[show]\nfilters = 33").endswith("= 33: allowed is 1 to 32")
    assert refused(tmp_path, "[show]\nneurons = 0").endswith("= 0: allowed is 1 to 20")
    assert refused(tmp_path, "cache_limit_mb = 0").endswith("= 0: allowed is 1 or more")
    assert refused(tmp_path, "seed = 4294967296").endswith(": allowed is 0 to 4294967295")
    assert refused(tmp_path, f'group = "{"x" * 201}"').endswith("it has 201 characters; allowed is 0 to 200")


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
    assert f"line 2: guided_backprop.neurons 1 = {choice}: " in problem
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
        ("unusual:3", ("unusual", 3)),
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


REASONS = [
    ('seed = "7"', 'seed = "7": a whole number is written without quotes: seed = 7'),
    ('seed = "many"', "a whole number is needed, without quotes"),
    ("seed = 7.0", "a whole number has no point: seed = 7"),
    ("course = 3", 'text needs quotes: course = "3"'),
    ("group = 2026-01-31", 'text needs quotes: group = "2026-01-31"'),
    ("group = true", 'text needs quotes: group = "true"'),
    ('date = "2026-01-31"', "a date is written without quotes: date = 2026-01-31"),
    ('date = "31 January"', "a date is needed, without quotes, as date = 2026-01-31"),
    ("date = 2026-01-31T10:00:00", "a date has no time of day: date = 2026-01-31"),
    ('[show]\ncolour = "True"', "true or false is written without quotes: colour = true"),
    ("[show]\ncolour = 1", "true or false is needed"),
    ("show = 1", "a table is needed, as [show] in a line of its own, with its keys below"),
    ('authors = "Ada"', 'a list is needed, as authors = [{ name = "…", roll_number = "…" }]'),
    ('authors = ["Ada"]', 'authors 1 = "Ada": a table is needed, as authors = [{ name = "…"'),
    ('[authors]\nname = "Ada"', "a list is needed, as authors = [{"),
    ("authors = [{}]", 'authors 1.name is missing; write name = "…"'),
    ('[[authors]]\nname = ""', 'authors 1.name = "": it is empty'),
    ('weights = ""', "it is empty"),
    ("[commentary]\nneurons = ['a']", "one text in quotes is needed"),
    ("[guided_backprop]\nneurons = []", "it is empty"),
    (f"[guided_backprop]\nneurons = {['zero'] * 21}", "it has 21 items; allowed is 1 to 20"),
    ("[convolution]\nfilter_size = 32", "convolution.filter_size = 32: allowed is 1 to 31"),
    ("[conv_stack]\nfilters = 32", "conv_stack.filters = 32: a list is needed"),
    ("[conv_stack]\nfilters = [32]", "filters = [32]: two numbers are needed, one for each layer"),
    ("[conv_stack]\nstride = [0, 1]", "stride = [0, 1]: allowed is 1 to 31, and layer 1 has 0"),
    ("[conv_stack]\npadding = [0, 32]", "padding = [0, 32]: allowed is 0 to 31, and layer 2 has 32"),
    ('[conv_stack]\nfilters = ["32", 64]', 'filters 1 = "32": a whole number is written without quotes: 32'),
    # (224 − 3)/31 = 7.1, so 8 positions; with one more on each side 10.
    (
        "[conv_stack]\nfilter_size = [3, 9]\nstride = [31, 1]",
        "conv_stack.filter_size = [3, 9]: 9, of layer 2, is more than the 8 × 8 values that reach it; write "
        "8 or less, or a smaller stride of the layer before it",
    ),
    (
        "[conv_stack]\npadding = [0, 1]\nfilter_size = [3, 11]\nstride = [31, 1]",
        "11, of layer 2, is more than the 10 × 10 values that reach it with padding 1; write 10 or less",
    ),
    (
        "[conv_stack]\nfilters = [80, 40]\nfilter_size = [1, 26]",
        "layer 2 has 2163200 weights; 2000000 are the most: take fewer filters, or smaller ones",
    ),
]


@pytest.mark.parametrize(
    ("sizes", "padding"),
    # (224 − 31)/31 = 6.2, so 7 positions; (224 − 3 + 62)/31 = 9.1, so 10.
    [("[3, 8]", "[0, 0]"), ("[31, 7]", "[0, 0]"), ("[3, 10]", "[31, 0]")],
)
def test_a_filter_that_has_one_position_fits(tmp_path: Path, sizes: str, padding: str) -> None:
    text = f"[conv_stack]\nstride = [31, 1]\nfilter_size = {sizes}\npadding = {padding}"
    settings: Any = load_settings(write(tmp_path, text))
    assert list(settings.conv_stack.filter_size) == json.loads(sizes)


@pytest.mark.parametrize(("text", "said"), REASONS)
def test_the_reason_is_told_in_words(tmp_path: Path, text: str, said: str) -> None:
    problem = refused(tmp_path, text)
    assert said in problem
    assert len(problem.splitlines()) == 1
    for foreign in ("Input", "valid", "instance", "tuple", "dict", "string"):
        assert foreign not in problem


def test_every_neuron_that_cannot_be_chosen_is_told(tmp_path: Path) -> None:
    problem = refused(tmp_path, '[guided_backprop]\nneurons = [\n"zero",\n"most",\n[1, 2],\n]')
    assert [line.split(": ")[1] for line in problem.splitlines()] == [
        'guided_backprop.neurons 2 = "most"', "guided_backprop.neurons 3 = [1, 2]",
    ]  # fmt: skip
    assert [f"line {number}:" in problem for number in range(3, 6)] == [False, True, True]


def test_of_many_faults_the_first_are_told_and_the_rest_counted(tmp_path: Path) -> None:
    file = write(tmp_path, "\n".join(f"k{n} = 1" for n in range(60)))
    with pytest.raises(SettingsError) as caught:
        load_settings(file)
    lines = caught.value.problem.splitlines()
    assert [f"'k{n}'" in line for n, line in enumerate(lines)] == [True] * 50 + [False]
    assert lines[50] == f"{file}: and 10 more"


def test_characters_that_steer_terminals_are_told_by_number(tmp_path: Path) -> None:
    problem = refused(tmp_path, r'"\u001b[2J\u202e" = "\u0007"')
    assert problem.isprintable()
    assert "x1b[2J" in problem


def test_the_error_names_the_file_that_was_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "other.toml").write_text('seed = "7"', encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    for path in (Path("other.toml"), tmp_path / "other.toml"):
        with pytest.raises(SettingsError) as caught:
            load_settings(path)
        assert caught.value.problem.startswith("other.toml, line 1: seed")
        assert caught.value.remedy.startswith("Correct other.toml;")


def test_a_fault_of_the_command_line_is_none_of_the_file(tmp_path: Path) -> None:
    file = write(tmp_path, 'weights = "auto"\nseed = "7"')
    with pytest.raises(SettingsError) as caught:
        load_settings(file, weights="")
    assert [line for line in caught.value.problem.splitlines() if "--weights" in line] == [
        '--weights: weights = "": it is empty'
    ]
    assert f"{file}, line 2: seed" in caught.value.problem


def test_paths_of_the_file_may_begin_at_home_or_in_a_variable(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOME", "/home/ada")
    monkeypatch.setenv("SCRATCH", "/scratch")
    text = (
        'data = "~/photos"\nweights = "$SCRATCH/w.h5"\ncache = "${SCRATCH}/cache"\n'
        'build = "out/$$5"\ntemplates = "$HOME/mine"'
    )
    settings = load_settings(write(tmp_path, text))
    assert settings.data == Path("/home/ada/photos")
    assert settings.weights == "/scratch/w.h5"
    assert settings.cache == Path("/scratch/cache")
    assert settings.build == tmp_path / "out/$5"
    assert settings.templates == Path("/home/ada/mine")


def test_a_variable_that_is_not_set_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("NOWHERE", raising=False)
    for key in ("data", "weights", "cache", "build", "templates"):
        assert f"line 1: {key} = " in (problem := refused(tmp_path, f'{key} = "$NOWHERE/x"'))
        assert "$NOWHERE is not set" in problem


def test_paths_of_the_command_line_are_taken_as_they_are(tmp_path: Path) -> None:
    settings = load_settings(write(tmp_path, ""), data="/a/$b", build="/c/$d", weights="/e/$f.h5")
    assert (str(settings.data), str(settings.build), settings.weights) == ("/a/$b", "/c/$d", "/e/$f.h5")


def test_no_words_are_taken_for_paths(tmp_path: Path) -> None:
    settings = load_settings(write(tmp_path, 'group = "~ $5"\n[commentary]\ntransfer = "$HOME costs $5"'))
    assert (settings.group, settings.commentary.transfer) == ("~ $5", "$HOME costs $5")


def test_an_empty_path_is_none(tmp_path: Path) -> None:
    settings = load_settings(write(tmp_path, 'data = ""\ntemplates = ""'))
    assert settings.data is settings.templates is None


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_the_file_is_read_however_the_editor_saved_it(tmp_path: Path, encoding: str, end: str) -> None:
    file = tmp_path / "report.toml"
    text = 'group = "Zoë"\n[commentary]\ntransfer = """one\ntwo"""\n'
    file.write_bytes(text.replace("\n", end).encode(encoding))
    settings = load_settings(file)
    assert (settings.group, settings.commentary.transfer) == ("Zoë", "one\ntwo")


@pytest.mark.parametrize("command", ["frac12", "times", "nu", "rho", "beta", "text{a}", "neq"])
def test_a_formula_that_would_lose_its_backslash_is_refused(tmp_path: Path, command: str) -> None:
    """``"\\frac"`` is a form feed and ``rac``: the file loads and the formula is another."""
    text = f'[commentary]\nneurons = "$5\\nor so, and $x \\{command}$"'
    problem = refused(tmp_path, text)
    name = re.findall(r"[a-z]+", command)[0]
    assert f"line 2: commentary.neurons: between double quotes \\{name} loses its backslash" in problem


@pytest.mark.parametrize(
    "value",
    [
        r'"$\\frac12$"', r"'$\frac12$'", r"'''$\frac12$ and $\times$'''", r'"C:\\temp costs $5\nand more $6"',
        r'"no formula \frac"', r'"$a$\now $b$"', r'"$\\alpha$"',
    ],
)  # fmt: skip
def test_a_formula_that_keeps_its_backslash_is_let_through(tmp_path: Path, value: str) -> None:
    text = f"[commentary]\nneurons = {value}"
    settings = load_settings(write(tmp_path, text))
    assert settings.commentary.neurons == tomllib.loads(text)["commentary"]["neurons"]


SHIPPED = (ROOT / "report.toml").read_text(encoding="utf-8").splitlines()
EXAMPLES = [number for number, line in enumerate(SHIPPED) if re.match("#(?!#)", line)]


def uncommented(numbers: list[int]) -> str:
    """The shipped file without the first ``#`` of these lines, as an editor takes it away."""
    return "\n".join(
        re.sub("^# ?", "", line) if number in numbers else line for number, line in enumerate(SHIPPED)
    )


@pytest.mark.parametrize("number", [*EXAMPLES, None], ids=lambda n: "all" if n is None else SHIPPED[n][:30])
def test_the_shipped_file_cannot_be_broken_by_uncommenting(tmp_path: Path, number: int | None) -> None:
    text = uncommented(EXAMPLES if number is None else [number])
    settings = load_settings(write(tmp_path, text))
    assert settings != load_settings(
        folder=tmp_path / "nowhere", build=tmp_path / "build", cache=settings.cache
    )
    assert tomllib.loads(text) != tomllib.loads("\n".join(SHIPPED))


def test_no_line_of_the_shipped_file_breaks_it_even_if_it_only_explains(tmp_path: Path) -> None:
    every = [number for number, line in enumerate(SHIPPED) if line.startswith("#")]
    assert len(every) > len(EXAMPLES)
    assert load_settings(write(tmp_path, uncommented(every))).date == datetime.date(2026, 1, 31)


AUTHOR = '[[authors]]\nname = "Ann Example"\nroll_number = "1"\n'


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("", "authors and [commentary]"),
        (AUTHOR, "[commentary]"),
        ('[commentary]\nobservations = "We saw."\nneurons = " "\n', "authors and [commentary] (SLOTS)"),
        (AUTHOR + '[commentary]\nneurons = "Grass."\n', "[commentary] (SLOTS)"),
    ],
)
def test_what_only_the_authors_can_write_is_named_while_it_is_missing(
    tmp_path: Path, text: str, line: str
) -> None:
    written = "observations" if "observations" in text else "neurons"
    others = ", ".join(slot for slot in find_kind().slots if slot != written)
    found = load_settings(write(tmp_path, text)).unwritten
    assert found == f"Still empty in your settings: {line.replace('SLOTS', others)}."


def test_nothing_is_named_when_all_is_written(tmp_path: Path) -> None:
    words = "".join(f'{slot} = "Words."\n' for slot in find_kind().slots)
    assert load_settings(write(tmp_path, f"{AUTHOR}[commentary]\n{words}")).unwritten == ""


def test_the_shipped_file_has_room_for_any_number_of_authors(tmp_path: Path) -> None:
    text = uncommented(EXAMPLES)
    line = next(line for line in text.splitlines() if "Second Author" in line)
    third = line.replace("Second", "Third")
    settings = load_settings(write(tmp_path, text.replace(line, f"{line}\n{third}")))
    assert [author.name for author in settings.authors] == ["First Author", "Second Author", "Third Author"]


def test_the_shipped_file_has_an_example_or_a_value_for_every_setting() -> None:
    table = tomllib.loads(uncommented(EXAMPLES))
    assert table.keys() == type(load_settings(ROOT / "report.toml")).model_fields.keys()


@pytest.mark.parametrize("outline", ['sections = ["transfer"]', 'report = "architectures"'])
def test_the_shipped_file_goes_with_other_sections(tmp_path: Path, outline: str) -> None:
    text = (ROOT / "report.toml").read_text(encoding="utf-8").replace('report = "assignment"', outline)
    assert "convolution" not in type(load_settings(write(tmp_path, text))).model_fields
    # What would change something if the section were there is not passed over.
    message = refused(tmp_path, text.replace("\nstride = 1 ", "\nstride = 2 "))
    assert ": convolution: none of the sections of this report reads it" in message
    assert "conv_stack" not in message
    assert "unknown key" not in message


def test_a_table_of_a_section_that_was_left_out_may_repeat_defaults(tmp_path: Path) -> None:
    text = 'sections = ["transfer"]\n[guided_backprop]\nshared_scale = {}\n'
    assert load_settings(write(tmp_path, text.format("false"))).kind.names == ("transfer",)
    assert ": guided_backprop: none of the sections" in refused(tmp_path, text.format("true"))
    assert ": guided_backprop: none of the sections" in refused(
        tmp_path, text.replace("shared_scale", "seed")
    )


def test_the_projects_own_file_says_nothing_but_the_defaults() -> None:
    settings = load_settings(ROOT / "report.toml")
    assert settings == load_settings(folder=ROOT / "tests").model_copy(
        update={"build": ROOT / "build", "cache": ROOT / ".cache/reportgen"}
    )
