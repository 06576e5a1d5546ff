"""``make schema``: writes the schema of ``results.json`` and the list of its pointers from the types."""

from __future__ import annotations

from reportgen.contract.schema import POINTERS_FILE, SCHEMA_FILE, describe_pointers, make_schema, write_schema


def main() -> None:
    """Write both files."""
    SCHEMA_FILE.write_text(write_schema(), encoding="utf-8")
    POINTERS_FILE.write_text(describe_pointers(make_schema()), encoding="utf-8")


if __name__ == "__main__":
    main()
