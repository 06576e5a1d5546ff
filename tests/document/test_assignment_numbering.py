"""The order of sections that keeps the assignment's numbers: what it asks for comes first."""

from __future__ import annotations

import re

from small_page import SmallPage
from small_results import LABELS, document

from reportgen.outline.kind import find_kind

ASKED = ("convolution", "conv_stack", "transfer", "neurons", "guided_backprop")
"""The sections of the assignment, in its order."""

FIGURES = [
    "The example images",
    "The filter",
    "The feature maps of the single filter",
    "Filters of layer 1",
    *(f"Feature maps of layer 1, {label}" for label in LABELS),
    "Filters of layer 2",
    *(f"Feature maps of layer 2, {label}" for label in LABELS),
    "Confusion matrix of the test images",
    *(
        f"{title}, {label}"
        for label in LABELS
        for title in ("Patches and field", "Patches of the most excited neurons")
    ),
    *(f"Input image, {label}" for label in LABELS),
]
"""As a course that asks for these five sections counts them: 21 for three classes."""

TABLES = [f"Guided gradients, {label}" for label in LABELS]


def read_numbers(sections: tuple[str, ...], kind: str) -> dict[int, str]:
    """Titles of the figures or tables of a page by the numbers that it prints, without the appendix."""
    page = SmallPage(document(), sections=sections)
    captions = [" ".join(each.get_text().split()) for each in page.soup.select("figcaption b, caption b")]
    found = [re.fullmatch(rf"{kind} (\d+)\. (.*?)\.?", caption) for caption in captions]
    return {int(match[1]): match[2] for match in found if match}


def in_order(found: dict[int, str], count: int) -> list[str]:
    return [found[number] for number in range(1, count + 1)]


def test_what_the_assignment_asks_for_keeps_its_numbers_in_its_order_of_sections() -> None:
    order = ASKED + tuple(name for name in find_kind().names if name not in ASKED)
    for kind, asked in (("Fig.", FIGURES), ("Table", TABLES)):
        found = read_numbers(order, kind)
        assert in_order(found, len(asked)) == asked
        assert len(found) > len(asked)


def test_in_the_default_order_other_sections_come_between() -> None:
    found = in_order(read_numbers(find_kind().names, "Fig."), len(FIGURES))
    inputs = len(LABELS)
    assert found[:-inputs] == FIGURES[:-inputs]
    assert not set(found) & set(FIGURES[-inputs:])
