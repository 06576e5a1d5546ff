"""The formulas of the report, with values of the results inserted."""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

from markupsafe import Markup

from reportgen.document.numbers import Sourced, plain
from reportgen.memo import Memo, no_memo


@dataclass
class FormulaSetter:
    """Sets formulas as pictures; ``css`` gives each its size and depth, in em of the text around it."""

    memo: Memo = no_memo
    rules: dict[str, str] = field(default_factory=dict)

    @property
    def css(self) -> str:
        """One rule for each different formula that was set."""
        return "\n".join(self.rules.values())

    def set(self, tex: str, spoken: str) -> Markup:
        """Set mathtext (without dollar signs); ``spoken`` is what a screen reader says."""
        drawn = json.loads(self.memo(f"formula {tex}", lambda: _draw(tex)))
        # By content: a formula that is set twice has one rule. A letter first, as names in CSS need.
        name = "f" + hashlib.sha256(tex.encode()).hexdigest()[:10]
        # A rule and no style attribute, which the page's policy forbids.
        self.rules[name] = (
            f".{name}{{width:{drawn['width']:.3f}em;height:{drawn['height']:.3f}em;"
            f"vertical-align:{-drawn['depth']:.3f}em}}"
        )
        data = base64.b64encode(drawn["svg"].encode()).decode()
        return Markup('<img class="math {}" src="data:image/svg+xml;base64,{}" alt="{}">').format(
            name, data, spoken
        )

    def output_size(self, side: str, section: Sourced, axis: int) -> Markup:
        """The formula of the output's size along one side (``W`` or ``H``) with a layer's values put in."""
        layer = plain(section)
        W1, W2 = layer["input_shape"][axis], layer["expected_shape"][axis]
        F, P, S = _window(layer)
        general, filled = rf"\dfrac{{{side}_1 - F + 2P}}{{S}}", rf"\dfrac{{{W1} - {F} + 2 \cdot {P}}}{{{S}}}"
        said, put_in = f"({side}1 − F + 2P) / S", f"({W1} − {F} + 2·{P}) / {S}"
        if (W1 - F + 2 * P) % S:
            # Only where a remainder is lost: otherwise the reader would look for one.
            general, filled = (rf"\left\lfloor {each} \right\rfloor" for each in (general, filled))
            said, put_in = f"floor({said})", f"floor({put_in})"
        tex = rf"{side}_2 = {general} + 1 = {filled} + 1 = {W2}"
        spoken = f"{side}2 = {said} + 1 = {put_in} + 1 = {W2}"
        return section.expected_shape[axis].as_source(self.set(tex, spoken), "n formula")

    def is_rounded(self, section: Sourced) -> bool:
        """Whether the division of that formula leaves a remainder along a side: it is rounded down."""
        layer = plain(section)
        F, P, S = _window(layer)
        return any((side - F + 2 * P) % S for side in layer["input_shape"][:2])

    def sigma(self, check: Sourced) -> Markup:
        """The standard deviation that Kaiming initialisation claims, with its fan-in put in."""
        fan_in, sigma = plain(check)["fan_in"], plain(check)["sigma_expected"]
        tex = rf"\sigma = \sqrt{{2 / {fan_in}}} = {sigma:.4f}"
        formula = self.set(tex, f"σ = square root of 2 / {fan_in} = {sigma:.4f}")
        return check.sigma_expected.as_source(formula, "n formula")


def _window(layer: Mapping[str, Any]) -> tuple[int, int, int]:
    """Filter size F, padding P and stride S of a layer; a pool has no padding."""
    size = layer.get("filter_size") or layer.get("size") or layer["kernel_shape"][0]
    return size, layer["padding"] or 0, layer["stride"]


@lru_cache(maxsize=256)
def _draw(tex: str) -> bytes:
    # Only where a formula is not kept: a page from the cache needs no matplotlib.
    from reportgen.figures.formula import formula

    drawn = formula(f"${tex}$")
    svg = drawn.svg.decode()
    size = {"width": drawn.width, "height": drawn.height, "depth": drawn.depth}
    return json.dumps({"svg": svg, **size}).encode()
