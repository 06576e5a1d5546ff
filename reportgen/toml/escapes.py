r"""Formulas whose commands TOML takes for escapes: ``"$\frac12$"`` is a form feed and ``rac12``."""

from __future__ import annotations

import re
from collections.abc import Iterator

from reportgen.toml.places import Origin, Path

_COMMANDS = (
    *(
        "bar",
        "beta",
        "bf",
        "binom",
        "boldsymbol",
        "breve",
        "bullet",
        "forall",
        "frac",
        "nabla",
        "ne",
        "nearrow",
    ),
    *(
        "neg",
        "neq",
        "ni",
        "not",
        "notin",
        "nu",
        "rangle",
        "rceil",
        "rfloor",
        "rho",
        "right",
        "rightarrow",
        "rm",
    ),
    *("tan", "tanh", "tau", "text", "theta", "tilde", "times", "to", "top", "triangle"),
)
"""Commands of mathtext that begin as an escape of TOML does: \\\\b, \\\\f, \\\\n, \\\\r or \\\\t."""

_EATEN = re.compile(rf"(?<!\\)(?:\\\\)*(\\(?:{'|'.join(_COMMANDS)}))(?![A-Za-z])")
_FORMULA = re.compile(r"\$(?=\S)[^$]*(?<=\S)\$(?!\d)")
"""What Markdown takes for one; “$5 and $6” is none."""


def find_eaten_commands(origin: Origin, table: str) -> Iterator[str]:
    """A line for each text below ``table`` in whose formulas a command loses its backslash."""
    if "\\" not in origin.text:
        return
    for path, place in origin.places.items():
        if path[:1] != (table,) or not place.raw.startswith('"'):
            continue
        for formula in _FORMULA.finditer(place.raw):
            if found := _EATEN.search(formula[0]):
                line = place.line + place.raw.count("\n", 0, formula.start() + found.start(1))
                yield (
                    f"{origin.name}, line {line}: {_name(path)}: between double quotes {found[1]} loses its "
                    f"backslash; write '''three single quotes''' around the text, or \\{found[1]}"
                )
                break


def _name(path: Path) -> str:
    return ".".join(map(str, path))
