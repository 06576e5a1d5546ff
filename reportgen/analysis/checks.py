"""The claims that the report makes in words, each decided by the numbers."""

from __future__ import annotations

from itertools import pairwise

from reportgen.results import Check, Convolution, ConvStack, GuidedBackprop, Neurons, Transfer


def check_claims(
    convolution: Convolution,
    conv_stack: ConvStack,
    transfer: Transfer,
    neurons: Neurons,
    guided_backprop: GuidedBackprop,
) -> list[Check]:
    """Decide every claim: a fixed sentence, and ``passed``, whether the numbers bear it out."""
    inits = [convolution.init_check, *(layer.init_check for layer in conv_stack.layers)]
    rows = [row for table in guided_backprop.rows.values() for row in table]
    ranked = [tops for table in (neurons.top, neurons.top_distinct) for tops in table.values()]
    verdicts = {
        "convolution_shape": (
            "The feature map of every image has the size that the formula gives.",
            convolution.matches,
        ),
        "conv_stack_shapes": (
            "Both layers of the stack have the output sizes that the formula gives.",
            conv_stack.matches,
        ),
        "initialisation": (
            "The spread of the weights of every filter bank is plausible under Kaiming initialisation.",
            all(check.plausible for check in inits),
        ),
        "frozen_base": (
            "Training left every weight of the base unchanged.",
            transfer.frozen_sha256.before == transfer.frozen_sha256.after,
        ),
        "ranking": (
            "The neurons are listed from the most excited downwards.",
            all(a.value >= b.value for tops in ranked for a, b in pairwise(tops)),
        ),
        "relus_guided": (
            "Every ReLU between the image and each neuron was guided.",
            all(row.relu_total == row.relu_guided > 0 for row in rows),
        ),
        "zero_neurons_blank": (
            "Every neuron with zero output has a blank gradient image.",
            guided_backprop.zero_neurons == guided_backprop.zero_neurons_blank,
        ),
    }
    return [Check(name=name, claim=claim, passed=passed) for name, (claim, passed) in verdicts.items()]
