"""The command that says what results.json promises."""

from __future__ import annotations

from typing import Annotated

import typer


def schema(
    pointers: Annotated[
        bool,
        typer.Option(
            "--pointers", help="List every pointer with type, unit and meaning instead, in Markdown."
        ),
    ] = False,
) -> None:
    """Print the JSON Schema of results.json.

    For example: reportgen schema > results.schema.json
    """
    from reportgen.contract.pointers import POINTERS_FILE
    from reportgen.contract.schema import SCHEMA_FILE

    file = POINTERS_FILE if pointers else SCHEMA_FILE
    typer.echo(file.read_text(encoding="utf-8"), nl=False)
