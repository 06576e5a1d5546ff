"""A document made from a schema: every key, the right kinds, and what is known."""

from __future__ import annotations

from typing import Any

import pytest

from reportgen.contract.specimen import Known, OpenDict, OpenList, make_specimen

SCHEMA = {
    "$defs": {
        "Item": {
            "type": "object",
            "properties": {
                "share": {"type": "number", "minimum": 0, "maximum": 1},
                "percentile": {"type": "number", "minimum": 0, "maximum": 100},
                "count": {"type": "integer", "minimum": 5},
                "kind": {"type": "string", "enum": ["a", "b"]},
                "box": {"type": "array", "prefixItems": [{"type": "integer"}, {"type": "string"}]},
            },
        }
    },
    "properties": {
        "version": {"const": "1.0", "type": "string"},
        "maybe": {"anyOf": [{"type": "null"}, {"$ref": "#/$defs/Item"}]},
        "each": {
            "type": "object",
            "additionalProperties": {"type": "array", "items": {"$ref": "#/$defs/Item"}},
            "propertyNames": {"placeholder": "class"},
        },
        "other": {
            "type": "object",
            "additionalProperties": {"type": "boolean"},
            "propertyNames": {"placeholder": "array"},
        },
        "four": {
            "type": "array",
            "minItems": 4,
            "maxItems": 4,
            "items": {"type": "array", "items": {"type": "number"}},
        },
    },
    "type": "object",
}


def specimen(**known: Any) -> Any:
    return make_specimen(SCHEMA, Known(keys={"class": ("x", "y/z")}, **known))


def test_every_key_is_there_with_a_value_of_its_kind() -> None:
    made = specimen()
    item = made["maybe"]
    assert made.keys() == {"version", "maybe", "each", "other", "four"}
    assert item.keys() == {"share", "percentile", "count", "kind", "box"}
    assert made["version"] == "1.0"
    assert 0 < item["share"] < 1 < item["percentile"] <= 100
    assert type(item["count"]) is int
    assert item["count"] >= 5
    assert item["kind"] == "a"
    assert [type(each) for each in item["box"]] == [int, str]


def test_known_names_are_the_only_keys_and_unknown_ones_may_be_any() -> None:
    made = specimen()
    assert list(made["each"]) == ["x", "y/z"]
    assert isinstance(made["other"], OpenDict)
    assert "anything" in made["other"]
    assert made["other"]["anything"] is True


def test_lists_are_as_long_as_known_or_open() -> None:
    made = specimen(lengths={"/each/<class>": 3, "/four/<i>": 2})
    assert len(made["each"]["x"]) == 3
    assert [len(row) for row in made["four"]] == [2, 2, 2, 2]
    assert isinstance(specimen()["each"]["x"], OpenList)
    assert specimen()["each"]["x"][99]["kind"] == "a"


def test_what_is_known_stands_there() -> None:
    made = specimen(values={"/each/<class>/<i>/kind": "b"}, absent={"/maybe"})
    assert made["maybe"] is None
    assert made["each"]["y/z"][0]["kind"] == "b"
    with pytest.raises(KeyError):
        made["each"]["z"]
