"""Where the numbers come from: what is claimed of functions, files and commands holds in a real build."""

from __future__ import annotations

import sys
import threading
from pathlib import Path
from types import FrameType
from typing import Any

import pytest
from bs4 import BeautifulSoup, Tag
from printed import resolve_pointer
from small_results import document, results_of, small_results
from stand_in import counting, make_home, print_nothing

from reportgen.document.lineage import ORIGINS, Lineage, find_origin
from reportgen.engine import pipeline
from reportgen.engine.plan import make_specs
from reportgen.outline.kind import find_kind
from reportgen.settings import load_settings


def noted(*pointers: str) -> Lineage:
    lineage = Lineage(small_results(), document(), find_kind())
    for pointer in pointers:
        lineage.note(pointer)
    return lineage


def rows(lineage: Lineage) -> dict[str, str]:
    return {entry.pointer: entry.value for _, entries in lineage.sources() for entry in entries}


def test_only_what_is_printed_has_a_row_and_each_but_one() -> None:
    lineage = noted("/transfer/trainable_parameters", "/provenance/seed", "/transfer/trainable_parameters")
    assert rows(lineage) == {"/provenance/seed": "1", "/transfer/trainable_parameters": "1026"}
    assert lineage.note("/provenance/seed") == "s2"


def test_on_paper_each_function_has_one_row_under_its_stage_and_every_value_leads_to_one() -> None:
    pointers = (
        "/transfer/trainable_parameters",
        "/neurons/top/cat/0/value",
        "/neurons/layer_shape/0",
        "/provenance/seed",
    )
    lineage = noted(*pointers, "/neurons/top/cat/0/position/0")
    found = {computation.title: computation for computation in lineage.computations()}
    assert list(found) == [
        "The report as a whole",
        "VGG19 with a new output layer",
        "Maximally activating patches",
    ]
    neurons = found["Maximally activating patches"]
    assert neurons.stage == "neurons"
    assert neurons.package == "reportgen.sections.neurons"
    named = {function.anchor: function.name for group in neurons.functions.values() for function in group}
    # One is the section's own, and its package is not said again; the other lies elsewhere.
    assert set(named.values()) == {"compute.find_excited_neurons", "reportgen.analysis.neurons.rank_neurons"}
    assert ("example images", "weights") in neurons.functions
    led = {entry.pointer: entry.function for _, entries in lineage.sources() for entry in entries}
    assert named[led["/neurons/top/cat/0/value"]] == "reportgen.analysis.neurons.rank_neurons"
    assert named[led["/neurons/layer_shape"]] == "compute.find_excited_neurons"
    anchors = [f.anchor for c in found.values() for group in c.functions.values() for f in group]
    assert len(set(anchors)) == len(anchors)
    assert set(led.values()) == set(anchors)


def test_a_name_that_begins_as_the_one_before_is_not_written_out_again() -> None:
    lineage = noted("/neurons/layer_shape/0", "/neurons/top/cat/0/value", "/neurons/top/cat/0/patch/rows/0")
    (found,) = lineage.computations()
    functions = found.functions["example images", "weights"]
    # The first lies elsewhere than the second, which begins as the third does.
    assert [function.printed for function in functions] == [
        "compute.find_excited_neurons",
        "reportgen.analysis.neurons.rank_neurons",
        "effective_field",
    ]
    # The whole name is still known, by which a number leads to it.
    assert functions[2].name == "reportgen.analysis.neurons.effective_field"


def test_values_are_not_rounded_and_what_is_long_is_cut() -> None:
    pointers = ("/neurons/top/cat/0/patch/energy_share", "/dataset/images", "/provenance/weights/sha256")
    assert rows(noted(*pointers)) == {
        "/provenance/weights/sha256": f'"{"0" * 23}…',
        "/dataset/images": "1 items",
        "/neurons/top/cat/0/patch/energy_share": "0.81",
    }


def test_the_numbers_of_a_shape_share_a_row_and_those_of_a_curve_do_not() -> None:
    lineage = noted(
        "/convolution/expected_shape/0", "/convolution/expected_shape/1", "/neurons/top/cat/0/value"
    )
    assert rows(lineage) == {"/convolution/expected_shape": "[222, 222]", "/neurons/top/cat/0/value": "7.5"}


def test_the_example_image_of_the_class_is_the_input_with_its_hash() -> None:
    changed = document()
    changed["dataset"]["examples"] = {"cat": "test/x.jpg", "dog": "test/y.jpg"}
    changed["dataset"]["images"].append(
        {"file": "test/y.jpg", "split": "test", "label": "dog", "sha256": "2" * 64}
    )
    lineage = Lineage(results_of(changed), changed, find_kind())
    lineage.note("/neurons/top/dog/0/value")
    lineage.note("/neurons/layer_shape/0")
    files = {
        maker.function.rpartition(".")[2]: [(f.file, f.sha256) for f in maker.files]
        for maker, _ in lineage.sources()
    }
    weights = ("w.h5", "0" * 64)
    assert files["rank_neurons"] == [("test/y.jpg", "2" * 64), weights]
    assert files["find_excited_neurons"] == [("test/x.jpg", "1" * 64), ("test/y.jpg", "2" * 64), weights]


def test_the_longest_pattern_counts() -> None:
    functions = {
        "/conv_stack/layers/1/expected_shape/0": "output_size",
        "/conv_stack/layers/1/observed_shape/0": "stack_layers",
        "/neurons/top/a~1b/0/patch/rows/0": "effective_field",
        "/neurons/top/a~1b/0/position/0": "rank_neurons",
        "/transfer/accuracy/test": "accuracy",
    }
    assert {p: find_origin(p, find_kind())[1].function.rpartition(".")[2] for p in functions} == functions


def test_what_is_said_to_be_read_is_what_the_stage_declares() -> None:
    specs = {spec.name: spec for spec in make_specs(find_kind())}
    of_sections = [(section.name, origin) for section in find_kind() for origin in section.origins]
    for stage, origin in (*ORIGINS, *of_sections):
        spec = specs[stage]
        assert not origin.weights or spec.weights, origin
        if origin.inputs == "annotated":
            assert spec.annotations, origin
        if origin.inputs == "examples":
            assert spec.images in ("examples", "both"), origin


class Seen:
    """The dotted names of all functions of reportgen that were called."""

    def __init__(self) -> None:
        self.names: set[str] = set()

    def __call__(self, frame: FrameType, event: str, _argument: Any) -> None:
        module = frame.f_globals.get("__name__", "")
        if event == "call" and module.startswith("reportgen"):
            self.names.add(f"{module}.{frame.f_code.co_qualname}")


@pytest.fixture(scope="module")
def observed(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, set[str]]:
    """A project built from nothing with the small network, and every function that was called for it."""
    home = make_home(tmp_path_factory.mktemp("observed"))
    seen = Seen()
    sys.setprofile(seen)
    threading.setprofile(seen)
    try:
        # Printing makes no number, and takes long when each of its calls is looked at.
        with counting(), pytest.MonkeyPatch.context() as patch:
            patch.setattr("reportgen.engine.stages.pdf.print_pdf", print_nothing)
            assert pipeline.build(load_settings(folder=home), home / "data").problem is None
    finally:
        sys.setprofile(None)
        threading.setprofile(None)
    return home, seen.names


@pytest.fixture(scope="module")
def soup(observed: tuple[Path, set[str]]) -> BeautifulSoup:
    return BeautifulSoup((observed[0] / "build/report.html").read_text(encoding="utf-8"), "lxml")


def makers(soup: BeautifulSoup) -> list[Tag]:
    return soup.select("table.sources tbody")


@pytest.mark.slow
def test_every_function_that_is_named_was_called(
    observed: tuple[Path, set[str]], soup: BeautifulSoup
) -> None:
    named = {found.get_text(strip=True) for found in soup.select(".made .function")}
    assert len(named) > 20
    assert named - observed[1] == set()


@pytest.mark.long
@pytest.mark.slow
def test_the_command_that_is_named_computes_the_number_again(
    observed: tuple[Path, set[str]], soup: BeautifulSoup
) -> None:
    import json

    home = observed[0]
    results = json.loads((home / "build/results.json").read_text(encoding="utf-8"))
    outcomes: dict[str, Any] = {}
    wrong = []
    for body in makers(soup):
        (command,) = body.select(".made .command")
        *start, stage = command.get_text(" ", strip=True).split()
        assert start == ["reportgen", "build", "--only"]
        if stage not in outcomes:
            with counting():
                outcomes[stage] = pipeline.recompute(load_settings(folder=home), home / "data", stage)
        for row in body.select("tr[id]"):
            (head,) = row.select("th.pointer")
            pointer = head.get_text(strip=True)
            if compute_again(outcomes[stage], stage, pointer) != resolve_pointer(results, pointer):
                wrong.append((stage, pointer))
    assert wrong == []
    assert set(find_kind().names) <= set(outcomes)


def compute_again(outcome: Any, stage: str, pointer: str) -> Any:
    """The value of a pointer of the results in the outcome of the stage that makes it."""
    import json

    if stage == "results":
        return resolve_pointer(json.loads(outcome["results.json"]), pointer)
    if pointer == "/provenance/data_fingerprint":
        return outcome["fingerprint"].decode()
    first, _, rest = pointer[1:].partition("/")
    if first == "provenance":
        return resolve_pointer(json.loads(outcome["weights.json"]), "/" + rest.partition("/")[2])
    name = "dataset.json" if first == "dataset" else "numbers.json"
    return resolve_pointer(json.loads(outcome[name]), f"/{rest}")


@pytest.mark.long
@pytest.mark.slow
def test_every_number_leads_to_a_row_that_holds_it(soup: BeautifulSoup) -> None:
    links = soup.select("a[data-ptr]")
    assert len(links) > 150
    for link in links:
        row = soup.find(id=str(link["href"]).removeprefix("#"))
        assert isinstance(row, Tag)
        (head,) = row.select("th.pointer")
        said, asked = head.get_text(strip=True), str(link["data-ptr"])
        assert asked == said or asked.rpartition("/")[0] == said


@pytest.mark.slow
def test_the_files_have_the_hashes_of_the_files(observed: tuple[Path, set[str]], soup: BeautifulSoup) -> None:
    import hashlib

    data = observed[0] / "data"
    found = 0
    for item in soup.select(".made .input"):
        name, digest = item.select(".file")[0].get_text(), item.select(".hash")[0].get_text(strip=True)
        if (data / name).exists():
            assert digest == hashlib.sha256((data / name).read_bytes()).hexdigest()
            found += 1
    assert found > 10
