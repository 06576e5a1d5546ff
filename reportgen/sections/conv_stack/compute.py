"""Section 2: two stacked layers."""

from __future__ import annotations

from reportgen.engine.stages.examples import example_files
from reportgen.engine.stages.given import Bundle, Given
from reportgen.engine.stages.grey_or_colour import scale_examples
from reportgen.engine.stages.section import pack_section
from reportgen.engine.stages.tensorflow import load_tensorflow


def run(given: Given) -> Bundle:
    """Send the example images through two stacked convolution layers."""
    load_tensorflow(given.progress)
    from reportgen.sections.conv_stack.analysis import stack_layers

    with given.progress.stage("Two convolution layers"):
        return pack_section(
            stack_layers(
                scale_examples(given),
                example_files(given),
                shown=given.setting("show.filters"),
                seed=given.setting("seed"),
            )
        )
