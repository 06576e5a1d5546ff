"""What patches are like as pictures, counted again pixel by pixel."""

from __future__ import annotations

import numpy as np
import pytest
from small_results import document, results_of

from reportgen.dataset.decode import grey
from reportgen.results import Box
from reportgen.sections.neurons.claims import decide
from reportgen.sections.neurons.patches import BLACK, describe_patches

SIDE = 224


def box(top: int, left: int, height: int, width: int) -> Box:
    return Box(rows=(top, top + height), cols=(left, left + width))


PATCHES = [
    box(10, 10, 40, 40),
    box(10, 20, 40, 40),
    box(10, 30, 40, 40),
    box(0, 100, 50, 30),
    box(170, 120, 54, 60),
]


def mask(one: Box) -> np.ndarray:
    found = np.zeros((SIDE, SIDE), bool)
    found[slice(*one.rows), slice(*one.cols)] = True
    return found


@pytest.fixture(scope="module")
def image() -> np.ndarray:
    pixels = np.random.default_rng(2).integers(0, 90, (SIDE, SIDE, 3)).astype(np.uint8)
    pixels[150:] = 3  # black, and flat
    pixels[:100, :100] = pixels[:100, :100] // 8 * 8 + 100
    return pixels


def test_contrast_and_blackness_are_those_of_the_pixels(image: np.ndarray) -> None:
    found, luma = describe_patches(PATCHES, image, None), grey(image).astype(float)
    parts = [luma[mask(each)] for each in PATCHES]
    assert found.contrast == pytest.approx(np.mean([part.std() for part in parts]))
    assert found.image_contrast == pytest.approx(luma.std())
    assert found.flatter == sum(part.std() < luma.std() for part in parts)
    assert found.black == pytest.approx(np.mean([(part < BLACK).mean() for part in parts]))
    assert found.image_black == pytest.approx((luma < BLACK).mean())
    assert 0.3 > found.black > 0.15
    assert (found.on_animal, found.animal_area) == (None, None)


def test_overlaps_edges_and_places_are_counted(image: np.ndarray) -> None:
    found = describe_patches(PATCHES, image, None)
    shares = [
        (mask(one) & mask(other)).sum() / (mask(one) | mask(other)).sum()
        for n, one in enumerate(PATCHES)
        for other in PATCHES[:n]
    ]
    # Of the first three each overlaps the next by 3/5, but the first and the last one by 1/3 only.
    assert (found.overlapping, found.pairs) == (sum(share > 0.5 for share in shares), len(shares)) == (2, 10)
    assert found.places == 3
    assert found.at_edge == 2
    assert describe_patches(PATCHES[::-1], image, None).places == 3
    assert describe_patches(PATCHES[:1], image, None).places == 1


def test_the_share_on_the_animal_is_beside_the_share_of_the_image(image: np.ndarray) -> None:
    animal = box(20, 30, 100, 100)
    found = describe_patches(PATCHES, image, animal)
    assert found.on_animal == pytest.approx(np.mean([mask(animal)[mask(each)].mean() for each in PATCHES]))
    assert found.animal_area == pytest.approx(mask(animal).mean())


@pytest.mark.parametrize(
    ("overlapping", "wanted"), [(10, (True, True)), (0, (False, False)), (6, (True, False))]
)
def test_of_patches_is_claimed_what_most_are_and_what_is_no_chance_weighs(
    overlapping: int, wanted: tuple[bool, bool]
) -> None:
    changed = document()
    for look in changed["neurons"]["looks"].values():
        look["overlapping"] = overlapping
    claims = {claim.name: claim for claim in decide(results_of(changed).neurons)}
    assert (claims["patches_overlap"].passed, claims["patches_overlap"].weight > 0) == wanted


def test_older_documents_claim_nothing_of_patches() -> None:
    old = document()
    del old["neurons"]["looks"], old["neurons"]["flatness"]
    assert {claim.name for claim in decide(results_of(old).neurons)} == {"ranking", "field_support"}
