"""What the section's template needs beside the results: how many tiles its figures have."""

from __future__ import annotations

from typing import Any

from reportgen.results import Results


def template_values(results: Results) -> dict[str, Any]:
    """``stack_shown``, how many filters and maps of each layer are shown: no more than there are."""
    stack = results.conv_stack
    # A template that calls for more tiles than a figure has is refused.
    return {"stack_shown": [min(stack.shown, layer.filters) for layer in stack.layers]}
