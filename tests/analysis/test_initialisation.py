"""Kaiming-normal filters by their moments, and the check of the spread by the χ² tables."""

from __future__ import annotations

import math

import keras
import numpy as np
import pytest

from reportgen.analysis.initialisation import check_initialisation, kaiming_normal

Shape = tuple[int, int, int, int]
SHAPES: list[Shape] = [(3, 3, 1, 4000), (3, 3, 32, 64), (5, 5, 3, 300), (1, 1, 64, 256)]


def chi2_sf_9(x: float) -> float:
    """P(χ² > x) with 9 degrees of freedom, in closed form (Abramowitz & Stegun 1972, 26.4.4)."""
    series = math.sqrt(x) * sum(x**r / math.prod(range(1, 2 * r + 2, 2)) for r in range(4))
    return math.erfc(math.sqrt(x / 2)) + math.sqrt(2 / math.pi) * math.exp(-x / 2) * series


@pytest.mark.parametrize("shape", SHAPES)
def test_the_moments_are_those_of_an_untruncated_normal(shape: Shape) -> None:
    weights = kaiming_normal(shape, np.random.default_rng(5))
    sigma = math.sqrt(2 / math.prod(shape[:3]))
    z, n = weights.astype(np.float64).ravel() / sigma, weights.size

    # Each bound is four standard errors of the statistic for independent N(0, 1).
    assert weights.shape == shape
    assert weights.dtype == np.float32
    assert abs(z.mean()) < 4 / math.sqrt(n)
    assert abs(np.square(z).sum() - n) < 4 * math.sqrt(2 * n)
    assert abs((z**3).mean()) < 4 * math.sqrt(15 / n)
    assert abs((z**4).mean() - 3) < 4 * math.sqrt(96 / n)
    outside = 0.0455003  # P(|z| > 2); truncated: 0
    assert abs((np.abs(z) > 2).mean() - outside) < 4 * math.sqrt(outside * (1 - outside) / n)
    assert np.abs(z).max() > 3


def test_the_moments_tell_the_truncated_normal_of_keras_apart() -> None:
    truncated = np.asarray(keras.initializers.HeNormal(seed=5)((3, 3, 32, 64)))
    z = truncated.astype(np.float64).ravel() / math.sqrt(2 / 288)

    assert abs((z**4).mean() - 3) > 4 * math.sqrt(96 / z.size)
    assert np.abs(z).max() < 3


def test_the_same_generator_state_gives_the_same_filter() -> None:
    one, same, other = (kaiming_normal((3, 3, 3, 2), np.random.default_rng(seed)) for seed in (1, 1, 2))

    np.testing.assert_array_equal(one, same)
    assert (one != other).all()


def test_the_closed_form_agrees_with_the_printed_tables() -> None:
    for quantile, tail in [(16.919, 0.05), (19.023, 0.025), (21.666, 0.01), (3.325, 0.95), (2.700, 0.975)]:
        assert chi2_sf_9(quantile) == pytest.approx(tail, abs=1e-4)


@pytest.mark.parametrize(("alpha", "low", "high"), [(0.1, 3.325, 16.919), (0.05, 2.700, 19.023)])
def test_the_interval_is_that_of_the_tables(alpha: float, low: float, high: float) -> None:
    interval = check_initialisation(np.ones((3, 3, 1, 1)), alpha).interval

    assert interval == pytest.approx((low, high), abs=5e-4)


def test_the_default_interval_leaves_half_a_permille_on_each_side() -> None:
    check = check_initialisation(np.ones((3, 3, 1, 1)))

    assert check.alpha == 0.001
    assert chi2_sf_9(check.interval[0]) == pytest.approx(0.9995, abs=1e-9)
    assert chi2_sf_9(check.interval[1]) == pytest.approx(0.0005, abs=1e-9)


def test_the_numbers_of_a_small_filter_by_hand() -> None:
    kernel = np.array([1, 0, -1, 0.5, 0, -0.5, 0, 0, 0.5]).reshape(3, 3, 1, 1)

    check = check_initialisation(kernel)

    assert (check.fan_in, check.n) == (9, 9)
    assert check.sigma_expected == pytest.approx(0.4714045)  # √(2/9)
    assert check.sigma_observed == pytest.approx(math.sqrt(2.75 / 9))
    assert check.statistic == pytest.approx(12.375)  # 2.75 · 9/2
    assert check.p_value == pytest.approx(2 * chi2_sf_9(12.375))
    assert check.plausible


def test_fan_in_counts_rows_columns_and_channels_but_not_filters() -> None:
    check = check_initialisation(np.ones((3, 3, 32, 64)))

    assert (check.fan_in, check.n) == (288, 18432)
    assert check.sigma_expected == pytest.approx(1 / 12)


def test_a_filter_with_a_spread_of_0_007_is_flagged() -> None:
    kernel = 0.007 * np.array([1, -1, 1, -1, 1, -1, 1, -1, 1]).reshape(3, 3, 1, 1)

    check = check_initialisation(kernel)

    assert check.sigma_observed == pytest.approx(0.007)
    assert check.statistic == pytest.approx(9 * 0.007**2 * 9 / 2)
    assert check.p_value < 1e-9
    assert not check.plausible


def test_a_filter_spread_too_widely_is_flagged() -> None:
    assert not check_initialisation(np.full((3, 3, 1, 1), 1.0)).plausible  # Σw²/σ² = 40.5 > 29.67


def test_other_initialisations_of_a_large_layer_are_flagged() -> None:
    rng, sigma, shape = np.random.default_rng(0), 1 / 12, (3, 3, 32, 64)
    normal = rng.normal(0, sigma, 4 * math.prod(shape))
    truncated = normal[np.abs(normal) < 2 * sigma][: math.prod(shape)].reshape(shape)

    assert not check_initialisation(truncated).plausible
    assert not check_initialisation(rng.uniform(-sigma, sigma, shape)).plausible
    assert not check_initialisation(np.asarray(keras.initializers.GlorotUniform(seed=1)(shape))).plausible
    assert not check_initialisation(np.zeros(shape)).plausible
    assert check_initialisation(normal[: math.prod(shape)].reshape(shape)).plausible


def test_false_alarms_are_as_rare_as_alpha_says() -> None:
    rng, draws, alpha = np.random.default_rng(11), 2000, 0.05
    checks = [check_initialisation(kaiming_normal((3, 3, 1, 1), rng), alpha) for _ in range(draws)]
    alarms = sum(not check.plausible for check in checks) / draws

    assert abs(alarms - alpha) < 4 * math.sqrt(alpha * (1 - alpha) / draws)
    assert all(check.plausible == (check.p_value >= alpha) for check in checks)


@pytest.mark.parametrize("seed", [5, 808])
def test_what_a_seed_draws_is_known_again_to_the_last_bit(seed: int) -> None:
    """Seed 808 draws nine weights whose spread is of the one in a thousand that lie outside."""
    kernel = kaiming_normal((3, 3, 1, 1), np.random.default_rng([seed, 1]))
    check = check_initialisation(kernel, rng=np.random.default_rng([seed, 1]))
    assert check.redrawn is True
    assert check.plausible == (seed != 808)
    nearly = kernel.copy()
    nearly[1, 1, 0, 0] = np.nextafter(nearly[1, 1, 0, 0], np.float32(9))
    assert check_initialisation(nearly, rng=np.random.default_rng([seed, 1])).redrawn is False
    assert check_initialisation(kernel, rng=np.random.default_rng([seed + 1, 1])).redrawn is False
    assert check_initialisation(kernel).redrawn is None
