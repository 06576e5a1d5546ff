"""One filter: question 1 of the assignment."""

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
    name="convolution",
    title="Convolution with one filter",
    package="reportgen.sections.convolution",
    result="Convolution",
    meaning="One image of each class, convolved with one filter.",
    phrase="one convolution filter",
    topic="convolution",
    reads=Reads(images="examples", settings=("seed", "show.colour", "convolution")),
    figures=(Exhibit("images"), Exhibit("filter"), Exhibit("maps")),
    origins=(
        Origin("", ".analysis.convolve_examples", "examples"),
        Origin("/filter", "reportgen.analysis.initialisation.kaiming_normal", "settings"),
        Origin("/expected_shape", "reportgen.analysis.architecture.output_size", "results"),
        Origin("/init_check", "reportgen.analysis.initialisation.check_initialisation", "settings"),
    ),
    tolerances=(
        # A little more than a level: float32 may round the difference of two up. The first rule that fits
        # counts.
        Rule("/arrays/image_*", Tolerance(0, 1.01 / 255), DECODED),
        # No allowance for decoders: the seed alone decides the filter.
        Rule("/arrays/filter", Tolerance(1e-6), DRAWN, True),
        Rule("/arrays/*", Tolerance(1e-4, 1.01 / 255), f"{FLOAT32}; {DECODED}", True),
        Rule("/scale_limit", Tolerance(1e-4, 1.01 / 255), f"{FLOAT32}; {DECODED}"),
    ),
    derived=("/matches",),
    recorded_settings=(
        ("show.colour", "/colour"),
        ("convolution.filter_size", "/filter_size"),
        ("convolution.stride", "/stride"),
        ("convolution.padding", "/padding"),
    ),
    references=(HE_2015,),
)
