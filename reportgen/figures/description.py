"""Numbers, names and boxes as sentences say them to readers who cannot see a figure."""

from __future__ import annotations

from collections.abc import Sequence

from reportgen.figures.lettering import number_text
from reportgen.results import Box


def listed(names: Sequence[str]) -> str:
    """Join names to "a, b and c"."""
    *first, last = names
    return f"{', '.join(first)} and {last}" if first else last


def say_number(value: float) -> str:
    """Say a number with three significant digits in a way that a screen reader speaks."""
    text = number_text(float(value)).replace("\N{MINUS SIGN}", "minus ")
    mantissa, _, exponent = text.partition("×10")
    if not exponent:
        return text
    power = exponent.translate(str.maketrans("⁰¹²³⁴⁵⁶⁷⁸⁹", "0123456789")).replace("⁻", "minus ")
    return f"{mantissa} times ten to the power of {power}"


def say_box(box: Box) -> str:
    return f"rows {box.rows[0]} to {box.rows[1]} and columns {box.cols[0]} to {box.cols[1]}"
