"""Whether the most excited neurons are those that decide: what question 4 leaves open."""

from reportgen.outline.kind import SIMONYAN_2014, SIMONYAN_2015
from reportgen.outline.section import (
    EDGE,
    FLOAT32,
    TRAINED,
    Origin,
    Reads,
    Rule,
    Section,
    Shown,
    Tolerance,
)

SECTION = Section(
    name="channels",
    title="Are the loudest channels those that decide?",
    package="reportgen.sections.channels",
    result="Channels",
    meaning="Loud channels beside decisive ones, and beside those that are loud for once.",
    topic="loud and decisive channels",
    reads=Reads(
        images="examples",
        annotations=True,
        weights=True,
        settings=("show.neurons",),
        stages=("activations",),
        sections=("transfer",),
    ),
    figures=(Shown("leading_<i>"),),
    figure_images=True,
    tables=(Shown("channels"),),
    origins=(
        Origin("", ".compute.compare_channels", "used", weights=True),
        Origin("/classes/*/*/*/contribution", ".compute.find_evidence", "used", weights=True),
        Origin(
            "/classes/*/*/*/patch", "reportgen.analysis.neurons.effective_field", "examples", weights=True
        ),
        Origin("/classes/*/on_animal", ".compute.compare_channels", "annotated", weights=True),
        Origin("/always_loud", ".result.Channels.always_loud", "examples", weights=True),
        Origin("/loud_and_decisive", ".result.Channels.loud_and_decisive", "used", weights=True),
        Origin("/loud_against", ".result.Channels.loud_against", "used", weights=True),
        Origin("/animal", ".result.Channels.animal", "annotated", weights=True),
        Origin("/listed", ".result.Channels.listed", "examples", weights=True),
    ),
    tolerances=(
        Rule("/arrays/contributions", Tolerance(2e-2), TRAINED, True),
        Rule("/arrays/usual", Tolerance(1e-4), FLOAT32, True),
        Rule("/floor", Tolerance(1e-4), FLOAT32),
        Rule("/classes/*/score", Tolerance(2e-2, 1e-2), TRAINED),
        Rule("/classes/*/bias", Tolerance(2e-2, 1e-2), TRAINED),
        Rule("/classes/*/*/*/value", Tolerance(1e-4), FLOAT32, True),
        Rule("/classes/*/*/*/ratio", Tolerance(1e-3), FLOAT32, True),
        Rule("/classes/*/*/*/contribution", Tolerance(2e-2), TRAINED, True),
        Rule("/classes/*/*/*/contribution_rank", Tolerance(0, 3), TRAINED),
        Rule("/classes/*/*/*/value_rank", Tolerance(0, 1), FLOAT32),
        Rule("/classes/*/*/*/patch/energy_share", Tolerance(0, 0.02), EDGE),
        Rule("/classes/*/*/*/patch/*", Tolerance(0, 2), EDGE),
        Rule("/classes/*/on_animal/*", Tolerance(0, 1), TRAINED),
    ),
    compared=("/classes",),
    derived=("/always_loud", "/loud_and_decisive", "/loud_against", "/animal", "/listed"),
    references=(
        SIMONYAN_2015,
        SIMONYAN_2014,
    ),
)
