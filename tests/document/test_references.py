"""The names by which an author refers to figures and tables."""

from __future__ import annotations

import pytest

from reportgen.document.numbering import find_reference, make_slug, reference_names
from reportgen.errors import RenderError
from reportgen.outline.kind import find_kind

FIGURES = (
    "images", "filter", "maps", "filters_1", "maps_1_0", "maps_1_1", "filters_2", "maps_2_0", "maps_2_1",
    "confusion",
    "neuron_input_0", "patches_0", "neuron_input_1", "patches_1", "guided_input_0", "guided_input_1",
    "history",
)  # fmt: skip
NUMBERS = [("figure", name) for name in FIGURES] + [
    ("table", name) for name in ("guided_0", "guided_1", "scores")
]


def figures(classes: list[str]) -> dict[str, str]:
    return {
        slug: name
        for (kind, slug), name in reference_names(NUMBERS, classes, find_kind()).items()
        if kind == "figure"
    }


def test_every_name_has_its_slug_and_those_of_a_class_two() -> None:
    assert reference_names(NUMBERS, ["leopard", "snow cat"], find_kind()) == {
        ("figure", "images"): "images",
        ("figure", "filter"): "filter",
        ("figure", "maps"): "maps",
        ("figure", "filters-1"): "filters_1",
        ("figure", "filters-2"): "filters_2",
        ("figure", "maps-1-0"): "maps_1_0",
        ("figure", "maps-1-leopard"): "maps_1_0",
        ("figure", "maps-1-1"): "maps_1_1",
        ("figure", "maps-1-snow-cat"): "maps_1_1",
        ("figure", "maps-2-0"): "maps_2_0",
        ("figure", "maps-2-leopard"): "maps_2_0",
        ("figure", "maps-2-1"): "maps_2_1",
        ("figure", "maps-2-snow-cat"): "maps_2_1",
        ("figure", "confusion"): "confusion",
        ("figure", "neuron-input-0"): "neuron_input_0",
        ("figure", "neuron-input-leopard"): "neuron_input_0",
        ("figure", "neuron-input-1"): "neuron_input_1",
        ("figure", "neuron-input-snow-cat"): "neuron_input_1",
        ("figure", "patches-0"): "patches_0",
        ("figure", "patches-leopard"): "patches_0",
        ("figure", "patches-1"): "patches_1",
        ("figure", "patches-snow-cat"): "patches_1",
        ("figure", "guided-input-0"): "guided_input_0",
        ("figure", "guided-input-leopard"): "guided_input_0",
        ("figure", "guided-input-1"): "guided_input_1",
        ("figure", "guided-input-snow-cat"): "guided_input_1",
        ("figure", "history"): "history",
        ("table", "guided-0"): "guided_0",
        ("table", "guided-leopard"): "guided_0",
        ("table", "guided-1"): "guided_1",
        ("table", "guided-snow-cat"): "guided_1",
        ("table", "scores"): "scores",
    }


@pytest.mark.parametrize(
    ("label", "slug"),
    [
        ("Leopards", "leopards"),
        ("snow_cat (big)!", "snow-cat-big"),
        ("Größe 2", "größe-2"),
        ("雪豹", "雪豹"),
        ("Тигр/лев", "тигр-лев"),
        ("cafe\u0301", "café"),
        ("--", ""),
    ],
)
def test_a_slug_has_letters_and_digits_of_any_script(label: str, slug: str) -> None:
    assert make_slug(label) == slug


@pytest.mark.parametrize("classes", [["Big cat", "big-cat"], ["!", "?"]])
def test_where_a_class_could_be_another_the_index_stays(classes: list[str]) -> None:
    found = figures(classes)
    assert {slug: name for slug, name in found.items() if slug.startswith("patches")} == {
        "patches-0": "patches_0",
        "patches-1": "patches_1",
    }


def test_a_class_without_a_letter_or_digit_gives_no_name() -> None:
    assert "patches" not in figures(["!", "cat"])


def test_an_accent_that_is_a_character_of_its_own_is_the_same() -> None:
    names = reference_names(NUMBERS, ["cat", "cafe\u0301"], find_kind())
    assert names["figure", "patches-café"] == "patches_1"
    for written in ("@fig:patches-café", "@fig:patches-cafe\u0301"):
        assert find_reference(written, names) == ("figure", "patches_1")


def test_a_class_named_like_the_index_of_another_never_takes_its_place() -> None:
    found = figures(["1", "cat"])
    assert (found["patches-0"], found["patches-1"], found["patches-cat"]) == (
        "patches_0",
        "patches_1",
        "patches_1",
    )


@pytest.mark.parametrize(
    ("written", "kind", "name"),
    [
        ("@fig:patches-leopard", "figure", "patches_0"),
        ("@figure:patches-0", "figure", "patches_0"),
        ("@tab:guided-cat", "table", "guided_1"),
        ("@table:scores", "table", "scores"),
        ("@Fig:Patches_Leopard", "figure", "patches_0"),
    ],
)
def test_a_reference_leads_to_a_name(written: str, kind: str, name: str) -> None:
    assert find_reference(written, reference_names(NUMBERS, ["leopard", "cat"], find_kind())) == (kind, name)


@pytest.mark.parametrize(
    ("written", "hint"),
    [
        ("@fig:patches-leopart", "did you mean '@fig:patches-leopard'?"),
        ("@tab:patches-leopard", "did you mean '@fig:patches-leopard'?"),
        ("@fig:score", "did you mean '@tab:scores'?"),
        ("@tab:zzz", "there are @tab:guided-leopard, @tab:guided-cat, @tab:scores."),
        ("@tab:", "there are @tab:guided-leopard, @tab:guided-cat, @tab:scores."),
        ("@tab:" + "z" * 10**6, "there are @tab:guided-leopard, @tab:guided-cat, @tab:scores."),
    ],
)
def test_one_that_leads_nowhere_is_an_error_that_says_where_it_could(written: str, hint: str) -> None:
    with pytest.raises(RenderError) as caught:
        find_reference(written, reference_names(NUMBERS, ["leopard", "cat"], find_kind()))
    assert caught.value.problem.startswith(
        f"{written[:100]} refers to a {'figure' if 'fig' in written else 'table'} "
    )
    assert caught.value.problem.endswith(hint)
