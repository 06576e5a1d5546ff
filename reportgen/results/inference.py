"""What counts allow to be said: an interval for a share, and tests of two shares, of ranks and of signs."""

import math
from collections.abc import Sequence
from fractions import Fraction
from statistics import NormalDist

# Written out, since claims are decided without importing SciPy, which takes 0.4 s.
_Z = 1.959963984540054
"""The 97.5 % quantile of the normal distribution."""


def wilson_interval(correct: int, total: int, *, tried: int = 1) -> tuple[float, float]:
    """The 95 % score interval of a share of ``total`` ≥ 1 (Wilson 1927), which stays within 0 and 1.

    It is the set of all p for which the observed share is within 1.96 standard deviations √(p(1 − p)/n), and
    within more if so many shares were ``tried``, for 95 % to hold for all intervals at once (Bonferroni).
    """
    z = _Z if tried == 1 else NormalDist().inv_cdf(1 - 0.025 / tried)
    share, spread = correct / total, z**2 / total
    middle = (share + spread / 2) / (1 + spread)
    half = z / (1 + spread) * math.sqrt(share * (1 - share) / total + spread / (4 * total))
    # The ends are set, since rounding leaves some 1e-17 there (for 0 of 7, for one).
    low = 0.0 if correct == 0 else max(middle - half, 0.0)
    return low, 1.0 if correct == total else min(middle + half, 1.0)


def mcnemar_p_value(lost: int, gained: int) -> float:
    """The exact two-sided p-value that two accuracies on the same images are equal (McNemar 1947).

    ``lost`` images were right the first time only, ``gained`` the second time only; if the accuracies are
    equal, each of these is as likely to be one as the other.
    """
    changed = lost + gained
    tail = sum(math.comb(changed, k) for k in range(min(lost, gained) + 1))
    # Whole numbers are halved exactly, however many there are.
    return float(min(Fraction(1), Fraction(2 * tail, 1 << changed)))


def rank_sum_tail(total: Fraction, ranks: int, most: int) -> float:
    """The exact chance that so many independent ``ranks`` from 0 to ``most`` have a sum of at most ``total``.

    Of the m^n sequences of n ranks with m = ``most`` + 1 values Σ_k (−1)^k C(n, k) C(s − km + n, n) have at
    most s as sum: inclusion and exclusion of ranks that are too large.
    """
    sides, largest = most + 1, math.floor(total)
    if largest < 0:
        return 0.0
    ways = sum(
        (-1) ** k * math.comb(ranks, k) * math.comb(largest - k * sides + ranks, ranks)
        for k in range(min(ranks, largest // sides) + 1)
    )
    return float(min(Fraction(ways, sides**ranks), Fraction(1)))


def sign_p_value(differences: Sequence[int]) -> float:
    """The exact two-sided p-value that whole numbers are above zero as often, and as far, as below it.

    Each is as likely to have the other sign then: the p-value is the share of all choices of signs whose sum
    is at least as far from zero. Where all are 1 or −1 this is the sign test.
    """
    sums = {0: 1}
    for size in map(abs, differences):
        nearer = {each - size: ways for each, ways in sums.items()}
        for each, ways in sums.items():
            nearer[each + size] = nearer.get(each + size, 0) + ways
        sums = nearer
    observed = abs(sum(differences))
    extreme = sum(ways for each, ways in sums.items() if abs(each) >= observed)
    return float(Fraction(extreme, 1 << len(differences)))


def fisher_p_value(inside: int, images: int, outside: int, others: int) -> float:
    """The exact chance that the first of two groups has so many marked images or more (Fisher's exact test).

    ``inside`` of ``images`` and ``outside`` of ``others`` are marked; each image is as likely to be one.
    """
    marked, total = inside + outside, images + others
    ways = sum(
        math.comb(images, k) * math.comb(others, marked - k) for k in range(inside, min(images, marked) + 1)
    )
    return float(Fraction(ways, math.comb(total, marked)))


def weigh_share(share: float, expected: float) -> float:
    """How far a share is from what is expected, as a part of the farthest that it could be: 0 to 1."""
    room = 1 - expected if share > expected else expected
    return abs(share - expected) / room if room else 0.0


def weigh_sample(count: int, total: int, expected: float) -> float:
    """``weigh_share`` of the nearer end of the 95 % interval of ``count`` in a sample of ``total``: 0 to 1.

    It is 0 if the interval holds what is expected, or there is no sample: then chance may be all there is.
    """
    if not total:
        return 0.0
    low, high = wilson_interval(count, total)
    nearer = low if low > expected else high if high < expected else expected
    return weigh_share(nearer, expected)
