"""What the section claims of its numbers."""

from __future__ import annotations

from collections.abc import Iterator

from reportgen.outline.section import Claim
from reportgen.results.inference import weigh_sample
from reportgen.sections.comparison.result import Comparison

LEVEL = 0.05


def decide(numbers: Comparison) -> Iterator[Claim]:
    """Decide each claim by the numbers."""
    ahead = numbers.only_vgg19 > numbers.only_own
    better = ahead and numbers.p_value < LEVEL
    yield Claim(
        "vgg19_better",
        "VGG19 recognises more of the test images than the best network trained here, by more than chance.",
        better,
        finding=True,
        # That nothing can be told of so few images is no news.
        weight=weigh_sample(numbers.vgg19_correct, numbers.total, numbers.own_accuracy) if better else 0.0,
    )
    behind = numbers.only_own > numbers.only_vgg19 and numbers.p_value < LEVEL
    yield Claim(
        "own_better",
        "The best network trained here recognises more of the test images than VGG19, by more than chance.",
        behind,
        finding=True,
        weight=weigh_sample(numbers.own_correct, numbers.total, numbers.vgg19_accuracy) if behind else 0.0,
    )
    yield Claim(
        "own_above_guessing",
        "The best network trained here recognises more test images than naming a class at random would.",
        numbers.own_interval[0] > numbers.guessing_share,
        finding=True,
    )
