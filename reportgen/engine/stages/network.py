"""Loads the network when the first stage needs it, and keeps it for later builds in the same process."""

from __future__ import annotations

import sys
from dataclasses import replace
from typing import TYPE_CHECKING

from reportgen.console import stderr_held_back
from reportgen.errors import WeightsError
from reportgen.models.backend import configure_backend, load_keras
from reportgen.networks import USUAL, USUAL_NETWORK, NetworkChoice
from reportgen.progress import Progress
from reportgen.weights import WeightsFile

if TYPE_CHECKING:
    from reportgen.models.backbone import Backbone


def load_tensorflow(progress: Progress) -> None:
    """Import TensorFlow and Keras, and configure them as the numbers require.

    Importing them takes seconds and is then a stage of its own for the listener. Raises ``BackendError`` if
    somebody else has imported them in a way that would change the numbers.
    """
    # By the build before, as in watch, or by whoever runs a build in a process that has more to do.
    if "keras" in sys.modules:
        configure_backend()
        return
    # TensorFlow writes notes of its own past every setting while it is imported.
    with progress.stage("Loading TensorFlow"), stderr_held_back():
        load_keras()


class ChangedWeightsError(WeightsError):
    """The weights that were read are not those of the plan."""


class Networks:
    """The network that was loaded last, and the hash of its weights."""

    def __init__(self) -> None:
        self._backbone: Backbone | None = None
        self._choice: NetworkChoice | None = None

    def load(
        self, weights: WeightsFile, progress: Progress, choice: NetworkChoice = USUAL_NETWORK
    ) -> Backbone:
        """The network with these weights. Raises ``ChangedWeightsError`` if the file was changed meanwhile,
        ``SettingsError`` if it lacks a layer that is to be explained.
        """
        # The seed decides nothing but random weights, whose hash depends on it.
        wanted = replace(choice, seed=0)
        # By hash and not by path: the file may be replaced between two builds of watch.
        if (
            self._backbone is None
            or self._choice != wanted
            or self._backbone.weights.sha256 != weights.sha256
        ):
            load_tensorflow(progress)
            with progress.stage("Reading the weights"):
                self._backbone = load_network(weights, choice)
            self._choice = wanted
        # The plan may go by a remembered hash; this is the one of what was read.
        if self._backbone.weights.sha256 != weights.sha256:
            raise ChangedWeightsError(f"{weights.path}: was changed while it was read.", "Build again.")
        return self._backbone


def load_network(weights: WeightsFile, choice: NetworkChoice) -> Backbone:
    """The network of a choice. Raises as :meth:`Networks.load`."""
    from reportgen.models import backbone

    if choice.architecture == USUAL and weights.source != "random":
        found = backbone.load_backbone(weights.named)
        if choice.layers:
            found = replace(found, layers=choice.layers)
    else:
        from reportgen.models import architectures

        found = architectures.load_network(choice, weights)
    # Before anything is computed: a misspelt layer is reported at once, not after minutes.
    for layer in choice.layers:
        found.graph.find_neurons(layer)
    return found
