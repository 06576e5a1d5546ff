"""What stands beside each patch of what occlusion found: numbers by division, words by the numbers."""

from __future__ import annotations

import pytest
from small_page import SmallPage
from small_results import LABELS, document


def beside(displayed: SmallPage, i: int = 0) -> str:
    return displayed.words(f"#figure-patches_{i} .tile .tested")


@pytest.mark.parametrize(
    ("kept", "harming", "words", "counts", "conclusion"),
    [
        # Half of 7.5 is 3.75, half of 30 boxes 15.
        (3.75, 14, "both", (1, 1, 1), "only that one holds a good part"),
        (3.75, 15, "only enough", (1, 0, 0), "none of them is shown"),
        (3.74, 14, "only needed", (0, 1, 0), "none of them is shown"),
        (3.74, 15, "neither", (0, 0, 0), "none of them is shown"),
    ],
)
def test_the_words_beside_a_patch_are_those_of_its_numbers(
    kept: float, harming: int, words: str, counts: tuple[int, int, int], conclusion: str
) -> None:
    made = document()
    cat, dog = (dict(made["occlusion"]["neurons"][label][0]) for label in LABELS)
    made["occlusion"]["neurons"] = {"cat": [cat], "dog": [dog]}
    cat |= {
        "patch": {**cat["patch"], "kept": kept, "removed": 4.5},
        "random_removed": 6.0,
        "harming": harming,
    }
    # The other neither is enough nor needed: so that the classes cannot be mixed up.
    dog |= {"patch": {**dog["patch"], "kept": 0.75, "removed": 7.5}, "random_removed": 3.0, "harming": 30}
    displayed = SmallPage(made)

    # 3.75 / 7.5 = 0.50, 4.5 / 7.5 = 0.60, 6 / 7.5 = 0.80.
    assert beside(displayed) == f"alone 0.50 without 0.60 random 0.80 {words}"
    assert beside(displayed, 1) == "alone 0.10 without 1.00 random 0.40 neither"
    reported = displayed.words("#neurons")
    enough, needed, both = (f"{n} {'is' if n == 1 else 'are'}" for n in counts)
    assert f"Of 2 patches {enough} enough, {needed} needed, and {both} both." in reported
    assert conclusion in reported


def test_where_all_patches_hold_it_nothing_else_is_said() -> None:
    made = document()
    for (neuron,) in made["occlusion"]["neurons"].values():
        neuron |= {"patch": {**neuron["patch"], "kept": 7.5}, "harming": 0}
    reported = SmallPage(made).words("#neurons")
    assert "all of them hold a good part of what their neurons respond to" in reported
    assert "none of them is shown" not in reported


def test_a_patch_has_the_results_of_its_own_neuron_or_none() -> None:
    made = document()
    own = made["occlusion"]["neurons"]["cat"][0]
    other = {**own, "position": [0, 0, 0], "random_removed": 0.0}
    made["occlusion"]["neurons"] = {"cat": [other, own], "dog": [other]}
    displayed = SmallPage(made)
    assert "random 0.70" in beside(displayed)
    assert beside(displayed, 1) == ""


def test_a_silent_neuron_has_no_shares() -> None:
    made = document()
    for (neuron,) in made["occlusion"]["neurons"].values():
        neuron["value"] = 0.0
    displayed = SmallPage(made)
    assert beside(displayed) == "no output"
    assert "patches 0 are" not in displayed.words("#neurons")


def test_the_section_stays_whole_where_occlusion_is_left_out() -> None:
    whole = SmallPage(document())
    assert "put to the test by occlusion" in whole.words("#neurons")
    alone = SmallPage(document(), sections=("neurons",))
    assert alone.soup.select("#figure-patches_0 .tile")
    assert not alone.soup.select(".tested")
    assert "occlusion" not in alone.words("#neurons")
