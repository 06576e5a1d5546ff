"""What the settings and the data tell of the results before these are: names of figures, and a specimen."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from reportgen.contract.schema import read_schema
from reportgen.contract.specimen import Known, OpenList, make_specimen
from reportgen.dataset.inventory import Inventory
from reportgen.settings import Settings
from reportgen.split import SPLITS

_OF_BOXES = (
    "/dataset/annotations_sha256",
    "/neurons/head_overlap",
    "/guided_backprop/area_share",
    "/guided_backprop/rows/<class>/<i>/energy_share",
)
"""Where null stands if no boxes came with the images."""


def expect_names(classes: int, *, annotated: bool) -> list[tuple[str, str]]:
    """Kind and name of every figure and table of the document, those of errors that may not be made too."""
    each = range(classes)
    figures = [
        *("images", "filter", "maps"),
        *(name for n in (1, 2) for name in (f"filters_{n}", *(f"maps_{n}_{i}" for i in each))),
        *("confusion", "history", "misclassified"),
        *(name for i in each for name in (f"neuron_input_{i}", f"patches_{i}", f"guided_input_{i}")),
    ]
    tables = [*(f"guided_{i}" for i in each), "scores", "distinct", "counts", "checks", "sources"]
    if annotated:
        tables.append("heads")
    return [*(("figure", name) for name in figures), *(("table", name) for name in tables)]


def expect_results(settings: Settings, inventory: Inventory) -> Any:
    """A specimen of ``results.json``: its keys, kinds of values, and lengths as far as they are known."""
    classes = inventory.classes
    count = len(classes)
    known = Known(
        keys={"class": classes, "split": SPLITS},
        lengths={
            "/report/authors": len(settings.authors),
            "/dataset/classes": count,
            "/dataset/images": len(inventory.images),
            "/transfer/classes": count,
            "/transfer/confusion/<split>": count,
            "/transfer/confusion/<split>/<i>": count,
            "/transfer/misclassified": len(inventory.of("test")),
            "/neurons/top/<class>": settings.show.neurons,
            "/neurons/top_distinct/<class>": settings.show.neurons,
            "/guided_backprop/rows/<class>": len(settings.guided_backprop.neurons),
        },
        values={
            "/convolution/filter": _expect_filter(settings),
            "/guided_backprop/rows/<class>/<i>/choice": _expect_choice(settings.guided_backprop.neurons),
        },
        absent={
            *(() if inventory.survey.annotations else _OF_BOXES),
            *(() if settings.date else ("/report/date",)),
        },
    )
    return make_specimen(read_schema(), known)


def _expect_filter(settings: Settings) -> Any:
    weights: Any = 0.5
    for _ in range(3 if settings.show.colour else 2):
        weights = OpenList([weights])
    return weights


def _expect_choice(choices: Sequence[Any]) -> str:
    return next((choice for choice in choices if isinstance(choice, str)), "position")
