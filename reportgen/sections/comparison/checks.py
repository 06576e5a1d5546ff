"""Are the counts those of the two networks' predictions?"""

from __future__ import annotations

from typing import Final

from reportgen.grading.checks import NamedCheck, whole
from reportgen.grading.report import Report, require


def judge_counts(report: Report, _case: str) -> None:
    """The accuracies are those of the two sections' matrices, for the same number of test images."""
    results = report.results
    own, vgg19, both = results.architectures.test, results.transfer, results.comparison
    for name, found, expected in (
        ("own_correct", both.own_correct, sum(row[i] for i, row in enumerate(own.confusion))),
        ("vgg19_correct", both.vgg19_correct, vgg19.correct["test"]),
        ("total", both.total, sum(map(sum, own.confusion))),
        ("total", both.total, vgg19.total["test"]),
    ):
        require(found == expected, f"/comparison/{name}: found {found}, the matrices say {expected}")


def judge_p_value(report: Report, _case: str) -> None:
    """The p-value is the binomial tail of the images that one network alone recognises."""
    from math import comb

    numbers = report.results.comparison
    changed, fewer = numbers.only_own + numbers.only_vgg19, min(numbers.only_own, numbers.only_vgg19)
    # In whole numbers, of which only the quotient is rounded.
    tail = sum(comb(changed, k) for k in range(fewer + 1)) / 2**changed
    # Where both counts are equal the middle is in both tails, and the sum is above 1.
    expected = min(1.0, 2 * tail)
    found = report.results.at("/comparison/p_value")
    require(
        abs(found - expected) <= 1e-9,
        f"/comparison/p_value: found {found}, the counts say {expected:.6g}",
    )


CHECKS: Final = {
    "networks_compared": NamedCheck(whole, judge_counts),
    "difference_tested": NamedCheck(whole, judge_p_value),
}
