"""What is expected of results agrees with results: nothing that these print is refused beforehand."""

from __future__ import annotations

import datetime
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from stand_in import make_home
from whole_document import whole

from reportgen.dataset.inventory import take_inventory
from reportgen.document.expression import print_value
from reportgen.document.numbers import FILTERS, Sourced
from reportgen.engine.expected import expect_results
from reportgen.errors import RenderError
from reportgen.settings import understand_settings

SETTINGS: dict[str, Any] = {
    "authors": [{"name": "Zoë"}],
    "date": datetime.date(2026, 1, 31),
    "show": {"colour": True, "neurons": 2},
    "guided_backprop": {"neurons": ["zero", "top:1"]},
}


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_home(tmp_path_factory.mktemp("home"))


def expected(home: Path, *, annotated: bool = True, **settings: Any) -> Any:
    data = home / "data"
    if annotated:
        data = shutil.copytree(data, home / "annotated", dirs_exist_ok=True)
        (data / "annotations.json").write_text("{}")
    return expect_results(understand_settings(SETTINGS | settings, "a test"), take_inventory(data, 1))


def steps(value: Any, path: str = "") -> Iterator[str]:
    """Every name in a document, as an author writes it, of one class, split and item as of all."""
    if path and value is not None:  # with null go filters that go with nothing else there
        yield path
    if isinstance(value, dict):
        for key, child in value.items():
            if key in ("dog", "train", "val"):
                continue
            yield from steps(child, f'{path}["{key}"]' if path else key)
    elif isinstance(value, list):
        for index, child in enumerate(value[:1]):
            yield from steps(child, f"{path}[{index}]")


def accepts(document: Any, expression: str) -> bool:
    try:
        print_value(expression, Sourced(document))
    except RenderError:
        return False
    return True


USES = ["", *(f"| {name}" for name in FILTERS if name != "decimal"), "| decimal(1)"]


@pytest.mark.long
def test_whatever_results_print_is_expected(home: Path) -> None:
    real, specimen = whole(), expected(home)
    tried = 0
    for name in steps(real):
        for use in USES:
            if accepts(real, f"{name} {use}"):
                tried += 1
                whole_number = use in ("| percent", "| share") and accepts(real, f"{name} | whole")
                assert whole_number or accepts(specimen, f"{name} {use}"), f"{name} {use}"
    assert tried > 500


def test_counts_are_no_shares_even_if_they_are_0_or_1(home: Path) -> None:
    assert not accepts(expected(home), "transfer.confusion.test[0][0] | percent")
    assert not accepts(expected(home), "dataset.counts.test.cat | share")


@pytest.mark.parametrize(
    "wrong",
    [
        "transfer.acuracy.test", "transfer.accuracy.testing", "neurons.top.bird[0].value", "nothing",
        "neurons.top.cat[2].value", "neurons.top_distinct.dog[2].value", "guided_backprop.rows.cat[2].value",
        "dataset.classes[2]", "transfer.confusion.test[2][0]", "transfer.confusion.test[0][2]",
        "report.authors[1].name", "transfer.misclassified[4].file", "conv_stack.layers[2].filters",
        "dataset.images[14].file", "transfer.history.loss", "transfer.history.loss[0].x", "neurons.top",
        "transfer.accuracy.test | whole", "transfer.feature_size | percent",
        "transfer.feature_layer | decimal(1)",
        "guided_backprop.percentile | percent", "transfer.feature_layer | neuron_kind",
        "neurons.top.cat | shape",
        "convolution.filter[0][0]", "neurons.geometry | position",
    ],
)  # fmt: skip
def test_what_no_results_have_is_refused(home: Path, wrong: str) -> None:
    assert not accepts(expected(home), wrong)


@pytest.mark.parametrize(
    "absent",
    ["neurons.head_overlap.cat.total", "guided_backprop.area_share.cat.head",
     "guided_backprop.rows.cat[0].energy_share.animal"],
)  # fmt: skip
def test_what_comes_of_boxes_is_expected_only_with_boxes(home: Path, absent: str) -> None:
    assert accepts(expected(home), absent)
    assert not accepts(expected(home, annotated=False), absent)


def test_a_filter_in_grey_has_no_channels(home: Path) -> None:
    grey = expected(home, show={"colour": False})
    assert accepts(grey, "convolution.filter[0][0]")
    assert not accepts(grey, "convolution.filter[0][0][0]")


def test_open_lists_are_told_without_a_length(home: Path) -> None:
    with pytest.raises(RenderError) as caught:
        print_value("transfer.history.loss.first", Sourced(expected(home)))
    assert "is a list, counted from 0, without 'first'" in caught.value.problem
