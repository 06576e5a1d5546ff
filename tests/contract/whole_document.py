"""A ``results.json`` of two classes in which nothing that may be there is left out."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from small_results import LABELS, document, results_of

_SHARES = {"animal": 0.5, "head": None}


def written() -> dict[str, Any]:
    """The smallest document, as it would be written, derived values and all."""
    return as_written(document())


def whole() -> dict[str, Any]:
    """The same with authors, annotations, duplicates, a filter in colour and arrays in every section."""
    changed = document()
    changed["report"] |= {"authors": [{"name": "Zoë", "roll_number": ""}], "date": "2026-01-31"}
    changed["provenance"]["fonts"] = [{"name": "Own Squares Regular", "sha256": "f" * 64}]
    changed["dataset"] |= {
        "annotated": True,
        "annotations_sha256": "c" * 64,
        "duplicates": [{"sha256": "d" * 64, "files": ["train/cat/a.png", "test/cat/a.png"]}],
        "warnings": ["An image stands in two splits."],
    }
    summary = changed["convolution"]["arrays"]["filter"]
    changed["convolution"] |= {"filter": [[[0.1, -0.2, 0.3]] * 3] * 3, "colour": True}
    for section in (
        "conv_stack",
        "transfer",
        "neurons",
        "occlusion",
        "channels",
        "guided_backprop",
        "methods",
        "randomisation",
        "shortcuts",
        "errors",
    ):
        changed[section]["arrays"] = {"some": {**summary, "file": f"arrays/{section}.npz", "key": "some"}}
    changed["provenance"]["layers"] = ["block5_conv4", "block4_conv1"]
    for geometry in ("geometry", "network_geometry"):
        spans = {"row_spans": [[0, 99]], "column_spans": [[0, 99]]}
        changed["neurons"][geometry] = {**(changed["neurons"][geometry] or {}), "whole": False, **spans}
    names = ("layer", "layer_shape", "geometry", "network_geometry", "top", "positive_share")
    changed["neurons"]["more"] = [{name: changed["neurons"][name] for name in names}]
    changed["neurons"]["head_overlap"] = {label: {"overlapping": 1, "total": 5} for label in LABELS}
    changed["channels"]["classes"]["cat"]["on_animal"] = {
        "loud": 1, "decisive": 2, "unusual": 2, "total": 2, "chance": 0.5,
    }  # fmt: skip
    for look in changed["neurons"]["looks"].values():
        look |= {"on_animal": 0.5, "animal_area": 0.25}
    boxed = {"animal": 0.5, "centre_on_animal": True}
    changed["methods"]["classes"]["cat"] |= boxed
    changed["methods"]["classes"]["cat"]["maps"][0] |= {
        "peak_on_animal": False, "on_animal": 0.25, "other_class": 0.5,
    }  # fmt: skip
    changed["methods"]["classes"]["cat"]["second"] = "dog"
    some = {"mean": 0.5, "low": 0.25, "high": 0.75}
    changed["methods"]["located"] = {
        "images": 2, "resamples": 2000, "random": 0.25, "centre_hits": 0.5, "centre_energy": 0.5,
        "methods": [
            {
                "method": name, "hits": some, "energy": some, "gain": some, "overlap": some,
                "random_overlap": 0.25, "centre_overlap": 0.5,
            }
            for name in changed["methods"]["shown"]
        ],
        "outlined": {
            "images": 2, "random": 0.25, "centre_hits": 0.5, "centre_energy": 0.5,
            "methods": [
                {"method": name, "hits": some, "energy": some, "gain": some}
                for name in changed["methods"]["shown"]
            ],
        },
    }  # fmt: skip
    changed["shortcuts"]["examples"] = {label: ["test/x.jpg"] for label in LABELS}
    changed["guided_backprop"]["area_share"] = dict.fromkeys(LABELS, _SHARES)
    changed["guided_backprop"]["rows"]["cat"][0]["energy_share"] = _SHARES
    return as_written(changed)


def as_written(content: dict[str, Any]) -> dict[str, Any]:
    made: dict[str, Any] = json.loads(results_of(content).model_dump_json())
    return made


def locations(value: Any, pointer: str = "") -> Iterator[tuple[str, Any]]:
    """Every pointer below ``pointer``, with its value."""
    children = (
        value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    )
    for step, child in children:
        below = f"{pointer}/{str(step).replace('~', '~0').replace('/', '~1')}"
        yield below, child
        yield from locations(child, below)


def parent(content: Any, pointer: str) -> tuple[Any, Any]:
    """What holds the value at ``pointer``, and the key or index under which it does."""
    *steps, last = [step.replace("~1", "/").replace("~0", "~") for step in pointer.split("/")[1:]]
    for step in steps:
        content = content[int(step)] if isinstance(content, list) else content[step]
    return content, int(last) if isinstance(content, list) else last


def change(content: Any, pointer: str, value: Any) -> Any:
    """``content`` with another value at ``pointer``."""
    holder, key = parent(content, pointer)
    holder[key] = value
    return content


def remove(content: Any, pointer: str) -> Any:
    """``content`` without what is at ``pointer``."""
    holder, key = parent(content, pointer)
    del holder[key]
    return content
