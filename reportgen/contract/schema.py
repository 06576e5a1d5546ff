"""The JSON Schema of ``results.json``, made from the result types; that of the assignment is kept in a file
beside this module.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from reportgen.outline.kind import ReportKind, find_kind

SCHEMA_FILE = Path(__file__).with_name("results.schema.json")
_DIALECT = "https://json-schema.org/draft/2020-12/schema"
_ABOUT = (
    "What reportgen writes into results.json: these keys and no others; of the sections those that "
    "/kind/sections names. Within a major version keys are added and never removed, so whoever reads newer "
    "minor versions passes over what is not known; each version has a schema of its own, named by "
    "schema_version. 'unit' is the unit of a number or the form of a text; 'placeholder' is what the keys of "
    "an object stand for; what is readOnly is derived from other values. Boxes are half-open, [start, stop), "
    "in pixels of the 224 × 224 image."
)


def read_schema(kind: ReportKind | None = None) -> dict[str, Any]:
    """The schema of this version for a kind of report: a part of the shipped one if that has all of it."""
    shipped = find_kind()
    if kind is not None and not (kind.name == shipped.name and set(kind.sections) <= set(shipped.sections)):
        return make_schema(kind)
    schema: dict[str, Any] = json.loads(SCHEMA_FILE.read_bytes())
    for name in set(shipped.names) - set(kind.names if kind else shipped.names):
        del schema["properties"][name]
    return schema


def make_schema(kind: ReportKind | None = None) -> dict[str, Any]:
    """The schema of ``results.json`` (JSON Schema, draft 2020-12), made from the result types."""
    from pydantic.json_schema import GenerateJsonSchema

    from reportgen.contract.document import results_type
    from reportgen.results import SCHEMA_VERSION, Results

    class Untitled(GenerateJsonSchema):
        """Without the titles that pydantic makes from the names, which say nothing more."""

        def field_title_should_be_set(self, schema: Any) -> bool:  # noqa: ARG002 - as pydantic calls it
            return False

    kind = kind or find_kind()
    made = results_type(kind, Results).model_json_schema(mode="serialization", schema_generator=Untitled)
    # Older and newer documents are read too; this schema is the one of this version only.
    made["properties"]["schema_version"] |= {"const": SCHEMA_VERSION}
    made["required"] = [name for name in made["required"] if name not in kind]
    made["allOf"] = [_is_there_if_named(name) for name in kind.names]
    head = {
        "$schema": _DIALECT,
        "$id": f"urn:reportgen:results:{kind.name}:{SCHEMA_VERSION}",
        "title": "results.json of reportgen",
        "version": SCHEMA_VERSION,
    }
    return head | {**made, "title": head["title"], "description": _ABOUT}


def _is_there_if_named(section: str) -> dict[str, Any]:
    """A section is there if ``/kind/sections`` has its name, and only then."""
    named = {"properties": {"kind": {"properties": {"sections": {"contains": {"const": section}}}}}}
    there = {"required": [section]}
    return {"if": named, "then": there, "else": {"not": there}}


def write_schema(kind: ReportKind | None = None) -> str:
    """The same as text; without ``kind`` that of the shipped file."""
    return json.dumps(make_schema(kind), indent=2, ensure_ascii=False) + "\n"
