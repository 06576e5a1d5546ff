"""Two drawings are the same if they differ by rounding only: oracles are the drawings before rounding."""

from __future__ import annotations

import re
from random import Random

import numpy as np
import pytest

from reportgen.figures.formula import formula
from reportgen.figures.plots import house_style, svg_picture
from reportgen.verify.pictures import same_picture

SVG = b'<svg xmlns="http://www.w3.org/2000/svg" width="10pt" viewBox="0 0 10 9">%s</svg>'


def svg(inside: bytes) -> bytes:
    return SVG % inside


@pytest.mark.parametrize(("ours", "forged"), [
    (b'<g transform="translate(3 4) scale(0.08 -0.08)"/>',
     b'<g transform="translate(3 4) scale(0.04 -0.04)"/>'),
    (b'<g transform="translate(3 4) scale(0.04 -0.04)"/>', b'<g transform="translate(3 4) scale(0 -0.04)"/>'),
    (b'<g transform="matrix(0.01 0 0 0.01 5 5)"/>', b'<g transform="matrix(0.05 0 0 0.01 5 5)"/>'),
    (b'<g transform="scale(0.015625)"/>', b'<g transform="scale(0.017)"/>'),
    (b'<path style="fill: #ffffff; opacity: 0.04"/>', b'<path style="fill: #ffffff; opacity: 0"/>'),
    (b'<path opacity="0.04"/>', b'<path opacity="0.08"/>'),
    (b'<path style="stroke-width: 0.05"/>', b'<path style="stroke-width: 0.0"/>'),
    (b'<path stroke-width="0.05"/>', b'<path stroke-width="0.1"/>'),
    (b'<circle r="0.04"/>', b'<circle r="0.01"/>'),
    (b'<path d="M1 2L3 4"/>', b'<path d="M1 2L3 4.1"/>'),
    (b'<path d="M1 2L3 4"/>', b'<path d="M1 2L3 1e999"/>'),
    (b'<path d="M1 2L3 4"/>', b'<path d="M1 2l3 4"/>'),
    (b'<path fill="#1e9999"/>', b'<path fill="#1e9998"/>'),
    (b'<path style="fill: #1e9999"/>', b'<path style="fill: #2e9999"/>'),
    (b'<text>0.5</text>', b'<text>0.51</text>'),
    (b'<a id="a"/><b id="b"/><use href="#a"/>', b'<a id="a"/><b id="b"/><use href="#b"/>'),
    (b'<a id="a"/><b id="b"/><use href="#a"/>', b'<a id="a"/><b id="a"/><use href="#a"/>'),
    (b'<a id="a"/><use href="#a"/>', b'<a id="a"/><use href="#c"/>'),
])  # fmt: skip
def test_what_is_seen_otherwise_is_another_drawing(ours: bytes, forged: bytes) -> None:
    assert same_picture(svg(ours) + b"\n", svg(ours) + b"\n")
    assert not same_picture(svg(forged), svg(ours))
    assert not same_picture(svg(ours), svg(forged))


@pytest.mark.parametrize(("ours", "rounded"), [
    (b'<path d="M 1.25 2.5 L 3 4e-3"/>', b'<path d="M 1.25001 2.49999 L 3.0 0"/>'),
    (b'<path d="M 1.25 2.5"/><g id="p1e4567ab"/>', b'<path d="M 1.26 2.5"/><g id="p1e4567ab"/>'),
    (b'<clipPath id="p1e4567ab"/><g clip-path="url(#p1e4567ab)"/>',
     b'<clipPath id="pc228a6e2a6"/><g clip-path="url(#pc228a6e2a6)"/>'),
    (b'<path id="m69562e29fc"/><use xlink:href="#m69562e29fc" x="1"/>',
     b'<path id="m7549fbf394"/><use xlink:href="#m7549fbf394" x="1.01"/>'),
    (b'<g transform="translate(1e-17 5.5) scale(0.1 -0.1)"/>',
     b'<g transform="translate(0 5.51) scale(0.10001 -0.1)"/>'),
    (b'<path style="fill: #1e9999; stroke-width: 0.8"/>',
     b'<path style="fill: #1e9999; stroke-width: 0.800001"/>'),
])  # fmt: skip
def test_rounding_is_no_other_drawing(ours: bytes, rounded: bytes) -> None:
    assert same_picture(svg(rounded), svg(ours))
    assert same_picture(svg(ours), svg(rounded))


def test_a_plot_is_the_same_after_rounding_and_another_with_smaller_letters() -> None:
    from matplotlib.figure import Figure

    with house_style():
        figure = Figure(figsize=(2, 2))
        axes = figure.subplots()
        axes.plot(np.arange(5), np.sqrt(np.arange(5)), marker="o")
        axes.bar([1, 2], [1, 2], alpha=0.04)
        axes.set_title("one")
        plot = svg_picture(figure).data
    rng = Random(4)
    near = re.sub(rb"(?<= )(\d+\.\d\d\d)\d*(?= )", lambda m: b"%s%d" % (m[1], rng.randrange(10)), plot)
    assert near != plot
    assert same_picture(near, plot)
    for pattern, new in (
        (rb"scale\([\d.]+ -[\d.]+\)", b"scale(0.04 -0.04)"),
        (rb"opacity: 0.04", b"opacity: 0"),
    ):
        smaller = re.sub(pattern, new, plot)
        assert smaller != plot
        assert not same_picture(smaller, plot)


def test_formulas_are_compared_by_their_outlines() -> None:
    one = formula("$a^2 + 1$").svg
    assert same_picture(one.replace(b"em", b"0em"), one)
    assert not same_picture(formula("$a^2 + 7$").svg, one)


def test_a_long_drawing_is_compared_in_time_that_grows_with_it() -> None:
    """Red if something is searched for again from each of its characters: that would take hours."""
    pieces = (b' d="', b' id="a', b"1", b"a", b" transform=", b"1e", b"<", b"url(#", b'"#')
    for piece in pieces:
        long = svg(b"%s" % (piece * (2 * 10**5 // len(piece))))
        assert not same_picture(long + b"1", long)
        within = svg(b'<path style="%s"/>' % (piece.replace(b'"', b"") * (2 * 10**5 // len(piece))))
        assert not same_picture(within + b"1", within)
