"""Descriptions of arrays that are small enough to be described by hand."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray
from small_results import small_results

from reportgen.figures.figure import say_number
from reportgen.results import Box, Patch
from reportgen.sections.conv_stack.figures import describe_filters, describe_maps
from reportgen.sections.convolution.figures import describe_filter, describe_responses
from reportgen.sections.guided_backprop.figures import describe_gradient
from reportgen.sections.guided_backprop.result import GuidedRow
from reportgen.sections.neurons.figures import describe_neuron_input
from reportgen.sections.neurons.result import Neuron
from reportgen.sections.transfer.figures import describe_confusion, describe_history
from reportgen.sections.transfer.result import History

LAYER = small_results().conv_stack.layers[0]


@pytest.mark.parametrize(
    ("value", "words"),
    [
        (0.35, "0.35"),
        (-0.0786, "minus 0.0786"),
        (0, "0"),
        (1.2e-7, "1.2 times ten to the power of minus 7"),
        (-3e12, "minus 3 times ten to the power of 12"),
    ],
)
def test_numbers_are_said_in_words_and_digits(value: float, words: str) -> None:
    assert say_number(value) == words


def test_a_filter_is_read_row_by_row() -> None:
    kernel = np.array([[0.25, -0.5], [1, 0]])
    assert describe_filter(kernel) == (
        "A filter of 2 by 2 weights. The first row holds 0.25 and minus 0.5; the second row holds 1 and 0."
    )


def test_a_colour_filter_is_read_slice_by_slice() -> None:
    kernel = np.arange(12.0).reshape(2, 2, 3)
    assert describe_filter(kernel) == (
        "A filter of 2 by 2 weights for each of red, green and blue. "
        "In the slice for red, the first row holds 0 and 3; the second row holds 6 and 9. "
        "In the slice for green, the first row holds 1 and 4; the second row holds 7 and 10. "
        "In the slice for blue, the first row holds 2 and 5; the second row holds 8 and 11."
    )


def test_of_a_large_filter_the_extremes_are_told() -> None:
    kernel = np.linspace(-1, 2, 49).reshape(7, 7)
    assert describe_filter(kernel) == "A filter of 7 by 7 weights, the smallest minus 1, the largest 2."


def test_signed_maps_are_told_with_range_and_mean() -> None:
    maps = {"cat": np.array([[-1.0, 2, 2]]), "dog": np.array([[0.0, 0, 3]])}
    assert describe_responses(maps) == (
        "The feature maps, each of 1 by 3 values: for cat, from minus 1 to 2, on average 1; "
        "for dog, from 0 to 3, on average 1."
    )


def test_filters_are_told_with_their_extremes() -> None:
    kernels = np.zeros((3, 3, 1, 4))
    kernels[0, 1, 0, 2], kernels[2, 2, 0, 3], kernels[1, 1, 0, 3] = 0.5, -0.75, -0.1
    assert describe_filters(1, LAYER, kernels) == (
        "The first 4 of the 32 filters of layer 1, each of 3 by 3 weights, as coloured squares on one scale "
        "from minus 0.75 to 0.75. The largest weight, 0.5, is in filter 3, the smallest, minus 0.75, in "
        "filter 4; 2 of the 36 weights are negative."
    )


def test_of_a_layer_with_few_filters_all_are_shown() -> None:
    few = LAYER.model_copy(update={"filters": 4})
    assert describe_filters(1, few, np.ones((3, 3, 1, 4))).startswith(
        "All 4 filters of layer 1, each of 3 by 3"
    )
    assert describe_maps(2, few, "cat", maps()).startswith("All 4 feature maps of layer 2 for cat, each of")


def maps(*locations: tuple[int, int, int, float]) -> NDArray[np.float64]:
    values = np.zeros((20, 20, 4))
    values[..., 0] = 1
    for row, column, channel, value in locations:
        values[row, column, channel] = value
    return values


START = "The first 4 of the 32 feature maps of layer 2 for cat, each of 20 by 20 values."


@pytest.mark.parametrize(
    ("values", "reported"),
    [
        (
            maps((3, 11, 2, 7.0)),
            "The largest value, 7, is in map 3, at row 3 and column 11; "
            "the largest mean, 1, is that of map 1. "
            "2 maps (2 and 4) are silent: zero everywhere. Map 3 is faint: "
            "hardly a value is above a twentieth of the scale.",
        ),
        (
            maps(*((5, i, k, 0.5) for k in (1, 2, 3) for i in range(3 - (k == 3)))),
            "The largest value, 1, is in map 1, at row 0 and column 0; "
            "the largest mean, 1, is that of map 1. "
            "No map is silent. Map 4 is faint: "
            "hardly a value is above a twentieth of the scale.",
        ),
        (
            np.ones((20, 20, 4)) * [1, 0.04, 0.049, 0.051],
            "The largest value, 1, is in map 1, at row 0 and column 0; "
            "the largest mean, 1, is that of map 1. "
            "No map is silent. 2 maps (2 and 3) are faint: hardly a value is above a twentieth of the scale.",
        ),
        (np.zeros((20, 20, 4)), "All are silent: zero everywhere."),
    ],
)
def test_maps_are_told_with_their_strongest_and_their_silent_ones(
    values: NDArray[np.float64], reported: str
) -> None:
    assert describe_maps(2, LAYER, "cat", values, shared=True) == f"{START} {reported}"


def test_no_map_is_faint_on_a_scale_of_its_own() -> None:
    values = np.ones((20, 20, 4)) * [1, 0.04, 0.049, 0.051]
    assert describe_maps(2, LAYER, "cat", values).endswith("No map is silent.")


def test_a_confusion_matrix_is_told_row_by_row() -> None:
    assert describe_confusion([[3, 1, 2], [0, 4, 0], [0, 0, 0]], ["cat", "dog", "cow"]) == (
        "The confusion matrix of the 10 test images. "
        "Of the class cat, 3 of 6 are recognised, 1 predicted as dog and 2 predicted as cow. "
        "Of the class dog, all 4 are recognised. There is no image of cow."
    )


def test_a_history_is_told_with_its_ends_and_the_epoch_kept() -> None:
    transfer = small_results().transfer
    history = History(
        loss=[0.9, 0.4, 0.3], val_loss=[1, 0.5, 0.7], accuracy=[0.5, 0.8, 1], val_accuracy=[0.4, 0.75, 0.7]
    )
    training = transfer.training.model_copy(update={"epochs_run": 3, "best_epoch": 2})
    reported = describe_history(transfer.model_copy(update={"history": history, "training": training}))
    assert reported == (
        "Two plots of the training, over 3 epochs. Between the first epoch and the last, "
        "the training loss goes from 0.9 to 0.3, the validation loss goes from 1 to 0.7, "
        "the training accuracy goes from 0.5 to 1 and the validation accuracy goes from 0.4 to 0.7. "
        "The weights kept are those of epoch 2, with a training loss of 0.4 and a validation loss of 0.5."
    )


def test_a_gradient_is_told_with_its_peak_and_where_its_energy_lies() -> None:
    row = small_results().guided_backprop.rows["cat"][1].model_copy(update={"gradient_max_abs": 0.5})
    gradient = np.zeros((40, 40, 3))
    gradient[10:30, 5, 0] = 0.25
    gradient[12, 5, 1] = -0.5
    # Energy: 20 rows of 1/16 and 1/4 more in row 12, 1.5 in all. The quantiles 5 % and 95 % are reached in
    # rows 11 and 28 (1.4375 after it): 18 rows and the quarter, 1.375, which is 91.7 %.
    start = "The guided gradient of the neuron at row 0, column 0, channel 0 for cat"
    assert describe_gradient("cat", row, gradient) == (
        f"{start}. Its largest absolute value, 0.5, is at row 12 and column 5 of the image; "
        "91 percent of its energy lies within rows 11 to 29 and columns 5 to 6."
    )
    blank: GuidedRow = row.model_copy(update={"blank": True})
    assert describe_gradient("cat", blank, 0 * gradient) == f"{start}, blank: it is zero everywhere."


def test_an_input_is_told_with_the_box_around_its_patches() -> None:
    patches = [((10, 60), (30, 50)), ((5, 20), (100, 140)), ((40, 90), (70, 80))]
    top = [
        Neuron(
            position=(0, 0, n),
            value=1.0,
            receptive_field=Box(rows=(0, 200 + n), cols=(3, 224)),
            patch=Patch(rows=rows, cols=cols, energy_share=0.8),
        )
        for n, (rows, cols) in enumerate(patches)
    ]
    assert describe_neuron_input("cat", top) == (
        "The input image of cat. Numbered frames mark the patches of the 3 most excited neurons, which lie "
        "within rows 5 to 90 and columns 30 to 140. A dashed frame, rows 0 to 200 and columns 3 to 224, is "
        "the receptive field of the first."
    )
