"""The checks that a rubric may name: what arithmetic over pointers cannot say."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

from reportgen.grading.checks import convolution, dataset, document, neurons, transfer
from reportgen.grading.report import Report


@dataclass(frozen=True)
class NamedCheck:
    """``cases`` gives what the check goes through in a report, ``judge`` looks at one of them."""

    cases: Callable[[Report], list[str]]
    judge: Callable[[Report, str], None]

    @property
    def meaning(self) -> str:
        """What passes, in a sentence."""
        return " ".join((self.judge.__doc__ or "").split())


CHECKS: Final[Mapping[str, NamedCheck]] = {
    "splits_disjoint": NamedCheck(dataset.whole, dataset.judge_disjoint),
    "counts_true": NamedCheck(dataset.splits, dataset.judge_counts),
    "feature_map_true": NamedCheck(dataset.classes, convolution.judge_feature_map),
    "kaiming": NamedCheck(convolution.banks, convolution.judge_spread),
    "base_frozen": NamedCheck(dataset.whole, transfer.judge_frozen),
    "head_size": NamedCheck(dataset.whole, transfer.judge_head_size),
    "accuracy_true": NamedCheck(dataset.splits, transfer.judge_accuracy),
    "matrix_true": NamedCheck(dataset.splits, transfer.judge_matrix),
    "best_epoch": NamedCheck(dataset.whole, transfer.judge_best_epoch),
    "largest_neurons": NamedCheck(dataset.classes, neurons.judge_largest),
    "fields_true": NamedCheck(dataset.classes, neurons.judge_fields),
    "patches_inside": NamedCheck(dataset.classes, neurons.judge_patches),
    "outputs_true": NamedCheck(dataset.classes, neurons.judge_outputs),
    "relus_guided": NamedCheck(dataset.classes, neurons.judge_guided),
    "zero_neuron_blank": NamedCheck(dataset.classes, neurons.judge_blank),
    "gradients_shown": NamedCheck(dataset.classes, neurons.judge_gradients),
    "figures_captioned": NamedCheck(dataset.whole, document.judge_figures),
    "tables_captioned": NamedCheck(dataset.whole, document.judge_tables),
    "weights_named": NamedCheck(dataset.whole, document.judge_weights),
}
