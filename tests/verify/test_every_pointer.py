"""Every number of ``results.json`` is compared, or excused by name and with the reason."""

from __future__ import annotations

import copy
import json
import re
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest
from forging import Home, print_never, small_network
from full_home import full_home
from pydantic import BaseModel, ValidationError
from sharing import MakeOnce

from reportgen.analysis.neurons import receptive_field
from reportgen.contract.schema import SCHEMA_FILE, list_pointers
from reportgen.dataset.inventory import Inventory, take_inventory
from reportgen.errors import UserError
from reportgen.progress import Silent
from reportgen.results import FieldGeometry
from reportgen.submission import SubmissionError
from reportgen.verify import verification
from reportgen.verify.numbers import compare_dataset, compare_derived
from reportgen.verify.recomputation import Recomputed
from reportgen.verify.releases import compare_release
from reportgen.verify.submitted import SubmittedReport, open_submitted
from reportgen.verify.tolerances import Finding

pytestmark = pytest.mark.slow

EXCUSED = {
    "/provenance/processor": "another machine has another one",
    "/provenance/fonts/*/name": "another machine has others; without the same ones pages are not compared",
    "/provenance/fonts/*/sha256": "another machine has others; without the same ones pages are not compared",
    "/provenance/weights/sha256": "compared where the weights are looked for, before anything is computed",
}
"""Rows of POINTERS.md whose values may be others without a difference, each with the reason."""


@dataclass(frozen=True)
class Bench:
    """An honest report and what was recomputed for it."""

    submitted: SubmittedReport
    inventory: Inventory
    recomputed: Recomputed
    document: Any

    def differing(self, document: Any, file: Path) -> list[Finding] | None:
        """What differs if these are the results, None if they are refused."""
        file.write_bytes(json.dumps(document).encode())
        try:
            opened = open_submitted(file, None)
        except UserError:
            return None
        opened = replace(opened, settings=self.submitted.settings)
        kind = opened.outline.kind
        rows = [
            *verification._compare_sections(opened, demanded=False),
            *verification._settings_rows(opened),
            *compare_dataset(opened.results, self.inventory),
            *compare_derived(opened.results, kind),
            *compare_release(opened.results),
            *verification._compare_numbers(opened, self.recomputed, kind),
        ]
        return [row for row in rows if row.status == "differs"]


@pytest.fixture(scope="module")
def bench(make_once: MakeOnce) -> Bench:
    return make_bench(full_home(make_once))


def make_bench(home: Home) -> Bench:
    # Without a PDF, which would have them attached.
    submitted = replace(open_submitted(home.build, None), settings=home.settings)
    inventory = take_inventory(home.data, submitted.results.provenance.seed, strict=True)
    with small_network(print_never):
        recomputed, _ = verification._recompute(submitted, inventory, home.settings, Silent())
    document = add_rare(home.results())
    return Bench(submitted, inventory, replace(recomputed, document=add_rare(recomputed.document)), document)


def add_rare(document: Any) -> Any:
    """The same with what other networks and machines have: layers that see to all sides unequally,
    convolutions that pass their input on, and fonts of the system.
    """
    changed = copy.deepcopy(dict(document))
    neurons = changed["neurons"]
    for each in (neurons, *neurons["more"]):
        for geometry in (each["geometry"], each["network_geometry"]):
            # As the rule has it, too.
            spans = [list(receptive_field(FieldGeometry(**geometry), i, 0).rows) for i in range(14)]
            geometry |= {"row_spans": spans, "column_spans": spans}
    changed["randomisation"]["kept"] = ["block5_conv4"]
    changed["provenance"]["fonts"] = [{"name": "Own Squares Regular", "sha256": "f" * 64}]
    return changed


Steps = tuple[Any, ...]


def leaves(value: Any, steps: Steps = ()) -> Iterator[tuple[Steps, Any]]:
    if isinstance(value, dict | list) and value:
        for key, item in value.items() if isinstance(value, dict) else enumerate(value):
            yield from leaves(item, (*steps, key))
    else:
        yield steps, value


def other(value: Any, *, share: bool = True) -> Any:
    """Another value of the same type, beyond every tolerance; ``share``: of a share another share."""
    if isinstance(value, bool):
        return not value
    if isinstance(value, int):
        return value + max(20, abs(value))
    if isinstance(value, float):
        return value + (0.4 if value <= 0.5 else -0.4) if share and 0 <= value <= 1 else 2 * value + 20
    if isinstance(value, str):
        return f"{'1' if value.startswith('0') else '0'}{value[1:]}" if len(value) == 64 else f"{value}x"
    return 0.5 if value is None else [1] if isinstance(value, list) else {"x": 1}


def change(document: Any, *chosen: Steps, share: bool = True) -> Any:
    parts = {steps[0] for steps in chosen}
    changed = {name: copy.deepcopy(part) if name in parts else part for name, part in document.items()}
    for steps in chosen:
        item = changed
        for step in steps[:-1]:
            item = item[step]
        item[steps[-1]] = other(item[steps[-1]], share=share)
    return changed


def point(steps: Steps) -> str:
    return "".join(f"/{str(step).replace('~', '~0').replace('/', '~1')}" for step in steps)


class Rows:
    """The rows of POINTERS.md, as the schema has them, each found by the steps of a pointer."""

    def __init__(self) -> None:
        self.tree: dict[str, Any] = {}
        for row in list_pointers(json.loads(SCHEMA_FILE.read_bytes())):
            node = self.tree
            for step in row.pattern.split("/")[1:]:
                node = node.setdefault("*" if step.startswith("<") else step, {})

    def name(self, steps: Steps) -> str:
        """The row of a pointer, with a star for what differs from report to report."""
        node, name = self.tree, ""
        for step in steps:
            found = str(step) if str(step) in node else "*"
            node, name = node[found], f"{name}/{found}"
        return name

    def without(self, touched: Iterable[str]) -> set[str]:
        """The rows that none of these is, or is below."""
        beginnings = {name[:end] for name in touched for end in (*slashes(name), len(name))}
        return {name for name, _ in self._all(self.tree, "")} - beginnings

    def _all(self, node: Any, name: str) -> Iterator[tuple[str, Any]]:
        for step, below in node.items():
            yield f"{name}/{step}", below
            yield from self._all(below, f"{name}/{step}")


def slashes(name: str) -> list[int]:
    return [found.start() for found in re.finditer("/", name)]


def choose(bench: Bench, rows: Rows) -> dict[str, Steps]:
    """A pointer for each row that has a value, if possible one that is not null."""
    chosen: dict[str, Steps] = {}
    for steps, _ in sorted(leaves(bench.document), key=lambda leaf: leaf[1] is None):
        chosen.setdefault(rows.name(steps), steps)
    return chosen


def is_refused(bench: Bench, steps: Steps) -> bool:
    """Whether the part of the document with this value changed is no such part, nor the whole then one."""
    part = change(bench.document, steps)[steps[0]]
    known = getattr(bench.submitted.results, steps[0])
    try:
        if isinstance(known, BaseModel):
            type(known).model_validate_json(json.dumps(part), strict=True)
    except ValidationError:
        return True
    return False


def tell_together(bench: Bench, chosen: Iterable[Steps], file: Path) -> set[Steps]:
    """Those that are named when one value of each part of a section is changed in the same document."""
    rounds: dict[int, list[Steps]] = {}
    of_part: Counter[Steps] = Counter()
    for steps in chosen:
        rounds.setdefault(of_part[steps[:2]], []).append(steps)
        of_part[steps[:2]] += 1
    return {steps for together in rounds.values() for steps in tell(bench, together, file)}


def tell(bench: Bench, together: list[Steps], file: Path) -> set[Steps]:
    found = bench.differing(change(bench.document, *together), file)
    if found is None and len(together) > 1:
        half = len(together) // 2
        return tell(bench, together[:half], file) | tell(bench, together[half:], file)
    if found is None:
        return set(together)
    named = [f"{row.pointer}/" for row in found]
    pointers = {steps: f"{point(steps)}/" for steps in together}
    return {
        steps
        for steps, here in pointers.items()
        if any(each.startswith(here) or here.startswith(each) for each in named)
    }


@pytest.mark.long
def test_an_honest_report_differs_nowhere(bench: Bench, tmp_path: Path) -> None:
    assert bench.differing(bench.document, tmp_path / "results.json") == []


def test_every_row_of_the_schema_is_compared_or_excused_by_name(bench: Bench, tmp_path: Path) -> None:
    rows, file = Rows(), tmp_path / "results.json"
    chosen = choose(bench, rows)
    assert rows.without(chosen) == set()
    refused = {steps for steps in chosen.values() if is_refused(bench, steps)}
    reported = refused | tell_together(bench, [each for each in chosen.values() if each not in refused], file)
    # Alone: among others it may be told in other words.
    rest = {name: steps for name, steps in chosen.items() if steps not in reported}
    untold = [
        name
        for name, steps in rest.items()
        if not any(
            bench.differing(change(bench.document, steps, share=share), file) != [] for share in (True, False)
        )
    ]
    assert sorted(untold) == sorted(EXCUSED)


@pytest.mark.parametrize(
    ("pointer", "named"),
    [
        # Within its channel a neuron adds as much to the score as any other.
        ("/channels/classes/cat/decisive/0/position/0", "/channels/classes/cat/decisive/0/position"),
        ("/occlusion/neurons/cat/0/best/box/rows/0", "/occlusion/neurons/cat/0/best/box"),
        ("/occlusion/neurons/dog/1/best/box/cols/1", "/occlusion/neurons/dog/1/best/box"),
    ],
)
def test_what_may_be_another_one_is_one_of_those_that_are_as_good(
    bench: Bench, tmp_path: Path, pointer: str, named: str
) -> None:
    forged = copy.deepcopy(bench.document)
    *steps, last = [int(step) if step.isdecimal() else step for step in pointer.split("/")[1:]]
    holder = forged
    for step in steps:
        holder = holder[step]
    holder[last] += -1 if holder[last] else 1
    found = bench.differing(forged, tmp_path / "results.json")
    assert found is not None
    assert named in {row.pointer for row in found}


def test_counts_of_which_no_share_can_be_are_refused_and_no_fault(bench: Bench, tmp_path: Path) -> None:
    """More images with a frame than images: the claim on them has no interval."""
    forged = copy.deepcopy(bench.document)
    forged["shortcuts"]["classes"]["dog"]["dark_frames"] += 20
    file = tmp_path / "results.json"
    file.write_text(json.dumps(forged), encoding="utf-8")
    with pytest.raises(SubmissionError, match="contradict each other"):
        open_submitted(file, None)


FORGED = [
    ("/transfer/accuracy/val", "/transfer/accuracy/train"),
    ("/transfer/confusion/val/0/0", "/transfer/confusion/train/1/1"),
    ("/transfer/per_class/val/cat/recall", "/transfer/per_class/test/dog/precision"),
    ("/transfer/history/loss/0", "/transfer/history/val_accuracy/0"),
    ("/transfer/training/epochs_run", "/transfer/training/best_epoch"),
    ("/transfer/frozen_sha256/before", "/transfer/frozen_sha256/after"),
    ("/transfer/arrays/features_train/mean", "/transfer/arrays/features_test/norm"),
    ("/convolution/filter/0/0/0", "/convolution/filter/2/1/2"),
    ("/convolution/init_check/statistic", "/convolution/init_check/p_value"),
    ("/neurons/top/cat/0/value", "/neurons/top_distinct/dog/1/value"),
    ("/neurons/top/cat/0/patch/rows/1", "/neurons/top/dog/1/patch/cols/1"),
    ("/guided_backprop/rows/cat/1/gradient_max_abs", "/guided_backprop/rows/dog/1/value"),
    ("/randomisation/neurons/cat/redrawn/0/likeness/guided/signed", "/randomisation/neurons/dog/value"),
    ("/shortcuts/confusion/ring/0/0", "/shortcuts/confusion/colour/1/1"),
    ("/channels/classes/cat/score", "/channels/classes/dog/loud/0/contribution"),
    ("/channels/over_data/channels/0/images/1/file", "/channels/over_data/channels/1/images/0/position/0"),
    ("/dataset/counts/test/cat", "/dataset/images/0/sha256"),
    ("/provenance/seed", "/provenance/data_fingerprint"),
    ("/checks/0/passed", "/checks/3/claim"),
]
"""Numbers that are worth a forgery, each in two places."""


@pytest.mark.long
@pytest.mark.parametrize("pointer", [pointer for pair in FORGED for pointer in pair])
def test_a_forged_number_is_named(bench: Bench, tmp_path: Path, pointer: str) -> None:
    steps = tuple(int(step) if step.isdecimal() else step for step in pointer.split("/")[1:])
    found = bench.differing(change(bench.document, steps), tmp_path / "results.json")
    if found is not None:  # else it is refused as a whole: its numbers contradict each other
        file = bench.document["dataset"]["images"][0]["file"]
        named = {row.pointer for row in found}
        assert named
        assert any(pointer.startswith(each) or each in (file, "report.toml: seed") for each in named)


@pytest.mark.long
@pytest.mark.parametrize("pointer", ["/channels/strength/p_value", "/neurons/flatness/p_value"])
def test_another_p_value_is_named(bench: Bench, tmp_path: Path, pointer: str) -> None:
    """Within 0 and 1, or it would be refused as no share."""
    _, section, part, name = pointer.split("/")
    forged = copy.deepcopy(bench.document)
    known = forged[section][part][name]
    forged[section][part][name] = 0.001 if known > 0.2 else 0.9
    found = bench.differing(forged, tmp_path / "results.json")
    assert found is not None
    assert pointer in {row.pointer for row in found}
