"""Section 1: one filter."""

from __future__ import annotations

from reportgen.engine.stages.examples import example_files
from reportgen.engine.stages.given import Bundle, Given
from reportgen.engine.stages.grey_or_colour import scale_examples
from reportgen.engine.stages.section import pack_section
from reportgen.engine.stages.tensorflow import load_tensorflow


def run(given: Given) -> Bundle:
    """Convolve the example images with one filter."""
    load_tensorflow(given.progress)
    from reportgen.sections.convolution.analysis import convolve_examples

    with given.progress.stage("Convolution with one filter"):
        return pack_section(
            convolve_examples(scale_examples(given), example_files(given), given.setting("seed"))
        )
