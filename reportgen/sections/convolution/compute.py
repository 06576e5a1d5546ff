"""Section 1: one filter."""

from __future__ import annotations

from reportgen.engine.stages.context import Artifacts, StageContext
from reportgen.engine.stages.examples import example_files, scale_examples
from reportgen.engine.stages.network import load_tensorflow
from reportgen.engine.stages.outcomes import pack_section


def run(context: StageContext) -> Artifacts:
    """Convolve the example images with one filter."""
    load_tensorflow(context.progress)
    # It imports Keras, which must be set first.
    from reportgen.sections.convolution.analysis import convolve_examples

    with context.progress.stage("Convolution with one filter"):
        return pack_section(
            convolve_examples(
                scale_examples(context),
                example_files(context),
                context.setting("seed"),
                context.setting("convolution"),
            )
        )
