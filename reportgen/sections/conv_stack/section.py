"""Two stacked layers: question 2 of the assignment."""

from reportgen.outline.papers import HE_2015
from reportgen.outline.section import (
    DECODED,
    DRAWN,
    FLOAT32,
    Exhibit,
    Origin,
    Reads,
    Rule,
    Section,
    Tolerance,
)

SECTION = Section(
    name="conv_stack",
    title="Two convolution layers",
    package="reportgen.sections.conv_stack",
    result="ConvStack",
    meaning="Two stacked convolution layers.",
    phrase="two stacked convolution layers",
    reads=Reads(
        images="examples",
        settings=("seed", "show.colour", "show.filters", "show.shared_scale", "conv_stack"),
    ),
    figures=(Exhibit("filters_1"), Exhibit("maps_1_<i>"), Exhibit("filters_2"), Exhibit("maps_2_<i>")),
    figure_images=True,
    origins=(
        Origin("", ".analysis.stack_layers", "examples"),
        Origin("/shown", "reportgen.settings.load_settings", "settings"),
        Origin("/shared_scale", "reportgen.settings.load_settings", "settings"),
        Origin("/layers/*/expected_shape", "reportgen.analysis.architecture.output_size", "results"),
        Origin("/layers/*/init_check", "reportgen.analysis.initialisation.check_initialisation", "settings"),
    ),
    tolerances=(
        # Before the rule for all other arrays: the first that fits counts, and no image decides a kernel.
        Rule("/arrays/kernel_*", Tolerance(1e-6), DRAWN, True),
        Rule("/arrays/*", Tolerance(1e-4, 1.01 / 255), f"{FLOAT32}; {DECODED}", True),
        Rule("/layers/*/weight_limit", Tolerance(1e-6), DRAWN),
        # Twice a level of the image: weights of a filter add up to more than one.
        Rule("/layers/*/maxima/*/*", Tolerance(1e-4, 2.02 / 255), f"{FLOAT32}; {DECODED}"),
    ),
    derived=("/matches",),
    recorded_settings=(("show.filters", "/shown"), ("show.shared_scale", "/shared_scale")),
    references=(HE_2015,),
)
