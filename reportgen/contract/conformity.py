"""Whether a document is what the schema says."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from reportgen.contract.lookup import join_pointer, show_value
from reportgen.contract.schema import read_schema
from reportgen.errors import UserError
from reportgen.outline.kind import ReportKind

_MOST_SHOWN = 10


class ContractError(UserError):
    """A document that is about to be written is not what the contract promises."""

    exit_code = 1


def find_violations(document: Any, kind: ReportKind | None = None) -> Iterator[str]:
    """What in a parsed ``results.json`` is not as this version's schema for that kind of report says, a line
    for each pointer.
    """
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
    """Of a value that may be one of several things, what is wrong with the one that it comes nearest to."""
    while error.context:
        forms: dict[Any, list[Any]] = {}
        for each in error.context:
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
