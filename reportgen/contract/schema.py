"""The JSON Schema of ``results.json``, made from the result types and kept in a file beside this module."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

SCHEMA_FILE = Path(__file__).with_name("results.schema.json")
_DIALECT = "https://json-schema.org/draft/2020-12/schema"
_ABOUT = (
    "What reportgen writes into results.json: these keys, all of them and no others. Within a major "
    "version keys are added and never removed, so whoever reads newer minor versions passes over what is "
    "not known; each version has a schema of its own, named by schema_version. 'unit' is the unit of a "
    "number or the form of a text; 'placeholder' is what the keys of an object stand for; what is "
    "readOnly is derived from other values. Boxes are half-open, [start, stop), in pixels of the 224 × "
    "224 image."
)


def read_schema() -> dict[str, Any]:
    """The schema of this version, as it is shipped."""
    schema: dict[str, Any] = json.loads(SCHEMA_FILE.read_bytes())
    return schema


def make_schema() -> dict[str, Any]:
    """The schema of ``results.json`` (JSON Schema, draft 2020-12), made from the result types."""
    from pydantic.json_schema import GenerateJsonSchema

    from reportgen.results import SCHEMA_VERSION, Results

    class Untitled(GenerateJsonSchema):
        """Without the titles that pydantic makes from the names, which say nothing more."""

        def field_title_should_be_set(self, schema: Any) -> bool:  # noqa: ARG002 - as pydantic calls it
            return False

    made = Results.model_json_schema(mode="serialization", schema_generator=Untitled)
    # Older and newer documents are read too; this schema is the one of this version only.
    made["properties"]["schema_version"] |= {"const": SCHEMA_VERSION}
    head = {
        "$schema": _DIALECT,
        "$id": f"urn:reportgen:results:{SCHEMA_VERSION}",
        "title": "results.json of reportgen",
        "version": SCHEMA_VERSION,
    }
    return head | {**made, "title": head["title"], "description": _ABOUT}


def write_schema() -> str:
    """The same as the text of the shipped file."""
    return json.dumps(make_schema(), indent=2, ensure_ascii=False) + "\n"
