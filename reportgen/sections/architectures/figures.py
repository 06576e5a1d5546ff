"""The section's figures, and in words what each of them shows."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from reportgen.figures.figure import Figure, FigureData, listed, say_number
from reportgen.figures.plots import confusion_plot, histories_plot, matrices_plot
from reportgen.sections.architectures.result import Architectures, Judged, TrainedNetwork


def draw(data: FigureData) -> Iterator[Figure]:
    """Draw the figures of the section."""
    section: Architectures = data.numbers
    histories = [
        (
            each.name,
            (each.history.loss, each.history.val_loss),
            (each.history.accuracy, each.history.val_accuracy),
            each.best_epoch,
        )
        for each in section.networks
    ]
    yield Figure("network_curves", histories_plot(histories), " ".join(map(say_course, section.networks)))
    # Turned round: a row of matrices for each split, a column for each network.
    rows = [
        [judged.confusion for judged in each] for each in zip(*map(_fitted, section.networks), strict=True)
    ]
    names = [each.name for each in section.networks]
    yield Figure(
        "network_confusions",
        matrices_plot(rows, (names, ("training", "validation")), section.classes, data.faces),
        f"Confusion matrices on training and validation images. {say_matrices(section)}",
    )
    yield Figure(
        "network_test",
        confusion_plot(section.test.confusion, section.classes, data.faces),
        f"The confusion matrix of {section.best_name} on the test images. "
        f"{say_errors(section.test, section.classes)}",
    )


def _fitted(network: TrainedNetwork) -> tuple[Judged, Judged]:
    return network.train, network.val


def say_course(network: TrainedNetwork) -> str:
    """Say how the training of a network went."""
    history, best = network.history, network.best_epoch - 1
    return (
        f"{network.name}: over {network.epochs_run} epochs the training loss goes from "
        f"{say_number(history.loss[0])} to {say_number(history.loss[-1])} and the validation loss from "
        f"{say_number(history.val_loss[0])} to {say_number(history.val_loss[-1])}; the weights kept are "
        f"those of epoch {network.best_epoch}, with a validation loss of "
        f"{say_number(history.val_loss[best])}."
    )


def say_matrices(section: Architectures) -> str:
    """Say how many images each network recognises."""
    return " ".join(
        f"{each.name} recognises {each.train.correct} of {each.train.total} training images and "
        f"{each.val.correct} of {each.val.total} validation images."
        for each in section.networks
    )


def say_errors(judged: Judged, classes: Sequence[str]) -> str:
    """Say class by class what became of the images."""
    rows = []
    for i, counts in enumerate(judged.confusion):
        taken = [f"{count} predicted as {classes[j]}" for j, count in enumerate(counts) if count and j != i]
        rows.append(
            f"Of the class {classes[i]}, {counts[i]} of {sum(counts)} are recognised"
            f"{f', {listed(taken)}' if taken else ''}."
        )
    return " ".join(rows)
