"""Checks the declarations of a section for what Python lets pass: values that stand for nothing.

They are those of ``section.py`` alone, so that they cost nothing; what its result type and its code must
bear out is checked by :mod:`reportgen.contract.declarations`.
"""

from __future__ import annotations

import ast
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import fields
from pathlib import Path
from typing import Any, get_args

from reportgen.outline.section import Inputs, Section, SectionError
from reportgen.text import did_you_mean

RUBRIC_FILE = "rubric.toml"
"""The file of a section's package with the rows that grade it."""

_OWN_PACKAGE = __name__.partition(".")[0]

# As Reads and Exhibit have them.
_IMAGES, _STAGES = ("", "used", "examples", "both"), ("features", "activations")
_LOCATIONS = ("body", "appendix", "cell")


def is_own(section: Section) -> bool:
    """Whether the section comes with reportgen; of these a test asks what is asked here of the others."""
    return section.package.partition(".")[0] == _OWN_PACKAGE


def require_sound(section: Section) -> None:
    """Raise ``SectionError`` naming a declaration whose value has no meaning, with its file and line."""
    for value, problem in find_meaningless(section):
        raise SectionError(f"section '{section.name}': {locate(section, value)}: {problem}")


def find_meaningless(section: Section) -> Iterator[tuple[object, str]]:
    """Each value of the section's declarations that stands for nothing, and what is wrong with it."""
    for owner in (section, section.reads):
        for name, value in _list_tuples(owner):
            if not isinstance(value, tuple | list):
                shown = repr(value) if isinstance(value, str) else f"{type(value).__name__}(…)"
                # Nothing else can be asked of it: it would be taken apart letter by letter.
                yield value, f"{name} is no tuple; a tuple of one has a comma: {name}=({shown},)."
                return
    yield from _require_one_of(_IMAGES, [section.reads.images], "Reads(images={})")
    yield from _require_one_of(_STAGES, section.reads.stages, "Reads(stages=({},))")
    for origin in section.origins:
        what = f"Origin('{origin.pattern}', '{origin.function}', {{}})"
        yield from _require_one_of(get_args(Inputs), [origin.inputs], what)
    for exhibit in section.exhibits:
        yield from _require_one_of(_LOCATIONS, [exhibit.location], f"Exhibit('{exhibit.name}', {{}})")


def _list_tuples(owner: object) -> Iterator[tuple[str, Any]]:
    """The fields that are declared as tuples, each with its value."""
    for each in fields(owner):  # type: ignore[arg-type]
        if str(each.type).startswith("tuple["):
            yield each.name, getattr(owner, each.name)


def _require_one_of(known: Sequence[str], values: Sequence[str], what: str) -> Iterator[tuple[object, str]]:
    for value in values:
        if value not in known:
            named = [each for each in known if each]
            hint = did_you_mean(str(value), named)
            told = f"{what.format(repr(value))}: there is no '{value}', but {', '.join(named)}"
            yield value, f"{told}; {hint}" if hint else f"{told}."


def require_settings_of_others(sections: Iterable[Section], known: Collection[str]) -> None:
    """:func:`require_settings` of each section that does not come with reportgen."""
    for section in sections:
        if not is_own(section):
            require_settings(section, known)


def require_settings(section: Section, known: Collection[str]) -> None:
    """Raise ``SectionError`` if the section reads a setting that is not among the ``known`` dotted names."""
    for name in section.reads.settings:
        if name not in known:
            hint = did_you_mean(
                name, known, "report.toml names them all, with their tables, as 'show.colour'."
            )
            raise SectionError(
                f"section '{section.name}': {locate(section, name)}: Reads(settings=('{name}',)): "
                f"there is no setting '{name}'; {hint}"
            )


def locate(section: Section, value: object) -> str:
    """The file with the section's declarations, and the first line in it that has this value."""
    try:
        files = [section.folder / name for name in ("section.py", "__init__.py")]
    except SectionError:
        # Its package is missing, too, which is told elsewhere.
        return f"section '{section.name}'"
    file = next((file for file in files if file.is_file()), files[0])
    line = _find_line(file, value)
    return f"{file}, line {line}" if line else str(file)


def _find_line(file: Path, value: object) -> int | None:
    # Only for an error: the file is parsed again, since the values of Python do not know their lines.
    try:
        tree = ast.parse(file.read_bytes())
    except (OSError, SyntaxError, ValueError):
        return None
    lines = (
        node.lineno
        for node in ast.walk(tree)
        if isinstance(node, ast.Constant) and type(node.value) is type(value) and node.value == value
    )
    return min(lines, default=None)
