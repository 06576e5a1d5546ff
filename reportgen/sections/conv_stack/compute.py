"""Section 2: two stacked layers."""

from __future__ import annotations

from reportgen.engine.stages.context import Artifacts, StageContext
from reportgen.engine.stages.examples import example_files, scale_examples
from reportgen.engine.stages.network import load_tensorflow
from reportgen.engine.stages.outcomes import pack_section


def run(context: StageContext) -> Artifacts:
    """Send the example images through two stacked convolution layers."""
    load_tensorflow(context.progress)
    # It imports Keras, which must be set first.
    from reportgen.sections.conv_stack.analysis import stack_layers

    with context.progress.stage("Two convolution layers"):
        return pack_section(
            stack_layers(
                scale_examples(context),
                example_files(context),
                layers=context.setting("conv_stack").layers,
                displayed=context.setting("show.filters"),
                seed=context.setting("seed"),
                shared_scale=context.setting("show.shared_scale"),
            )
        )
