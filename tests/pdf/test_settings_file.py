"""The settings that a report carries, read again as a user would."""

from __future__ import annotations

import datetime
import tempfile
import tomllib
from pathlib import Path
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from reportgen.engine.plan import make_specs
from reportgen.outline.kind import find_kind
from reportgen.pdf.printer import write_settings
from reportgen.sections.conv_stack.settings import Stack
from reportgen.sections.convolution.settings import Window
from reportgen.sections.guided_backprop.settings import GuidedTables
from reportgen.sections.occlusion.settings import Occluding
from reportgen.sections.randomisation.settings import Redrawing
from reportgen.sections.shortcuts.settings import RingTest
from reportgen.settings import Commentary, Settings, load_settings, understand_settings
from reportgen.tables import Author, Printing, Show

SHOWN = next(spec.settings for spec in make_specs(find_kind()) if spec.name == "pdf")

ASSIGNMENT: Any = type(understand_settings({}, "the defaults"))
"""The settings with what the sections of the assignment bring along."""


def pairs(least: int, most: int) -> st.SearchStrategy[tuple[int, int]]:
    return st.tuples(st.integers(least, most), st.integers(least, most))


words = st.text(st.characters(exclude_categories=["Cs"]), max_size=60)
choices = st.one_of(
    st.sampled_from(["zero", "median", "top:1", "percentile:10"]),
    st.tuples(*(st.integers(0, 500) for _ in range(3))),
)
settings_of_users = st.builds(
    ASSIGNMENT,
    course=words,
    assignment=words,
    group=words,
    authors=st.lists(st.builds(Author, name=words.filter(bool), roll_number=words), max_size=3).map(tuple),
    date=st.none() | st.dates(),
    seed=st.integers(0, 2**32 - 1),
    show=st.builds(
        Show,
        filters=st.integers(1, 32),
        neurons=st.integers(1, 20),
        colour=st.booleans(),
        shared_scale=st.booleans(),
    ),
    print=st.builds(Printing, lists=st.booleans(), long_sources=st.booleans()),
    example_images=st.dictionaries(words, words, max_size=3),
    guided_backprop=st.builds(
        GuidedTables,
        neurons=st.lists(choices, min_size=1, max_size=5).map(tuple),
        shared_scale=st.booleans(),
    ),
    occlusion=st.builds(Occluding, random_boxes=st.integers(1, 1000), step=st.integers(4, 224)),
    randomisation=st.builds(Redrawing, seed=st.integers(0, 2**32 - 1), images=st.integers(1, 20)),
    convolution=st.builds(
        Window, filter_size=st.integers(1, 31), stride=st.integers(1, 31), padding=st.integers(0, 31)
    ),
    conv_stack=st.builds(
        # Of these every filter has a position.
        Stack,
        filters=pairs(1, 128),
        filter_size=pairs(1, 7),
        stride=pairs(1, 9),
        padding=pairs(0, 31),
    ),
    shortcuts=st.builds(RingTest, images=st.integers(1, 1000)),
    commentary=st.builds(Commentary, introduction=words, observations=words),
)


def written(settings: Settings, weights: str = "imagenet") -> bytes:
    return write_settings({name: settings.value(name) for name in SHOWN}, weights)


@given(settings_of_users, st.sampled_from(["imagenet", "embedded"]))
def test_the_file_gives_the_same_settings(settings: Settings, weights: str) -> None:
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "report.toml"
        file.write_bytes(written(settings, weights))
        loaded = load_settings(file)
    assert {name: loaded.value(name) for name in SHOWN} == {name: settings.value(name) for name in SHOWN}
    assert loaded.weights == weights


def test_the_commentary_comes_last() -> None:
    """Red if it stands where the model has it, before the tables of the sections."""
    assert list(tomllib.loads(written(ASSIGNMENT(commentary={"transfer": "Words."})).decode()))[-2:] == [
        "shortcuts",
        "commentary",
    ]


def test_it_names_no_place_on_the_machine_and_all_that_the_report_shows() -> None:
    settings = ASSIGNMENT(
        data=Path("/home/zoe/data"), cache=Path("/home/zoe/cache"), build=Path("/home/zoe/build"),
        weights="/home/zoe/vgg19.h5", date=datetime.date(2026, 1, 31),
    )  # fmt: skip
    text = written(settings, "vgg19.h5").decode()
    table: dict[str, Any] = tomllib.loads(text)
    assert "zoe" not in text
    assert table["weights"] == "vgg19.h5"
    assert set(table) == {
        "course", "assignment", "group", "authors", "date", "seed", "show", "print", "example_images",
        "guided_backprop", "methods", "convolution", "conv_stack",
        "occlusion", "randomisation", "shortcuts", "commentary", "weights", "report",
        "theme", "layers", "preprocessing",
    }  # fmt: skip
