"""What the page says of unusual neurons, and that it says nothing of them where the tables have none."""

from __future__ import annotations

from small_page import SmallPage
from small_results import document


def test_unusual_neurons_are_named_and_explained_where_a_table_has_one() -> None:
    made = document()
    row = made["guided_backprop"]["rows"]["dog"][1]
    made["guided_backprop"]["rows"]["dog"][1] = {**row, "choice": "unusual:2"}
    reported = SmallPage(made).words("#guided-backprop")
    assert "most exceed their own average over the training images" in reported
    assert "number 2 of the most unusual" in reported
    assert "unusual" not in SmallPage(document()).words("#guided-backprop")
