"""What occlusion found of the patches, where the report has that section, for print beside each of them."""

from __future__ import annotations

from typing import Any

from reportgen.results import Results


def template_values(results: Results) -> dict[str, Any]:
    """``occluded(label)`` for the section's template."""
    return {"occluded": lambda label: find_occluded(results, str(label))}


def find_occluded(results: Results, label: str) -> list[int | None]:
    """For each patch of a class the index of its neuron in ``/occlusion/neurons``, or None."""
    neurons = results.neurons
    if not results.has("occlusion") or results.occlusion.layer != neurons.layer:
        return [None for _ in neurons.top.get(label, [])]
    # By position and not by rank: what stands beside a patch must be about its neuron.
    found = {each.position: i for i, each in enumerate(results.occlusion.neurons.get(label, []))}
    return [found.get(neuron.position) for neuron in neurons.top.get(label, [])]
