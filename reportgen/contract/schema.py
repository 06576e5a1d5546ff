"""The type of results.json, its JSON Schema, validation against it, and the list of its pointers."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import Annotated, Any, TypeVar

from pydantic import create_model

from reportgen.errors import UserError
from reportgen.outline.kind import OutlineError, ReportKind, find_kind, find_section
from reportgen.outline.section import Section
from reportgen.pointer import join_pointer, show_value, split_pointer
from reportgen.results import Results
from reportgen.results.document import BEFORE_KINDS, Checks
from reportgen.results.fields import means

R = TypeVar("R", bound=Results)


def results_type(kind: ReportKind, base: type[R]) -> type[R]:
    """The type of the results of a kind of report: ``base``, a field for each section, then the checks."""
    return _make_type(kind, base)


# Apart from results_type(), because cache() would make type checkers forget the type variable.
@cache
def _make_type(kind: ReportKind, base: type[Any]) -> type[Any]:
    fields: dict[str, Any] = {
        section.name: (Annotated[section.result_type, means(section.meaning)], ...)
        for section in kind.sections
    }
    # The checks are given here and not by the base, so that they come behind the sections.
    made: type[Any] = create_model(
        base.__name__, __base__=base, __module__=base.__module__, **fields, checks=(Checks, ...)
    )
    return made


def read_results(text: str | bytes, kind: ReportKind) -> Results:
    """The results that this program wrote as JSON, of a report of this kind."""
    return results_type(kind, Results).model_validate_json(text)


def find_document_kind(document: Any, expected: ReportKind | None = None) -> ReportKind:
    """The kind of report that a parsed ``results.json`` says it is, with its sections that are known.

    Known are the sections of ``expected``, or without it those installed here; a document never names a
    module to be imported. Its other sections are ignored, as an older reader would ignore them.
    """
    declared = document.get("kind") if isinstance(document, dict) else None
    declared = declared if isinstance(declared, dict) else BEFORE_KINDS.model_dump()
    names = declared.get("sections")
    names = [name for name in names if isinstance(name, str)] if isinstance(names, list) else []
    kind = expected or _installed_kind(declared.get("name"))
    own = {section.name: section for section in kind.sections}
    # Once each: ReportKind refuses a section that is there twice, and a document may name one so.
    found = [own.get(name) or (None if expected else _installed(name)) for name in dict.fromkeys(names)]
    return ReportKind(kind.name, kind.version, tuple(section for section in found if section))


def _installed_kind(name: Any) -> ReportKind:
    if not isinstance(name, str) or ":" in name:
        return find_kind()
    try:
        return find_kind(name)
    # Its sections may be known all the same, and are looked for one by one.
    except OutlineError:
        return find_kind()


def _installed(name: str) -> Section | None:
    try:
        # A name with a colon would import a module.
        return None if ":" in name else find_section(name)
    except OutlineError:
        return None


_MOST_SHOWN = 10


class ContractError(UserError):
    """A document that is about to be written is not what the contract promises."""

    exit_code = 1


def find_violations(document: Any, kind: ReportKind | None = None) -> Iterator[str]:
    """What in a parsed ``results.json`` is not as this version's schema for that kind of report says, a line
    for each pointer.
    """
    # Imported here: that takes 0.1 s, and only what is written is checked.
    from jsonschema import Draft202012Validator

    for error in Draft202012Validator(read_schema(kind)).iter_errors(document):
        yield _describe(_likeliest(error))


def check_document(document: Any, kind: ReportKind | None = None) -> None:
    """Make sure that a parsed ``results.json`` keeps what the contract promises.

    Raises ``ContractError`` naming the pointers where it does not.
    """
    problems = list(find_violations(document, kind))
    if not problems:
        return
    if len(problems) > _MOST_SHOWN:
        problems[_MOST_SHOWN:] = [f"… and {len(problems) - _MOST_SHOWN} more."]
    raise ContractError(
        "\n".join(["The results are not what their schema promises, so they were not written.", *problems]),
        "This is a fault of reportgen and not of your data. Please report it, with these lines.",
    )


def _likeliest(error: Any) -> Any:
    """The errors of a value of a union, for the member that it is closest to."""
    while error.context:
        forms: dict[Any, list[Any]] = {}
        for each in error.context:
            # The first step of an error's path in the schema is the number of the union's member.
            forms.setdefault(each.schema_path[0], []).append(each)
        error = min(forms.values(), key=_distance)[0]
    return error


def _distance(errors: list[Any]) -> tuple[bool, int]:
    """How far a value is from a form: it is of another type altogether, or so much in it is wrong."""
    return any(each.validator == "type" and not each.path for each in errors), len(errors)


def _describe(error: Any) -> str:
    pointer = join_pointer(error.absolute_path) or "the document"
    if error.validator in ("required", "additionalProperties"):
        return f"{pointer}: {error.message}."
    wanted = f"{error.validator} {json.dumps(error.validator_value)}"
    return f"{pointer} is {show_value(error.instance)}, but the schema says {wanted}."


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
    # The shipped file, which reads in a tenth of the 0.2 s that making the schema takes the first time.
    schema: dict[str, Any] = json.loads(SCHEMA_FILE.read_bytes())
    for name in set(shipped.names) - set(kind.names if kind else shipped.names):
        del schema["properties"][name]
    return schema


def make_schema(kind: ReportKind | None = None) -> dict[str, Any]:
    """The schema of ``results.json`` (JSON Schema, draft 2020-12), made from the result types."""
    from pydantic.json_schema import GenerateJsonSchema

    from reportgen.results import SCHEMA_VERSION, Results

    class Untitled(GenerateJsonSchema):
        """Without the titles that pydantic makes from the names, which say nothing more."""

        def field_title_should_be_set(self, schema: Any) -> bool:  # noqa: ARG002 - as pydantic calls it
            return False

    kind = kind or find_kind()
    # As it is written, not as it is read: derived values are in the one only.
    made = results_type(kind, Results).model_json_schema(mode="serialization", schema_generator=Untitled)
    # Older and newer documents are read too; this schema is the one of this version only.
    made["properties"]["schema_version"] |= {"const": SCHEMA_VERSION}
    # Sections are required by the conditions in allOf, as a report may have some of them only.
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
    """The schema as the text of a file; without ``kind`` that of the shipped one."""
    # Readable in a diff, for the file is under version control.
    return json.dumps(make_schema(kind), indent=2, ensure_ascii=False) + "\n"


POINTERS_FILE = Path(__file__).with_name("POINTERS.md")

INDICES = "ijklm"

_HEAD = """\
# The pointers of results.json, version {version}

Each row is a JSON pointer (RFC 6901) into `build/results.json`, as in `/transfer/accuracy/test`.
`<class>`, `<split>` (train, val or test), `<array>` and `<package>` stand for a name, in which `~` is
written `~0` and `/` is written `~1`; `<i>`, `<j>`, `<k>` for an index, from 0. *Derived* values follow
from others and are written for convenience. Boxes are half-open, [start, stop), in pixels of the 224 ×
224 image. Within version 1 pointers are added and never removed or given another meaning. `reportgen
schema` prints the JSON Schema, made from the same types."""


@dataclass(frozen=True)
class Pointer:
    """A pointer with placeholders, as ``/transfer/confusion/<split>/<i>/<j>``, and what is there.

    ``kind`` is its JSON type or the values it may have; ``unit`` may be empty.
    """

    pattern: str
    kind: str
    unit: str
    meaning: str
    derived: bool = False


def list_pointers(schema: Mapping[str, Any]) -> list[Pointer]:
    """Every pointer that a document of this schema may have, in the order of the document."""
    found: dict[str, Pointer] = {}
    for pointer in _walk(schema, schema["$defs"], Pointer("", "", "", "")):
        known = found.get(pointer.pattern)
        if known is None:
            found[pointer.pattern] = pointer
        # A union of two lists has each of its pointers twice; what differs is their type.
        elif pointer.kind not in known.kind.split(" or "):
            found[pointer.pattern] = replace(known, kind=f"{known.kind} or {pointer.kind}")
    # The pointer of the document as a whole, which every document has.
    del found[""]
    return list(found.values())


def describe_pointers(schema: Mapping[str, Any]) -> str:
    """All pointers of a schema as a Markdown document, one table for each part of ``results.json``."""
    lines = [_HEAD.format(version=schema["version"])]
    part = ""
    for pointer in list_pointers(schema):
        first = split_pointer(pointer.pattern)[0]
        if first != part:
            part = first
            lines += ["", f"## {part}", "", "| pointer | type | unit | meaning |", "|---|---|---|---|"]
        meaning = f"*Derived.* {pointer.meaning}" if pointer.derived else pointer.meaning
        # In Markdown a bar ends a cell, and <class> would be a tag.
        texts = [
            cell.replace("|", "\\|").replace("<", "\\<") for cell in (pointer.kind, pointer.unit, meaning)
        ]
        lines.append(" | ".join([f"| `{pointer.pattern}`", *texts]) + " |")
    return "\n".join(lines) + "\n"


def _walk(node: Mapping[str, Any], types: Mapping[str, Any], above: Pointer) -> Iterator[Pointer]:
    """A node of the schema and all below it; ``above`` has its pattern, and its unit if it names none."""
    if "$ref" in node:
        # Keys beside a $ref count since draft 2019-09: what a field says of itself goes before what its
        # type says.
        node = {**types[node["$ref"].rpartition("/")[2]], **node}
        node.pop("$ref")
    here = replace(
        above,
        unit=node.get("unit", above.unit),
        meaning=" ".join(node.get("description", above.meaning).split()),
        derived=above.derived or node.get("readOnly", False),
    )
    if "anyOf" in node:
        for each in node["anyOf"]:
            # The meaning of the whole is next to its alternatives.
            yield from _walk({**each, "description": here.meaning}, types, here)
        return
    yield replace(here, kind=_kind(node))
    for step, child, inherits in _children(node, here.pattern):
        below = replace(
            here, pattern=f"{here.pattern}/{step}", unit=here.unit if inherits else "", meaning=""
        )
        yield from _walk(child, types, below)


def _kind(node: Mapping[str, Any]) -> str:
    values = [node["const"]] if "const" in node else node.get("enum")
    return " or ".join(map(json.dumps, values)) if values else str(node.get("type", "any"))


def _children(node: Mapping[str, Any], pattern: str) -> Iterator[tuple[str, Mapping[str, Any], bool]]:
    """The steps from a node, where they lead, and whether the node's unit is theirs too."""
    for name, child in node.get("properties", {}).items():
        yield name, child, False
    if isinstance(node.get("additionalProperties"), dict):
        # Sections of other packages need not say what their keys stand for.
        placeholder = node.get("propertyNames", {}).get("placeholder", "key")
        yield f"<{placeholder}>", node["additionalProperties"], True
    for index, child in enumerate(node.get("prefixItems", [])):
        yield str(index), child, True
    if "items" in node:
        used = sum(f"<{letter}>" in pattern for letter in INDICES)
        yield f"<{INDICES[used]}>", node["items"], True
