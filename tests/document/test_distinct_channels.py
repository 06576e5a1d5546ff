"""The neurons of distinct channels, each beside what its own channel adds to the decision."""

from __future__ import annotations

import pytest
from small_page import SmallPage
from small_results import document


def rows(displayed: SmallPage) -> list[list[str]]:
    table = displayed.soup.select_one("table:has(#table-distinct)")
    assert table is not None
    cells = [row.find_all(["th", "td"]) for row in table.select("thead tr, tbody tr")]
    return [[" ".join(cell.get_text().split()) for cell in row] for row in cells]


@pytest.mark.parametrize(("strength", "rank"), [(True, "7"), (False, "300")])
def test_each_neuron_has_the_contribution_of_its_own_channel(strength: bool, rank: str) -> None:
    """Red if they are matched by rank, or if the rank is that of the signed contribution throughout."""
    made = document()
    (neuron,) = made["neurons"]["top_distinct"]["cat"]
    loud = made["channels"]["classes"]["cat"]["loud"]
    other = {**loud[0], "position": [9, 9, 9], "contribution": 99.0}
    own = {**loud[0], "position": neuron["position"], "contribution": -0.125, "contribution_rank": 300}
    own["strength_rank"] = 7
    made["channels"]["classes"]["cat"] = {**made["channels"]["classes"]["cat"], "loud": [other, own]}
    made["channels"]["classes"]["dog"] = {**made["channels"]["classes"]["dog"], "loud": [other, other]}
    if not strength:
        made["channels"]["strength"] = None
    head, cat, dog = rows(SmallPage(made))
    assert head == ["Class", "Position", "Output", "Contribution", "Rank", "Patch"]
    assert cat[:5] == ["cat", "(3, 4, 5)", "7.500", "−0.125", rank]
    # Of a neuron that the other section does not list, nothing is known.
    assert dog[3:5] == ["–", "–"]


def test_without_the_channels_it_has_no_such_columns() -> None:
    head, *_ = rows(SmallPage(document(), sections=("neurons",)))
    assert head == ["Class", "Position", "Output", "Patch"]
