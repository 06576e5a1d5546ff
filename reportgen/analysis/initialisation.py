"""Kaiming-normal filters, and the test whether given filters can be such."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from reportgen.outline.section import Claim
from reportgen.results import InitCheck
from reportgen.results.fields import KAIMING_CLAIM, REDRAWN_CLAIM

# At the usual 5 % every twentieth honest bank of filters would be called implausible.
ALPHA = 0.001


def kaiming_normal(shape: tuple[int, int, int, int], rng: np.random.Generator) -> NDArray[np.float32]:
    """Draw a kernel (F, F, C_in, C_out) from N(0, σ²), σ = √(2 / fan-in), fan-in = F·F·C_in, untruncated.

    He, Zhang, Ren & Sun 2015, "Delving Deep into Rectifiers", equation 10. Keras's ``HeNormal`` cuts the
    normal off at two standard deviations, so it is not used.
    """
    fan_in = shape[0] * shape[1] * shape[2]
    return rng.normal(0.0, np.sqrt(2.0 / fan_in), shape).astype(np.float32)


def check_initialisation(
    kernel: NDArray[Any], alpha: float = ALPHA, *, rng: np.random.Generator | None = None
) -> InitCheck:
    """Compare a kernel (F, F, C_in, C_out) with what ``rng`` draws, and with the claimed spread.

    ``rng`` is in the state that it was in when the kernel was drawn. The comparison with it is exact. The
    spread is reported beside it, since of few weights it proves next to nothing: nine pass with 0.33 to
    1.82 σ.

    Under the claim Σw²/σ² follows χ² with n = kernel.size degrees of freedom (mean known to be 0); the
    test is two-sided at level ``alpha``. ``sigma_observed`` is √(Σw²/n).
    """
    from scipy.stats import chi2  # the claims of a report need this module, and no SciPy

    fan_in = int(np.prod(kernel.shape[:3]))
    n = int(kernel.size)
    sigma = float(np.sqrt(2.0 / fan_in))
    # In float64, since float32 would round the sum by more the more weights there are.
    energy = float(np.square(kernel.astype(np.float64)).sum())
    statistic = energy / sigma**2
    # The tails hold α/2 each.
    low, high = (float(chi2.ppf(p, n)) for p in (alpha / 2, 1 - alpha / 2))
    return InitCheck(
        fan_in=fan_in,
        n=n,
        sigma_expected=sigma,
        sigma_observed=float(np.sqrt(energy / n)),
        statistic=statistic,
        interval=(low, high),
        # At the median both tails have one half, and rounding may make twice of it more than 1. sf() keeps
        # small tails.
        p_value=float(min(2 * chi2.cdf(statistic, n), 2 * chi2.sf(statistic, n), 1.0)),
        alpha=alpha,
        plausible=low <= statistic <= high,
        redrawn=None if rng is None else np.array_equal(kernel, kaiming_normal(kernel.shape, rng)),
    )


def judge_initialisation(checks: Sequence[InitCheck]) -> Claim:
    """The claim on filter banks: that all are redrawn exactly, given the seed.

    Documents before 1.2 lack that comparison; of these, that each Σw²/σ² is plausible under χ².
    """
    if any(check.redrawn is None for check in checks):
        return Claim("initialisation", KAIMING_CLAIM, all(check.plausible for check in checks))
    return Claim("filters_redrawn", REDRAWN_CLAIM, all(check.redrawn for check in checks))
