"""How far a number may be from the recomputed one: one table, with the reason of every line.

Processors round in different orders, so the last digits of float32 differ from machine to machine, and what
is built upon them by thresholds differs a little more. Everything that is no such number must be equal.
The same tolerances hold if versions and machine are the same.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Any

from reportgen.contract.lookup import split_pointer
from reportgen.diff.values import Tolerance, is_number

MARGIN = 0.02
"""Of two classes whose probabilities are no further apart than this, either may be the predicted one."""


@dataclass(frozen=True)
class Rule:
    """The tolerance below the pointers that fit ``pattern``, whose steps are shell patterns.

    ``of_scale``: the relative part is taken of the largest number of the array or of the layer, and not of
    the number itself, which may be zero by cancellation.
    """

    pattern: str
    tolerance: Tolerance
    reason: str
    of_scale: bool = False


_DRAWN = "drawn and counted in double precision"
_DECODED = "decoders of JPEG may differ by one level in 255"
_FLOAT32 = "sums of float32 products, in another order"
_TRAINED = "rounding grows over hundreds of steps of training"
_GATES = "where a ReLU's input is nearly zero, rounding opens or shuts it"
_EDGE = "a box may end a pixel or two further where the gradient's energy is spread thinly"

RULES = (
    Rule("/convolution/arrays/image_*", Tolerance(0, 1.01 / 255), _DECODED),
    Rule("/convolution/arrays/filter", Tolerance(1e-6), _DRAWN, True),
    Rule("/convolution/arrays/*", Tolerance(1e-4, 1.01 / 255), f"{_FLOAT32}; {_DECODED}", True),
    Rule("/conv_stack/arrays/kernel_*", Tolerance(1e-6), _DRAWN, True),
    Rule("/conv_stack/arrays/*", Tolerance(1e-4, 1.01 / 255), f"{_FLOAT32}; {_DECODED}", True),
    Rule("/transfer/arrays/features_*", Tolerance(1e-4), _FLOAT32, True),
    Rule("/transfer/arrays/probabilities_*", Tolerance(0, MARGIN / 2), _TRAINED),
    Rule("/transfer/arrays/misclassified", Tolerance(0, 1), _DECODED),
    Rule("/transfer/training/feature_scale", Tolerance(1e-4), _FLOAT32),
    Rule("/transfer/history/*loss", Tolerance(2e-2, 1e-3), _TRAINED),
    Rule("/transfer/history/*accuracy", Tolerance(0, 0.05), _TRAINED),
    Rule("/transfer/misclassified/*/probabilities", Tolerance(0, MARGIN / 2), _TRAINED),
    Rule("/neurons/arrays/image_*", Tolerance(0, 1), _DECODED),
    Rule("/neurons/arrays/*", Tolerance(1e-4), _FLOAT32, True),
    Rule("/neurons/top*/*/*/value", Tolerance(1e-4), _FLOAT32, True),
    Rule("/neurons/top*/*/*/patch/energy_share", Tolerance(0, 0.02), _EDGE),
    Rule("/neurons/top*/*/*/patch/*", Tolerance(0, 2), _EDGE),
    Rule("/neurons/positive_share", Tolerance(0, 1e-3), _GATES),
    Rule("/neurons/head_overlap/*/overlapping", Tolerance(0, 1), _EDGE),
    Rule("/guided_backprop/rows/*/*/value", Tolerance(1e-4), _FLOAT32, True),
    Rule("/guided_backprop/rows/*/*/gradient_max_abs", Tolerance(1e-3), _GATES),
    Rule("/guided_backprop/rows/*/*/scale_limit", Tolerance(1e-3), _GATES),
    Rule("/guided_backprop/rows/*/*/energy_share", Tolerance(0, 2e-3), _GATES),
    Rule("/guided_backprop/arrays/*", Tolerance(1e-3), _GATES, True),
)
"""The first that fits counts."""

_FRACTION = Rule("", Tolerance(1e-6), _DRAWN)
_EXACT = Rule("", Tolerance(), "counts, shapes, names and hashes are equal everywhere")
_SUMMARY = ("min", "max", "mean", "norm")


def find_rule(pointer: str, value: Any) -> Rule:
    """The rule for the number ``value`` at a pointer."""
    steps = split_pointer(pointer)
    described = steps[1:2] == ["arrays"] and len(steps) > 3
    if described and steps[3] not in _SUMMARY:
        return _EXACT
    for rule in RULES:
        pattern = split_pointer(rule.pattern)
        fits = len(pattern) <= len(steps)
        if fits and all(fnmatchcase(step, each) for each, step in zip(pattern, steps, strict=False)):
            return rule
    return _FRACTION if isinstance(value, float) else _EXACT


def agree(pointer: str, submitted: Any, recomputed: Any, scale: float = 0.0) -> bool:
    """Whether two JSON values at a pointer are equal within the tolerance of its rule."""
    if not is_number(submitted) or not is_number(recomputed):
        return type(submitted) is type(recomputed) and bool(submitted == recomputed)
    return within(find_rule(pointer, recomputed), submitted, recomputed, scale)


def within(rule: Rule, submitted: float, recomputed: float, scale: float = 0.0) -> bool:
    """Whether two numbers are equal by a rule; ``scale`` is the largest number of their array or layer."""
    if rule.of_scale and scale:
        allowed = rule.tolerance.atol + rule.tolerance.rtol * scale
        return abs(submitted - recomputed) <= allowed
    return rule.tolerance.equal(submitted, recomputed)


def scale_of(summary: Mapping[str, Any]) -> float:
    """The largest size of a number in the array that a summary describes."""
    return float(max(abs(summary["min"]), abs(summary["max"])))
