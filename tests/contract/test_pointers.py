"""The list of pointers: all that a document has, none that it never has, each with its meaning."""

from __future__ import annotations

import json
import re
from functools import cache
from typing import Any

import pytest
from markdown_it import MarkdownIt
from typer.testing import CliRunner
from whole_document import locations, whole, written

from reportgen.cli.program import app
from reportgen.contract.schema import POINTERS_FILE, SCHEMA_FILE, Pointer, describe_pointers, list_pointers

SCHEMA = json.loads(SCHEMA_FILE.read_bytes())
POINTERS = list_pointers(SCHEMA)
PLACEHOLDERS = {"i": r"\d+", "j": r"\d+", "k": r"\d+", "split": "train|val|test"}
KINDS = {dict: "object", list: "array", str: "string", bool: "boolean", int: "integer", float: "number"}


@cache
def compiled(pattern: str) -> re.Pattern[str]:
    # Kept: there are more patterns than re itself remembers.
    steps = re.split(r"<(\w+)>", pattern)
    parts = [
        f"({PLACEHOLDERS.get(step, '[^/]+')})" if odd % 2 else re.escape(step)
        for odd, step in enumerate(steps)
    ]
    return re.compile("".join(parts))


def matches(pattern: str, pointer: str) -> bool:
    return compiled(pattern).fullmatch(pointer) is not None


def find(pattern: str) -> Pointer:
    (found,) = [pointer for pointer in POINTERS if pointer.pattern == pattern]
    return found


def is_of(kind: str, value: Any) -> bool:
    """Whether a value is of a kind as the list has it: JSON types, or the values that there are."""
    for each in kind.split(" or "):
        if each.startswith('"'):
            if value == json.loads(each):
                return True
        elif each == "null":
            if value is None:
                return True
        elif KINDS.get(type(value)) == each or (each == "number" and type(value) is int):
            return True
    return False


@pytest.mark.parametrize("make", [written, whole])
def test_every_pointer_of_a_document_is_listed_once_with_its_type(make: Any) -> None:
    for pointer, value in locations(make()):
        found = [each for each in POINTERS if matches(each.pattern, pointer)]
        assert len(found) == 1, (pointer, found)
        assert is_of(found[0].kind, value), (pointer, value, found[0])


def test_every_pointer_that_is_listed_may_be_there() -> None:
    there = [pointer for pointer, _ in locations(whole())]
    idle = [each.pattern for each in POINTERS if not any(matches(each.pattern, pointer) for pointer in there)]
    assert idle == []


def test_every_field_says_what_it_means() -> None:
    assert [each.pattern for each in POINTERS if len(each.meaning) < 8] == []
    assert [each.pattern for each in POINTERS if not each.meaning.endswith(".")] == []
    for name, each in SCHEMA["$defs"].items():
        assert each.get("description"), name
        for key, field in each["properties"].items():
            assert field.get("description"), f"{name}.{key}"


UNITS = {
    "/transfer/accuracy/<split>": "share, 0 to 1",
    "/transfer/history/loss/<i>": "nats",
    "/transfer/history/val_accuracy/<i>": "share, 0 to 1",
    "/transfer/confusion/<split>/<i>/<j>": "images",
    "/transfer/frozen_sha256/before": "SHA-256, hexadecimal",
    "/neurons/top/<class>/<i>/receptive_field/rows/1": "pixels",
    "/neurons/top/<class>/<i>/patch/energy_share": "share, 0 to 1",
    "/neurons/geometry/stride": "pixels",
    "/convolution/expected_shape/<i>": "pixels",
    "/transfer/training/patience": "epochs",
    "/transfer/training/learning_rate": "",
}


@pytest.mark.parametrize(("pattern", "unit"), UNITS.items())
def test_units_are_those_of_the_numbers(pattern: str, unit: str) -> None:
    assert find(pattern).unit == unit


def test_shares_and_hashes_and_boxes_all_have_units() -> None:
    for each in POINTERS:
        last = each.pattern.rpartition("/")[2]
        if last.endswith("sha256") and each.kind != "object":
            assert each.unit == "SHA-256, hexadecimal", each.pattern
        if re.search(r"/(rows|cols)/[01]$", each.pattern):
            assert each.unit == "pixels", each.pattern


def test_the_unit_of_a_list_is_that_of_its_items_and_of_nothing_in_them() -> None:
    inner = {"type": "object", "description": "An item.", "properties": {"a": {"type": "integer"}}}
    lists = {"type": "array", "description": "All.", "unit": "pixels", "items": inner}
    found = list_pointers({"type": "object", "$defs": {}, "properties": {"all": lists}})
    assert [(each.pattern, each.unit, each.meaning) for each in found] == [
        ("/all", "pixels", "All."),
        ("/all/<i>", "pixels", "An item."),
        ("/all/<i>/a", "", ""),
    ]


def test_what_follows_from_other_values_is_marked() -> None:
    derived = {each.pattern for each in POINTERS if each.derived}
    assert derived == {
        "/convolution/matches", "/conv_stack/matches",
        "/transfer/correct", "/transfer/correct/<split>", "/transfer/total", "/transfer/total/<split>",
        "/transfer/accuracy", "/transfer/accuracy/<split>",
        "/transfer/accuracy_interval", "/transfer/accuracy_interval/<split>",
        "/transfer/accuracy_interval/<split>/0", "/transfer/accuracy_interval/<split>/1",
        "/transfer/majority_share", "/transfer/majority_share/<split>",
        "/channels/always_loud", "/channels/loud_and_decisive", "/channels/loud_against", "/channels/listed",
        *(f"/channels/strong{name}" for name in ("", "_for", "_against")),
        "/channels/over_data/images", "/channels/over_data/preferring",
        "/methods/located/better", "/methods/located/shown_better", "/methods/located/better_than_centre",
        "/methods/located/outlined/shown_better",
        *(f"/occlusion/{name}" for name in (
            "measured", "harming", "holding", "both", "patch_places", "patch_p_value", "patch_harm",
            "verdicts", "verdicts/<class>", "verdicts/<class>/<i>",
            "found", "found_in_blur", "found_places", "found_p_value", "found_worth",
        )),
        *(
            f"/occlusion/{location}{below}"
            for location in ("neurons/<class>/<i>/shares", "mean/<class>")
            for below in (
                *("", "/blank", "/patch_kept", "/patch_removed", "/random_removed"),
                *("/best_kept", "/best_removed"),
            )
        ),
        "/occlusion/mean",
        "/guided_backprop/signs/negative_share",
        "/guided_backprop/zero_neurons", "/guided_backprop/zero_neurons_blank",
        "/randomisation/mean", "/randomisation/mean/<i>",
        *(f"/randomisation/mean/<i>/{kind}" for kind in ("guided", "plain")),
        *(
            f"/randomisation/mean/<i>/{kind}/{measure}"
            for kind in ("guided", "plain")
            for measure in ("signed", "absolute", "ssim")
        ),
        "/methods/methods", "/methods/methods/<i>",
        *(f"/methods/methods/<i>/{name}" for name in (
            "method", "incompleteness", "peaks_on_animal", "on_animal", "other_class",
        )),
        "/methods/tested", "/methods/class_tested", "/methods/class_blind",
        "/methods/annotated", "/methods/chance", "/methods/centres",
        "/randomisation/explained", "/randomisation/silent",
        *(f"/channels/animal{name}" for name in (
            "", "/loud", "/decisive", "/unusual", "/total", "/chance",
        )),
        *(f"/neurons/{name}" for name in ("patches", "flatter", "pairs", "overlapping")),
        *(f"/errors/{name}" for name in (
            "total", "confusions", "confusions/<i>", "confusions/<i>/true", "confusions/<i>/predicted",
            "confusions/<i>/count", "faultless", "faultless/<i>", "near_taken", "near_own",
        )),
        *(f"/shortcuts/{name}" for name in (
            "judged", "chance", "correct", "correct/<cue>", "accuracy", "accuracy/<cue>", "accuracy_interval",
            "accuracy_interval/<cue>", "accuracy_interval/<cue>/0", "accuracy_interval/<cue>/1", "lead",
            "lead/<cue>", "ranking", "ranking/<i>", "found", "found/<i>", "clear", "clear/<i>", "shown",
            "beyond_chance", "beyond_chance/<i>", "file_leader", "frame_apart",
            *(f"frame_apart/{each}" for each in (
                "label", "kind", "framed", "images", "others_framed", "others", "p_value",
            )),
            "framed", "framed/<class>", "recognised", "recognised/<class>", "recognised/<class>/images",
            "recognised/<class>/as_they_are", "recognised/<class>/without_ring", "correct_as_they_are",
            "correct_without_ring", "changed", "lost", "gained", "p_value",
        )),
    }  # fmt: skip


def test_values_that_may_be_one_of_several_name_them_all() -> None:
    assert find("/dataset/layout").kind == '"split" or "unsplit"'
    assert find("/neurons/head_overlap").kind == "object or null"
    assert find("/convolution/filter/<i>/<j>").kind == "number or array"
    assert find("/report/date").kind == "string or null"


def test_the_shipped_list_is_the_one_of_the_schema() -> None:
    assert POINTERS_FILE.read_text(encoding="utf-8") == describe_pointers(SCHEMA), (
        "POINTERS.md is not the list of the shipped schema. Run: make schema"
    )
    done = CliRunner().invoke(app, ["schema", "--pointers"])
    assert done.exit_code == 0
    assert done.stdout == describe_pointers(SCHEMA)


def test_the_list_reads_well_as_markdown() -> None:
    tokens = MarkdownIt("commonmark").enable("table").parse(describe_pointers(SCHEMA))
    rows: list[list[str]] = []
    for token in tokens:
        if token.type == "tr_open":
            rows.append([])
        elif token.type == "inline" and token.level > 1:
            assert not any(child.type == "html_inline" for child in token.children or []), token.content
            rows[-1].append("".join(child.content for child in token.children or []))
    body = [row for row in rows if row[0] != "pointer"]
    assert [row[0] for row in body] == [each.pattern for each in POINTERS]
    assert [row[1] for row in body] == [each.kind for each in POINTERS]
    assert all(row[3].endswith(each.meaning) for row, each in zip(body, POINTERS, strict=True))
    assert "html_block" not in {token.type for token in tokens}
