"""Every number of ``results.json`` is compared, or excused by name and with the reason."""

from __future__ import annotations

import copy
import json
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest
from forging import Home, as_json, honest_home, small_network
from sharing import MakeOnce
from stand_in import LABELS

from reportgen.dataset.inventory import Inventory, take_inventory
from reportgen.errors import UserError
from reportgen.progress import Silent
from reportgen.verify import verification
from reportgen.verify.numbers import _left_out, compare_dataset, compare_derived, compare_numbers
from reportgen.verify.recomputation import Recomputed
from reportgen.verify.submitted import SubmittedReport, open_submitted
from reportgen.verify.tolerances import Finding

pytestmark = pytest.mark.slow

EXCUSED = {
    "/provenance/versions": "another machine has others; what they excuse is decided by the documents",
    "/provenance/processor": "another machine has another one",
    "/provenance/fonts": "another machine has others; without the same ones pages are not compared",
    "/provenance/weights/sha256": "compared where the weights are looked for, before anything is computed",
    "/channels/classes/*/*/*/value_rank": "one more or less is rounding",
    "/channels/classes/*/*/*/contribution_rank": "three more or less are rounding",
    "/channels/classes/*/*/*/strength_rank": "three more or less are rounding",
    "/guided_backprop/rows/*/*/position": "of a silent neuron every other silent one is as good",
    "/occlusion/neurons/*/*/best/box": "of boxes of nearly equal worth any may be the best one",
}
"""Pointers that may be others without a difference, each with the reason."""


@dataclass(frozen=True)
class Bench:
    """An honest report and what was recomputed for it."""

    submitted: SubmittedReport
    inventory: Inventory
    recomputed: Recomputed
    document: Any

    def differing(self, document: Any, file: Path) -> list[Finding] | None:
        """What differs if these are the results, None if they are refused."""
        file.write_bytes(as_json(document))
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
            *verification._compare_numbers(opened, self.recomputed, kind),
        ]
        return [row for row in rows if row.status == "differs"]


@pytest.fixture(scope="module")
def bench(make_once: MakeOnce) -> Bench:
    home: Home = honest_home(make_once)
    submitted = open_submitted(home.build, None)
    inventory = take_inventory(home.data, submitted.results.provenance.seed, strict=True)
    with small_network(home.print_once):
        recomputed, _ = verification._recompute(submitted, inventory, home.settings, Silent())
    return Bench(submitted, inventory, recomputed, home.results())


Steps = tuple[Any, ...]


def leaves(value: Any, steps: Steps = ()) -> Iterator[tuple[Steps, Any]]:
    if isinstance(value, dict | list) and value:
        for key, item in value.items() if isinstance(value, dict) else enumerate(value):
            yield from leaves(item, (*steps, key))
    else:
        yield steps, value


def pattern(steps: Steps) -> str:
    """A pointer with a star for each item of a list, class and numbered array."""
    return "".join(
        "/*" if isinstance(step, int) or step in LABELS or re.fullmatch(r".*_\d+", step) else f"/{step}"
        for step in steps
    )


def other(value: Any) -> Any:
    """Another value of the same type, beyond every tolerance."""
    if isinstance(value, bool):
        return not value
    if isinstance(value, int):
        return value + max(1, abs(value))
    if isinstance(value, float):
        return 2 * value + 1
    if isinstance(value, str):
        return f"{'1' if value.startswith('0') else '0'}{value[1:]}" if len(value) == 64 else f"{value}x"
    return 0.5 if value is None else [1] if isinstance(value, list) else {"x": 1}


def change(document: Any, steps: Steps) -> Any:
    changed = copy.deepcopy(document)
    item = changed
    for step in steps[:-1]:
        item = item[step]
    item[steps[-1]] = other(item[steps[-1]])
    return changed


def point(steps: Steps) -> str:
    return "".join(f"/{str(step).replace('~', '~0').replace('/', '~1')}" for step in steps)


def tell_together(bench: Bench, chosen: list[Steps], file: Path) -> set[Steps]:
    """Those that are named when one value of each section is changed in the same document."""
    rounds: dict[int, list[Steps]] = {}
    of_section: Counter[str] = Counter()
    for steps in chosen:
        rounds.setdefault(of_section[steps[0]], []).append(steps)
        of_section[steps[0]] += 1
    return {steps for together in rounds.values() for steps in tell(bench, together, file)}


def tell(bench: Bench, together: list[Steps], file: Path) -> set[Steps]:
    document = bench.document
    for steps in together:
        document = change(document, steps)
    found = bench.differing(document, file)
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


def excuse(name: str) -> str:
    parts = [re.escape(key).replace(r"\*", "[^/]+") for key in EXCUSED]
    return next((key for key, part in zip(EXCUSED, parts, strict=True) if re.match(part, name)), "")


@pytest.mark.long
def test_an_honest_report_differs_nowhere(bench: Bench, tmp_path: Path) -> None:
    assert bench.differing(bench.document, tmp_path / "results.json") == []


def test_all_that_no_module_compares_is_compared_value_by_value(bench: Bench) -> None:
    kind = bench.submitted.outline.kind
    compared = {row.pointer for row in compare_numbers(bench.document, bench.recomputed.document, kind)}
    left_out = _left_out(kind)
    for steps, _ in leaves(bench.document):
        pointer = point(steps)
        elsewhere = any(tuple(steps[: len(each)]) == each for each in left_out)
        if not elsewhere and steps[0] not in ("report", "schema_version"):
            assert pointer in compared


def test_what_modules_compare_or_derive_is_compared_to_the_last_pointer(bench: Bench, tmp_path: Path) -> None:
    left_out = _left_out(bench.submitted.outline.kind)
    chosen: dict[str, Steps] = {}
    for steps, value in leaves(bench.document):
        elsewhere = any(tuple(steps[: len(each)]) == each for each in left_out)
        if (elsewhere or steps[0] == "report") and value is not None:
            chosen.setdefault(pattern(steps), steps)
    told = tell_together(bench, list(chosen.values()), tmp_path / "results.json")
    missed = []
    for name, steps in chosen.items():
        if steps in told or excuse(name):
            continue
        # Alone: among others it may be told in other words, or all of them are refused.
        if bench.differing(change(bench.document, steps), tmp_path / "results.json") == []:
            missed.append(name)
    assert missed == []
    assert json.dumps(sorted({excuse(name) for name in chosen} - {""})) == json.dumps(sorted(EXCUSED))


FORGED = [
    ("/transfer/accuracy/val", "/transfer/accuracy/train"),
    ("/transfer/confusion/val/0/0", "/transfer/confusion/train/1/1"),
    ("/transfer/per_class/val/cat/recall", "/transfer/per_class/test/dog/precision"),
    ("/transfer/history/loss/0", "/transfer/history/val_accuracy/0"),
    ("/transfer/training/epochs_run", "/transfer/training/best_epoch"),
    ("/transfer/frozen_sha256/before", "/transfer/frozen_sha256/after"),
    ("/transfer/arrays/features_train/mean", "/transfer/arrays/features_test/norm"),
    ("/convolution/filter/0/0", "/convolution/filter/2/1"),
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
