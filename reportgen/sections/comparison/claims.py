"""What the section claims of its numbers."""

from __future__ import annotations

from collections.abc import Iterator

from reportgen.outline.section import Claim
from reportgen.results.inference import weigh_sample
from reportgen.sections.comparison.result import Comparison

LEVEL = 0.05


def decide(numbers: Comparison) -> Iterator[Claim]:
    """Decide each claim by the numbers."""
    own, vgg19 = numbers.only_own, numbers.only_vgg19
    for name, better, worse, ahead, correct, other in (
        ("vgg19_better", "VGG19", "the best network trained here", vgg19 > own, numbers.vgg19_correct,
         numbers.own_accuracy),
        ("own_better", "The best network trained here", "VGG19", own > vgg19, numbers.own_correct,
         numbers.vgg19_accuracy),
    ):  # fmt: skip
        passed = ahead and numbers.p_value < LEVEL
        yield Claim(
            name,
            f"{better} recognises more of the test images than {worse}, by more than chance.",
            passed,
            finding=True,
            # That so few images show nothing is no news.
            weight=weigh_sample(correct, numbers.total, other) if passed else 0.0,
        )
    yield Claim(
        "own_above_guessing",
        "The best network trained here recognises more test images than naming a class at random would.",
        numbers.own_interval[0] > numbers.guessing_share,
        finding=True,
    )
