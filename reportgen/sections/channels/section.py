"""Whether the most excited neurons are those that decide: what question 4 leaves open."""

from reportgen.outline.papers import SIMONYAN_2014, SIMONYAN_2015, ZEILER_2014
from reportgen.outline.section import (
    DECODED,
    EDGE,
    FLOAT32,
    GATES,
    TRAINED,
    Exhibit,
    Origin,
    Reads,
    Rule,
    Section,
    Tolerance,
)

_RANKS = "of two images that excite a channel nearly alike, either may be among its first"

SECTION = Section(
    name="channels",
    title="Are the loudest channels those that decide?",
    package="reportgen.sections.channels",
    result="Channels",
    meaning="Loud channels beside decisive ones, and beside those that are loud for once.",
    topic="loud and decisive channels",
    reads=Reads(
        images="both",
        annotations=True,
        weights=True,
        # The seed draws the permutations that loud channels and preferred classes are compared with.
        settings=("show.neurons", "seed"),
        stages=("features", "activations"),
        # The trained layer, and patches that are known already: each would cost a backward pass.
        sections=("transfer", "neurons"),
    ),
    figures=(Exhibit("leading_<i>"), Exhibit("exciting")),
    figure_images=True,
    origins=(
        Origin("", ".compute.compare_channels", "used", weights=True),
        Origin("/classes/*/*/*/contribution", ".compute.find_evidence", "used", weights=True),
        Origin(
            "/classes/*/*/*/patch", "reportgen.analysis.neurons.effective_field", "examples", weights=True
        ),
        Origin("/classes/*/on_animal", ".compute.compare_channels", "annotated", weights=True),
        Origin("/always_loud", ".result.Channels.always_loud", "examples", weights=True),
        Origin("/loud_and_decisive", ".result.Channels.loud_and_decisive", "used", weights=True),
        Origin("/strength", ".strength.compare_strength", "used", weights=True),
        Origin("/strong", ".result.Channels.strong", "used", weights=True),
        Origin("/strong_for", ".result.Channels.strong_for", "used", weights=True),
        Origin("/strong_against", ".result.Channels.strong_against", "used", weights=True),
        Origin("/loud_against", ".result.Channels.loud_against", "used", weights=True),
        Origin("/animal", ".result.Channels.animal", "annotated", weights=True),
        Origin("/listed", ".result.Channels.listed", "examples", weights=True),
        Origin("/over_data", ".over_data.describe_data", "used", weights=True),
        Origin("/over_data/classes", ".over_data.describe_data", "used"),
        Origin("/over_data/images", ".result.OverData.images", "used"),
        Origin("/over_data/preferring", ".result.OverData.preferring", "used", weights=True),
    ),
    tolerances=(
        Rule("/arrays/contributions", Tolerance(2e-2), TRAINED, True),
        Rule("/arrays/usual", Tolerance(1e-4), FLOAT32, True),
        Rule("/arrays/largest", Tolerance(1e-4), FLOAT32, True),
        Rule("/arrays/patches", Tolerance(0, 1), DECODED),
        Rule("/over_data/silent_share", Tolerance(0, 1e-3), GATES),
        Rule("/over_data/silent_channels", Tolerance(0, 1), GATES),
        Rule("/over_data/tested", Tolerance(0, 2), GATES),
        Rule("/over_data/selective", Tolerance(0, 4), _RANKS),
        Rule("/over_data/expected", Tolerance(0, 1), _RANKS),
        Rule("/over_data/p_value", Tolerance(0, 0.02), _RANKS),
        Rule("/over_data/channels/*/active", Tolerance(0, 1), GATES),
        Rule("/over_data/channels/*/images/*/value", Tolerance(1e-4), FLOAT32, True),
        Rule("/floor", Tolerance(1e-4), FLOAT32),
        Rule("/classes/*/score", Tolerance(2e-2, 1e-2), TRAINED),
        Rule("/classes/*/bias", Tolerance(2e-2, 1e-2), TRAINED),
        Rule("/classes/*/*/*/value", Tolerance(1e-4), FLOAT32, True),
        Rule("/classes/*/*/*/ratio", Tolerance(1e-3), FLOAT32, True),
        Rule("/classes/*/*/*/contribution", Tolerance(2e-2), TRAINED, True),
        Rule("/classes/*/*/*/contribution_rank", Tolerance(0, 3), TRAINED),
        Rule("/classes/*/*/*/strength_rank", Tolerance(0, 3), TRAINED),
        Rule("/strength/p_value", Tolerance(0, 0.02), TRAINED),
        Rule("/classes/*/*/*/value_rank", Tolerance(0, 1), FLOAT32),
        # Before the rule for the edges below, which are pixels: the first that fits counts.
        Rule("/classes/*/*/*/patch/energy_share", Tolerance(0, 0.02), EDGE),
        Rule("/classes/*/*/*/patch/*", Tolerance(0, 2), EDGE),
        Rule("/classes/*/on_animal/*", Tolerance(0, 1), TRAINED),
    ),
    # Lists in which channels and images may change places, and what follows from their order.
    compared=("/classes", "/strength/p_value", "/over_data/channels"),
    derived=(
        *("/always_loud", "/loud_and_decisive", "/loud_against", "/animal", "/listed"),
        *("/strong", "/strong_for", "/strong_against", "/over_data/images", "/over_data/preferring"),
    ),
    references=(
        SIMONYAN_2015,
        SIMONYAN_2014,
        ZEILER_2014,
    ),
)
