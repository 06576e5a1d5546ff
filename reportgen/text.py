"""Text formatting for pages, tables and terminals: numbers, plurals, escapes, suggestions.

Numbers are rounded so that they never say more than is true: 100 % and 0 % are printed only where exact.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable
from difflib import get_close_matches

MINUS = "−"

_JOINERS = "\u200c\u200d"
"""Persian, Hindi and emoji are written with these; they stay as they are."""


def decimal_text(value: float, digits: int) -> str:
    """A number with ``digits`` decimals and a true minus sign, which zero does not have."""
    # z: what is rounded to zero loses its sign.
    return f"{value:z.{digits}f}".replace("-", MINUS)


def share_text(value: float, digits: int = 2) -> str:
    """A share between 0 and 1, printed as 1 or 0 only if it is exactly that."""
    step = 10.0**-digits
    if 0 < value < 1:
        value = min(max(value, step), 1 - step)
    return decimal_text(value, digits)


def agreement_text(value: float) -> str:
    """A correlation or similarity with two decimals, printed as 1 only if it is exactly that."""
    return decimal_text(value if value == 1 else min(value, 0.99), 2)


def percent_text(share: float) -> str:
    """A share in per cent with one decimal, printed as 100 % or 0 % only if it is exactly that."""
    if share in (0, 1):
        return f"{100 * share:.0f} %"
    return f"{min(max(100 * share, 0.1), 99.9):.1f} %"


def significant_text(value: float, digits: int = 3) -> str:
    """A number with ``digits`` significant digits; powers of ten where it is very small or large."""
    if value == 0:
        return "0"
    # With #, zeros that are significant stay: 1.20 and not 1.2.
    text = f"{value:#.{digits}g}"
    if "e" not in text:
        return text.removesuffix(".").replace("-", MINUS)
    mantissa, exponent = text.split("e")
    raised = str(int(exponent)).translate(str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹"))
    return f"{mantissa.removesuffix('.')} × 10{raised}".replace("-", MINUS)


def activation_text(value: float) -> str:
    """A neuron's output: four digits, and of larger ones one decimal, so that one neuron is one number."""
    return decimal_text(value, 1) if abs(value) >= 100 else significant_text(value, 4)


def whole_text(value: int) -> str:
    """A count; from five digits on, its thousands are set apart by thin spaces (ISO 80000-1, 7.3.1)."""
    # U+202F, at which no line is broken. Four digits stay together, as in years and formulas beside them.
    return f"{value:,}".replace(",", "\u202f") if abs(value) >= 10_000 else f"{value}"


def plural(count: int, one: str, many: str) -> str:
    """A count with its noun."""
    return f"{count} {one if count == 1 else many}"


def counted(*counts: tuple[int, str, str]) -> str:
    """Counts with their nouns for one and for many, those of nothing left out."""
    return ", ".join(plural(*count) for count in counts if count[0]) or "none"


def is_printable(character: str) -> bool:
    """Whether a character is visible as itself and does not affect its neighbours.

    Control characters, halves of surrogate pairs, line and paragraph separators and marks that turn the
    direction of a line, as U+202E, could steer a terminal or make one name look like another.
    """
    # isprintable() refuses every space but one.
    return character.isprintable() or character in _JOINERS or unicodedata.category(character) == "Zs"


def printable(text: str) -> str:
    """The text with unprintable characters escaped, so that they can be distinguished."""
    return "".join(each if is_printable(each) else ascii(each)[1:-1] for each in text)


def printable_lines(text: str) -> str:
    """The text with unprintable characters escaped, its line feeds left: for a terminal."""
    return "\n".join(map(printable, text.split("\n")))


def replaced(text: str) -> str:
    """The text with U+FFFD for everything that does not print, where an escape would say nothing."""
    return "".join(each if is_printable(each) else "\N{REPLACEMENT CHARACTER}" for each in text)


ALIKE = 0.6
"""Two names are alike whose ``difflib.SequenceMatcher.ratio`` is at least this."""


def find_alike(name: str, known: Iterable[str], most: int = 3, *, cutoff: float = ALIKE) -> list[str]:
    """The known names that are like a mistyped one, the most alike first, ``most`` at most."""
    return get_close_matches(name, list(known), most, cutoff)


def find_nearest(name: str, known: Iterable[str], *, cutoff: float = ALIKE) -> str:
    """The known name that is most like a mistyped one, "" if none is like it."""
    return next(iter(find_alike(name, known, 1, cutoff=cutoff)), "")


def propose(*names: str, otherwise: str = "") -> str:
    """The question whether one of these names was meant, ``otherwise`` if there is none; "" is no name."""
    meant = [f"'{name}'" for name in dict.fromkeys(names) if name]
    return f"did you mean {' or '.join(meant)}?" if meant else otherwise


def did_you_mean(name: str, known: Iterable[str], otherwise: str = "") -> str:
    """A question that names the known name most like a mistyped one, ``otherwise`` if none is like it."""
    return propose(find_nearest(name, known), otherwise=otherwise)


def as_sentence(text: str) -> str:
    """The text with a capital letter at its beginning; what follows stays as it is."""
    return text[:1].upper() + text[1:]


_INVISIBLE = {"Cf", "Zs", "Zl", "Zp", "Cc"}


def squeeze(text: str) -> str:
    """The text without white space and what else is not seen, its minus signs all of one kind."""
    kept = (character for character in text if unicodedata.category(character) not in _INVISIBLE)
    return "".join(kept).replace("\N{MINUS SIGN}", "-").replace("\N{NON-BREAKING HYPHEN}", "-")
