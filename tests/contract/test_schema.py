"""The JSON Schema: the one of the types, as strict as the contract, and asked before anything is written."""

from __future__ import annotations

import hashlib
import json
import re
from collections import Counter
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest
from jsonschema import Draft202012Validator
from small_results import LABELS, document
from typer.testing import CliRunner
from whole_document import as_written, change, locations, remove, whole, written

from reportgen.cli.program import app
from reportgen.contract.schema import (
    SCHEMA_FILE,
    ContractError,
    check_document,
    find_violations,
    list_pointers,
    write_schema,
)
from reportgen.engine.stages import results as stage
from reportgen.engine.stages.context import StageContext
from reportgen.outline.kind import find_kind
from reportgen.results import SCHEMA_VERSION, ImageFile

SCHEMA = json.loads(SCHEMA_FILE.read_bytes())

SHAPES = {
    "1.0": "e83f268af47ebc6b6001b581a404d379123eca18c7436397df649cbd5f2bc3d4",
    "1.1": "d7d673f9666b5c553414f6058c065a888a541f67f45e1ee42622d936be7a1476",
    "1.2": "9a709f9b20520bb1bc7f4a572d0823aad6a0b0e65606b5e1416797281be28e46",
}
"""A hash of what each version promises, words apart. Whoever changes the types adds a version here."""


def refused(content: Any) -> list[str]:
    """The pointers that a stock validator complains about."""
    errors = Draft202012Validator(SCHEMA).iter_errors(content)
    return sorted("".join(f"/{step}" for step in error.absolute_path) for error in errors)


def without_words(node: Any) -> Any:
    if isinstance(node, dict):
        words = ("description", "unit", "placeholder", "title", "$id", "version")
        return {
            key: without_words(value)
            for key, value in node.items()
            if key not in words or isinstance(value, dict)
        }
    return [without_words(item) for item in node] if isinstance(node, list) else node


def test_the_shipped_schema_is_the_one_of_the_types() -> None:
    assert SCHEMA_FILE.read_text(encoding="utf-8") == write_schema(), (
        "The result types have changed. Raise SCHEMA_VERSION unless only words did, and run: make schema"
    )


def test_another_promise_has_another_version() -> None:
    text = json.dumps(without_words(SCHEMA), sort_keys=True)
    assert SHAPES.get(SCHEMA["version"]) == hashlib.sha256(text.encode()).hexdigest()
    assert SCHEMA["version"] == SCHEMA_VERSION == SCHEMA["properties"]["schema_version"]["const"]
    assert SCHEMA["$id"].endswith(SCHEMA_VERSION)


RELEASED = sorted((Path(__file__).parents[1] / "grader/released").glob("pointers-*.json"))
"""The pointers of each released version, with their types, as its own schema had them."""


@pytest.mark.parametrize("file", RELEASED, ids=lambda file: file.stem)
def test_a_minor_version_only_adds(file: Path) -> None:
    """A reader of an earlier version finds every pointer that it knows, and what it expects there."""
    today = {pointer.pattern: set(pointer.kind.split(" or ")) for pointer in list_pointers(SCHEMA)}
    before = {pattern: set(kind.split(" or ")) for pattern, kind in json.loads(file.read_bytes()).items()}
    del before["/schema_version"]
    assert before.keys() - today.keys() == set()
    for pattern, kinds in before.items():
        # One more name among those that a text may be is a key that is added; a type is not.
        more = {kind for kind in today[pattern] - kinds if not kind.startswith('"')}
        assert kinds - today[pattern] == more == set(), pattern


def test_each_version_before_this_one_has_its_pointers() -> None:
    named = {f"pointers-{version}" for version in SHAPES if version != SCHEMA_VERSION}
    assert {file.stem for file in RELEASED} == named


def test_the_schema_is_one_of_draft_2020_12() -> None:
    assert SCHEMA["$schema"] == "https://json-schema.org/draft/2020-12/schema"
    Draft202012Validator.check_schema(SCHEMA)


@pytest.mark.parametrize("make", [written, whole])
def test_what_is_written_conforms(make: Any) -> None:
    assert refused(make()) == []
    assert list(find_violations(make())) == []
    check_document(make())


MUTANTS = {
    "an accuracy above one": ("/transfer/accuracy/test", 1.2),
    "a recall below zero": ("/transfer/per_class/val/cat/recall", -0.1),
    "a share above one inside a patch": ("/neurons/top/cat/0/patch/energy_share", 1.5),
    "a probability above one": ("/transfer/misclassified/0/probabilities/dog", 1.01),
    "a negative count": ("/transfer/confusion/train/0/1", -1),
    "half an image": ("/dataset/counts/test/cat", 3.5),
    "a count as text": ("/transfer/feature_size", "512"),
    "a truth value as number": ("/convolution/matches", 1),
    "a number as truth value": ("/transfer/correct/test", True),
    "not a number": ("/transfer/history/loss/0", None),
    "a negative loss": ("/transfer/history/val_loss/0", -0.5),
    "a short hash": ("/provenance/data_fingerprint", "f" * 63),
    "a hash in capitals": ("/provenance/weights/sha256", "F" * 64),
    "a hash and a line break": ("/transfer/frozen_sha256/after", "a" * 64 + "\n"),
    "a hash that is none": ("/dataset/images/0/sha256", "g" * 64),
    "a shape of two": ("/neurons/layer_shape", [14, 14]),
    "a shape of four": ("/conv_stack/layers/0/expected_shape", [1, 220, 220, 32]),
    "a size of zero": ("/convolution/input_shape/0", 0),
    "a position of two": ("/guided_backprop/rows/cat/0/position", [0, 0]),
    "a position before the first": ("/neurons/top/dog/0/position/1", -1),
    "a box beyond the image": ("/neurons/top/cat/0/receptive_field/rows/1", 225),
    "a box before the image": ("/neurons/top/cat/0/patch/cols/0", -1),
    "one layer only": ("/conv_stack/layers", [document()["conv_stack"]["layers"][0]]),
    "an interval of three": ("/convolution/init_check/interval", [0, 1, 2]),
    "a split of another name": ("/dataset/images/0/split", "testing"),
    "a split left out": ("/transfer/accuracy", {"train": 1, "val": 1}),
    "a date of another form": ("/report/date", "31.01.2026"),
    "weights from nowhere": ("/provenance/weights/source", "net"),
    "an array of objects": ("/convolution/arrays/filter/dtype", "object"),
    "an output below zero": ("/neurons/top/cat/0/value", -0.5),
    "an excess percentile": ("/guided_backprop/percentile", 101),
    "no epoch": ("/transfer/training/epochs_run", 0),
    "another version": ("/schema_version", "1.9"),
    "null for a list": ("/checks", None),
}  # fmt: skip


@pytest.mark.parametrize(("pointer", "value"), MUTANTS.values(), ids=MUTANTS)
def test_what_is_out_of_range_is_refused_by_its_pointer(pointer: str, value: Any) -> None:
    changed = change(written(), pointer, value)
    assert refused(changed) == [pointer]
    (line,) = find_violations(changed)
    assert line.startswith(f"{pointer} is ")


def test_a_split_of_its_own_is_refused() -> None:
    changed = written()
    changed["transfer"]["accuracy"]["training"] = changed["transfer"]["accuracy"].pop("train")
    assert refused(changed) == ["/transfer/accuracy"]


@pytest.mark.parametrize(
    "pointer", ["", "/transfer", "/transfer/frozen_sha256", "/neurons/top/cat/0/patch", "/provenance/weights"]
)
def test_a_key_that_nobody_knows_is_refused(pointer: str) -> None:
    changed = change(written(), f"{pointer}/cheat", 1)
    assert refused(changed) == [pointer]
    (line,) = find_violations(changed)
    assert line.startswith(f"{pointer or 'the document'}: ")
    assert "'cheat'" in line


def apart(pointers: list[str]) -> list[list[str]]:
    """Pointers of which none is within another or beside it are tried together: to validate takes long."""
    rounds: dict[tuple[int, int], list[str]] = {}
    beside: Counter[str] = Counter()
    for pointer in pointers:
        holder = pointer.rpartition("/")[0]
        rounds.setdefault((pointer.count("/"), beside[holder]), []).append(pointer)
        beside[holder] += 1
    return list(rounds.values())


@pytest.mark.long
def test_no_key_may_be_missing() -> None:
    named = [
        pointer
        for pointer, _ in locations(written())
        if not pointer.rpartition("/")[2].isdigit()
        and pointer.rpartition("/")[2] not in LABELS
        and not pointer.rpartition("/")[0].endswith(("/versions", "/arrays", "/area_share", "/formats"))
        and not re.fullmatch("/shortcuts/([a-z_]+/(ring|colour|file|thumbnail)|file_alone/.*)", pointer)
        # What may be there or not is refused as a whole; and older documents are about one architecture.
        and not pointer.startswith("/channels/over_data/")
        and pointer != "/provenance/weights/architecture"
    ]
    assert len(named) > 200
    for pointers in apart(named):
        changed = written()
        for pointer in pointers:
            remove(changed, pointer)
        assert refused(changed) == sorted(pointer.rpartition("/")[0] for pointer in pointers)


@pytest.mark.parametrize("key", ["side", "channels/0/most", "channels/0/images/0/value"])
def test_of_what_may_be_left_out_no_part_may_be_missing(key: str) -> None:
    changed = written()
    remove(changed, f"/channels/over_data/{key}")
    assert refused(changed) == ["/channels/over_data"]


@pytest.mark.long
def test_nothing_may_be_of_another_kind() -> None:
    wrong = {"no": ["such", "thing"]}
    # Of what is repeated, the first is enough.
    firsts = [
        pointer for pointer, _ in locations(whole()) if not re.search("/dog|/[1-9]|/val|/train", pointer)
    ]
    firsts.remove("/shortcuts/examples")  # lists of files by the name of a class, whatever it is
    firsts.remove("/conv_stack/layers/0/maxima")  # lists of numbers in the same way
    assert len(firsts) > 200
    for pointers in apart(firsts):
        changed = whole()
        for pointer in pointers:
            change(changed, pointer, wrong)
        lines = list(find_violations(changed))
        # Of the several faults of one form, the nearest is spoken of: the others are tried alone.
        for pointer in pointers:
            if not any(line.startswith(f"{pointer} ") for line in lines):
                alone = change(whole(), pointer, wrong)
                assert refused(alone), pointer
                assert [line for line in find_violations(alone) if line.startswith(pointer)], pointer
        stock = [f"{path}/" for path in refused(changed) if path]
        for pointer in pointers:
            here = f"{pointer}/"
            assert any(here.startswith(path) or path.startswith(here) for path in stock), pointer


def test_of_several_forms_the_nearest_is_spoken_of() -> None:
    changed = change(written(), "/convolution/filter/1/2", "much")
    assert list(find_violations(changed)) == [
        '/convolution/filter/1/2 is "much", but the schema says type "number".'
    ]
    changed = change(whole(), "/guided_backprop/area_share/dog/animal", 2)
    assert list(find_violations(changed)) == [
        "/guided_backprop/area_share/dog/animal is 2, but the schema says maximum 1."
    ]


def test_a_class_with_a_slash_is_named_as_a_pointer_would() -> None:
    changed = document()
    for label in ("top", "positive_share"):
        changed["neurons"][label] = {"a/b~c": changed["neurons"][label]["cat"]}
    broken = change(as_written(changed), "/neurons/positive_share/a~1b~0c", 2)
    assert list(find_violations(broken)) == [
        "/neurons/positive_share/a~1b~0c is 2, but the schema says maximum 1."
    ]


def test_many_faults_are_cut_short() -> None:
    changed = change(written(), "/transfer/history/loss", [-1.0] * 30)
    with pytest.raises(ContractError) as caught:
        check_document(changed)
    assert caught.value.problem.count("/transfer/history/loss/") == 10
    assert "20 more" in caught.value.problem
    assert "fault of reportgen" in caught.value.remedy


class Stand:
    """What the stage asks for, from the small document."""

    def __init__(self, example: str) -> None:
        self.content = document()
        image = self.content["dataset"]["images"][0]
        self.examples = {"cat": ImageFile.model_construct(**{**image, "file": example})}
        self.versions = {"reportgen": "0"}
        self.processor = "x86_64, avx2"
        self.fonts = ()
        self.kind = find_kind()

    def artifacts(self, name: str) -> dict[str, bytes]:
        content = {"weights": self.content["provenance"]["weights"], **self.content}[name]
        dump = json.dumps(content).encode()
        files = {"numbers.json": dump, f"{name}.json": dump}
        return files | ({"fingerprint": b"f" * 64} if name == "dataset" else {})

    def setting(self, name: str) -> Any:
        return {
            "seed": 1,
            "theme": "report",
            "layers": [],
            "date": None,
            "authors": [SimpleNamespace(name="A", roll_number="1")],
        }.get(name, "")


def test_the_stage_writes_what_conforms() -> None:
    text = stage.run(cast(StageContext, Stand("test/x.jpg")))["results.json"]
    assert refused(json.loads(text)) == []
    assert json.loads(text)["report"]["authors"] == [{"name": "A", "roll_number": "1"}]


def test_the_stage_writes_nothing_else() -> None:
    with pytest.raises(ContractError) as caught:
        stage.run(cast(StageContext, Stand("")))
    assert '/dataset/examples/cat is ""' in caught.value.problem


def test_the_command_prints_the_shipped_file() -> None:
    done = CliRunner().invoke(app, ["schema"])
    assert done.exit_code == 0
    assert done.stdout == SCHEMA_FILE.read_text(encoding="utf-8")
