"""Are the networks' sizes those of their layers, and the accuracies those of the predictions?"""

from __future__ import annotations

from typing import Any, Final

import numpy as np

from reportgen.grading.checks import NamedCheck, whole
from reportgen.grading.report import Report, require


def networks(report: Report) -> list[str]:
    """Each network, by its number from 0."""
    return [str(k) for k in range(len(report.results.architectures.networks))]


def judge_sizes(report: Report, case: str) -> None:
    """Rows and columns after each convolution and pool are (W − F + 2P) / S + 1, rounded down, and every
    layer takes what the one before it gives.
    """
    # Not the size that the report names, or all others could follow from a wrong one.
    before: list[int] = [224, 224, 3]
    for n, layer in enumerate(report.results.architectures.networks[int(case)].layers):
        here = f"/architectures/networks/{case}/layers/{n}"
        require(
            layer.input_shape == before, f"{here}/input_shape: found {layer.input_shape}, expected {before}"
        )
        # Only convolutions and pools have one; a pool has no padding and no filters of its own.
        if layer.size:
            sides = [
                (side - layer.size + 2 * (layer.padding or 0)) // layer.stride + 1 for side in before[:2]
            ]
            before = [*sides, layer.filters or before[2]]
        elif layer.layer == "flatten":
            before = [before[0] * before[1] * before[2]]
        elif layer.layer == "dense":
            before = [layer.units]
        for name in ("expected_shape", "observed_shape"):
            found = getattr(layer, name)
            require(found == before, f"{here}/{name}: found {found}, the formula says {before}")


def judge_parameters(report: Report, case: str) -> None:
    """A convolution has F · F · C weights and a bias for each filter, a dense layer one weight for each input
    and a bias for each unit.
    """
    for n, layer in enumerate(report.results.architectures.networks[int(case)].layers):
        channels = layer.input_shape[-1]
        expected = {
            "conv": ((layer.size or 0) ** 2 * channels + 1) * (layer.filters or 0),
            "dense": (channels + 1) * (layer.units or 0),
            "batch_norm": 4 * channels,
        }.get(layer.layer, 0)
        require(
            layer.parameters == expected,
            f"/architectures/networks/{case}/layers/{n}/parameters: found {layer.parameters}, expected "
            f"{expected}",
        )


def judge_relu(report: Report, case: str) -> None:
    """Every convolution is followed by a ReLU: its own, or that of an activation layer."""
    layers = report.results.architectures.networks[int(case)].layers
    for n, layer in enumerate(layers):
        if layer.layer != "conv":
            continue
        # These may come between a convolution and its ReLU, as is usual of the former.
        after = next((each for each in layers[n + 1 :] if each.layer not in ("batch_norm", "dropout")), None)
        rectified = layer.activation == "relu" or (
            after is not None and after.layer == "activation" and after.activation == "relu"
        )
        require(rectified, f"/architectures/networks/{case}/layers/{n}: no ReLU after it")


def judge_matrices(report: Report, case: str) -> None:
    """The matrices of a network count the largest probability of each training and validation image."""
    network = report.results.architectures.networks[int(case)]
    for split in ("train", "val"):
        probabilities = report.array("architectures", f"probabilities_{split}_{case}")
        pointer = f"/architectures/networks/{case}/{split}/confusion"
        _compare_matrix(report, split, getattr(network, split).confusion, probabilities, pointer)


def judge_test(report: Report, _case: str) -> None:
    """The matrix of the best network counts the largest probability of each test image."""
    probabilities = report.array("architectures", "probabilities_test")
    pointer = "/architectures/test/confusion"
    _compare_matrix(report, "test", report.results.architectures.test.confusion, probabilities, pointer)


def _compare_matrix(report: Report, split: str, found: Any, probabilities: Any, pointer: str) -> None:
    results = report.results
    labels = list(results.architectures.classes)
    truth = [labels.index(image.label) for image in results.dataset.images if image.split == split]
    require(
        probabilities.shape == (len(truth), len(labels)),
        f"{pointer}: there are probabilities of shape {probabilities.shape} for {len(truth)} images",
    )
    counted = np.zeros((len(labels), len(labels)), int)
    # Not counted[...] += 1, which counts an index that comes up again once only.
    np.add.at(counted, (truth, probabilities.argmax(axis=1)), 1)
    require(found == counted.tolist(), f"{pointer}: found {found}, the probabilities say {counted.tolist()}")


def judge_best(report: Report, _case: str) -> None:
    """The network that was chosen recognises most validation images, and of equal ones has the lower loss."""
    section = report.results.architectures
    ranks = [
        # Written again here: a check by the code that it checks would pass whatever that does.
        (-sum(row[i] for i, row in enumerate(each.val.confusion)), min(each.history.val_loss), k)
        for k, each in enumerate(section.networks)
    ]
    best = min(ranks)[2]
    require(section.best == best, f"/architectures/best: found {section.best}, the validation says {best}")


def judge_epoch(report: Report, case: str) -> None:
    """The kept epoch is the first with the lowest validation loss."""
    network = report.results.architectures.networks[int(case)]
    best = 1 + network.history.val_loss.index(min(network.history.val_loss))
    require(
        network.best_epoch == best,
        f"/architectures/networks/{case}/best_epoch: found {network.best_epoch}, expected {best}",
    )


# What users read of a check is the docstring of its function.
CHECKS: Final = {
    "network_sizes": NamedCheck(networks, judge_sizes),
    "network_parameters": NamedCheck(networks, judge_parameters),
    "network_relu": NamedCheck(networks, judge_relu),
    "network_matrices": NamedCheck(networks, judge_matrices),
    "network_test_matrix": NamedCheck(whole, judge_test),
    "network_best": NamedCheck(whole, judge_best),
    "network_epoch": NamedCheck(networks, judge_epoch),
}
