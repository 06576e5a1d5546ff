"""What other sections of the report found of the neurons, to be printed beside each of them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from reportgen.results import Results


def template_values(results: Results) -> dict[str, Any]:
    """``occluded(label)`` and ``loud(label)`` for the section's templates."""
    return {
        # As plain text: a template hands its values over together with their pointers.
        "occluded": lambda label: find_occluded(results, str(label)),
        "loud": lambda label: find_loud(results, str(label)),
    }


def find_occluded(results: Results, label: str) -> list[int | None]:
    """For each patch of a class the index of its neuron in ``/occlusion/neurons``, or None."""
    # From the results, since no section imports another; in this report it may be left out, or be about
    # another layer.
    there = results.has("occlusion") and results.occlusion.layer == results.neurons.layer
    found = results.occlusion.neurons.get(label, []) if there else []
    return _match(results.neurons.top.get(label, []), found)


def find_loud(results: Results, label: str) -> list[int | None]:
    """For each neuron of distinct channels its index in ``/channels/classes/<label>/loud``, or None."""
    there = results.has("channels") and results.channels.layer == results.neurons.layer
    image = results.channels.classes.get(label) if there else None
    return _match(results.neurons.top_distinct.get(label, []), image.loud if image else [])


def _match(neurons: Sequence[Any], found: Sequence[Any]) -> list[int | None]:
    # By position and not by rank: what stands beside a neuron must be about it.
    indices = {each.position: i for i, each in enumerate(found)}
    return [indices.get(neuron.position) for neuron in neurons]
