"""Which images of a whole split excite single channels most.

Zeiler & Fergus 2014, "Visualizing and Understanding Convolutional Networks", section 4: the nine largest
activations of a feature map over a data set, each with its patch. One image shows what a channel responds to
in that image; only several images show what they have in common.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from math import comb
from typing import Any

import numpy as np
from numpy.typing import NDArray

from reportgen.results import Box, FieldGeometry, ImageFile, Split
from reportgen.results.fields import SIDE
from reportgen.sections.channels.result import DataChannel, ExcitingImage, OverData

MOST_IMAGES = 9
"""As many as Zeiler & Fergus show of a feature map."""

ALPHA = 0.05

PERMUTATIONS = 999
"""Smallest p-value 0.001; on 150 images and 512 channels they take half a second."""


@dataclass(frozen=True)
class Peaks:
    """Of N different images and C channels the ``largest`` output (N, C), its ``argmax`` (N, C), row ×
    ``columns`` + column, and how many of the ``positions`` of a channel are ``active`` (N, C).
    """

    images: Sequence[ImageFile]
    largest: NDArray[np.float32]
    argmax: NDArray[np.uint16]
    active: NDArray[np.uint16]
    positions: int
    columns: int


def choose_channels(lists: Sequence[Sequence[int]], count: int) -> list[int]:
    """The ``count`` channels that most of the lists name, of equal ones the one that is ranked higher."""
    named = Counter(channel for each in lists for channel in each)
    best = {channel: min(each.index(channel) for each in lists if channel in each) for channel in named}
    return sorted(named, key=lambda channel: (-named[channel], best[channel], channel))[:count]


def rank_images(largest: NDArray[np.float32], count: int) -> NDArray[np.intp]:
    """For each channel the ``count`` images (C, count) with the largest outputs; of equal ones the first."""
    # Stable, or the first of equal images would be another one on another machine.
    ranked: NDArray[np.intp] = np.argsort(-largest, axis=0, kind="stable")[:count].T
    return ranked


def chance_of_majority(sizes: Sequence[int], drawn: int, most: int) -> float:
    """The chance that of ``drawn`` images at least ``most`` are of one class, any class; exact.

    They are drawn without replacement from classes of these ``sizes``. The draws in which every class has
    fewer than ``most`` are counted by the product of the polynomials Σ_{j < most} C(n, j) x^j.
    """
    ways = [1] + [0] * drawn
    for size in sizes:
        few = [comb(size, j) for j in range(min(most, drawn + 1))]
        ways = [sum(few[j] * ways[k - j] for j in range(min(k + 1, len(few)))) for k in range(drawn + 1)]
    # As a fraction: binomials may be beyond what floats hold exactly, and 1 − nearly 1 would lose what is
    # left.
    return float(1 - Fraction(ways[drawn], comb(sum(sizes), drawn)))


def describe_data(
    peaks: Peaks, channels: Sequence[int], geometry: FieldGeometry, side: int, *, split: Split, seed: int
) -> OverData:
    """What excites the ``channels`` over the images, and how many of all channels prefer one class.

    Patches are squares of ``side`` pixels around the middle of the neuron's receptive field. ``seed``: of
    the permutations of the images' classes.
    """
    labels = [image.label for image in peaks.images]
    classes = sorted(set(labels))
    sizes = [labels.count(label) for label in classes]
    count = min(MOST_IMAGES, len(labels))
    ranked = rank_images(peaks.largest, count)
    # For every possible majority at once: all channels look up the same few numbers in all permutations.
    chances = [chance_of_majority(sizes, count, most) for most in range(count + 1)]
    # Where fewer images excite a channel than are ranked, the order of the rest means nothing.
    excited = np.count_nonzero(peaks.largest > 0, axis=0) >= count
    codes = np.array([classes.index(label) for label in labels])
    majorities = _count_majorities(codes, ranked[excited])
    selective, drawn = _test_selectivity(codes, ranked[excited], np.array(chances), seed)
    return OverData(
        split=split,
        classes=dict(zip(classes, sizes, strict=True)),
        shown=count,
        side=side,
        silent_share=float(1 - peaks.active.mean(dtype=np.float64) / peaks.positions),
        silent_channels=int(np.count_nonzero(~(peaks.largest > 0).any(axis=0))),
        alpha=ALPHA,
        tested=len(majorities),
        selective=selective,
        expected=float(np.mean(drawn)) if len(majorities) else 0.0,
        permutations=PERMUTATIONS,
        # The truth is one of the orders that chance may give: so the value is never 0.
        p_value=(1 + sum(each >= selective for each in drawn)) / (1 + PERMUTATIONS),
        channels=[
            _describe_channel(
                peaks, channel, ranked[channel], chances if excited[channel] else None, (geometry, side)
            )
            for channel in channels
        ],
    )


def _count_majorities(codes: NDArray[Any], ranked: NDArray[np.intp]) -> NDArray[Any]:
    """How many of the images ranked for each channel are of their commonest class."""
    if not len(ranked):
        return np.zeros(0, int)
    found: NDArray[Any] = np.max([(codes[ranked] == code).sum(axis=1) for code in np.unique(codes)], axis=0)
    return found


def _test_selectivity(
    codes: NDArray[Any], ranked: NDArray[np.intp], chances: NDArray[Any], seed: int
) -> tuple[int, list[int]]:
    """How many channels prefer one class, and how many do if the images' classes are shuffled.

    Channels respond to the same images, so their numbers are not independent, and a binomial test would find
    too much. Shuffled classes leave that as it is.
    """
    rng = np.random.default_rng(seed)

    def count(shuffled: NDArray[Any]) -> int:
        return int(np.count_nonzero(chances[_count_majorities(shuffled, ranked)] <= ALPHA))

    return count(codes), [count(rng.permutation(codes)) for _ in range(PERMUTATIONS)]


def _describe_channel(
    peaks: Peaks,
    channel: int,
    ranked: NDArray[np.intp],
    chances: Sequence[float] | None,
    shape: tuple[FieldGeometry, int],
) -> DataChannel:
    images = []
    for n in ranked.tolist():
        row, column = divmod(int(peaks.argmax[n, channel]), peaks.columns)
        images.append(
            ExcitingImage(
                file=peaks.images[n].file,
                label=peaks.images[n].label,
                value=float(peaks.largest[n, channel]),
                position=(row, column, channel),
                patch=Box(rows=_around(row, *shape), cols=_around(column, *shape)),
            )
        )
    # Of equally common classes the first by name.
    label, most = min(Counter(each.label for each in images).items(), key=lambda each: (-each[1], each[0]))
    return DataChannel(
        channel=channel,
        active=int(np.count_nonzero(peaks.largest[:, channel] > 0)),
        label=label,
        most=most,
        p_value=1.0 if chances is None else chances[most],
        images=images,
    )


def _around(index: int, geometry: FieldGeometry, side: int) -> tuple[int, int]:
    """``side`` pixels around the middle of a neuron's receptive field, moved into the image."""
    middle = index * geometry.stride - geometry.padding + geometry.size / 2
    start = min(max(round(middle - side / 2), 0), SIDE - side)
    return start, start + side
