"""What verify says of the map for a second class, where another class, or none, is named as the second."""

from __future__ import annotations

import copy
from typing import Any

import numpy as np
import pytest
from small_results import document

from reportgen.outline.kind import find_kind
from reportgen.sections.methods.comparison import compare
from reportgen.verify.tolerances import Pair, Tolerances

TOLERANCES = Tolerances.of(find_kind())
MAPS = {f"maps_{i}": np.zeros((2, 224, 224), np.float32) for i in range(3)}


def section(second: str | None = "dog", other_class: float | None = 0.5) -> Any:
    made = copy.deepcopy(document()["methods"])
    image = made["classes"]["cat"] = copy.deepcopy(made["classes"]["cat"])
    made["classes"]["bird"] = copy.deepcopy(made["classes"]["dog"])
    for each in made["classes"].values():
        each |= {"explained": "cat", "second": None}
        for own in each["maps"]:
            own["other_class"] = None
    image["second"] = second
    image["maps"][0]["other_class"] = other_class
    return made


def statuses(submitted: Any, recomputed: Any) -> dict[str, str]:
    """By pointer, of what was said of the second class of the first image and of its first map."""
    rows = compare(Pair(submitted, recomputed, MAPS, {}, TOLERANCES))
    here = "/methods/classes/cat/"
    return {
        row.pointer.removeprefix(here): row.status
        for row in rows
        if row.pointer in (f"{here}second", f"{here}maps/0/other_class")
    }


@pytest.mark.parametrize(
    ("submitted", "second", "correlation"),
    [
        (section(), "confirmed", "confirmed"),
        (section(other_class=0.53), "confirmed", "confirmed"),
        (section(other_class=0.6), "confirmed", "differs"),
        (section(other_class=None), "confirmed", "differs"),
        # Of nearly equal outputs either may be the second; what its map would be was not computed.
        (section("bird", 0.7), "not recomputable", "not recomputable"),
        (section(None, None), "differs", "differs"),
        # Neither the first class nor what is no class of the data can be the second.
        (section("cat", 0.5), "differs", "confirmed"),
        (section("fish", 0.5), "differs", "confirmed"),
    ],
)
def test_the_map_for_the_second_class(submitted: Any, second: str, correlation: str) -> None:
    assert statuses(submitted, section()) == {"second": second, "maps/0/other_class": correlation}


def test_older_documents_have_no_second_class() -> None:
    old = section()
    for image in old["classes"].values():
        del image["second"]
        for own in image["maps"]:
            del own["other_class"]
    assert statuses(old, section()) == {}
