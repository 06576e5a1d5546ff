"""The command that says what results.json promises."""

from __future__ import annotations

from typing import Annotated

import typer

from reportgen.cli.options import SettingsOption, load


def schema(
    pointers: Annotated[
        bool,
        typer.Option(
            "--pointers", help="List every pointer with type, unit and meaning instead, in Markdown."
        ),
    ] = False,
    settings: SettingsOption = None,
) -> None:
    """Print the JSON Schema of results.json, with the sections that report.toml names.

    For example: reportgen schema > results.schema.json
    """
    from reportgen.contract.pointers import POINTERS_FILE, describe_pointers
    from reportgen.contract.schema import SCHEMA_FILE, make_schema, write_schema
    from reportgen.outline.kind import find_kind

    kind = load(settings).kind
    if kind == find_kind():
        text = (POINTERS_FILE if pointers else SCHEMA_FILE).read_text(encoding="utf-8")
    else:
        text = describe_pointers(make_schema(kind)) if pointers else write_schema(kind)
    typer.echo(text, nl=False)
