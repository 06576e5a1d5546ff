"""The most excited neurons: question 4 of the assignment."""

from reportgen.outline.papers import ARAUJO_2019, LUO_2016, SIMONYAN_2015
from reportgen.outline.section import (
    DECODED,
    EDGE,
    FLOAT32,
    GATES,
    Exhibit,
    Origin,
    Reads,
    Rule,
    Section,
    Tolerance,
)

_FIELD = "reportgen.analysis.neurons"
_GEOMETRY = "reportgen.analysis.receptive_fields.describe_field"

SECTION = Section(
    name="neurons",
    title="Maximally activating patches",
    package="reportgen.sections.neurons",
    result="Neurons",
    meaning="The most excited neurons, and what they see.",
    topic="most excited neurons",
    reads=Reads(
        images="examples",
        annotations=True,
        weights=True,
        # The seed draws the random positions that patches are compared with.
        settings=("show.neurons", "seed"),
        stages=("activations",),
    ),
    figures=(
        Exhibit("neuron_input_<i>"),
        Exhibit("patches_<i>"),
        Exhibit("layer_patches_<k>_<i>", "cell", if_any=True),
    ),
    tables=(Exhibit("distinct", "appendix"), Exhibit("patch_looks", "appendix")),
    origins=(
        Origin("", ".compute.find_excited_neurons", "examples", weights=True),
        Origin("/geometry", _GEOMETRY, "weights"),
        Origin("/network_geometry", _GEOMETRY, "weights", weights=True),
        Origin("/looks", ".patches.describe_patches", "examples", weights=True),
        Origin("/looks/*/chance", ".chance.Scene.describe", "examples", weights=True),
        Origin("/flatness", ".chance.judge_flatness", "examples", weights=True),
        *(
            Origin(f"/looks/*/{name}", ".patches.describe_patches", "annotated", weights=True)
            for name in ("on_animal", "animal_area")
        ),
        *(
            Origin(f"/{name}", f".result.Neurons.{name}", "examples", weights=True)
            for name in ("patches", "flatter", "pairs", "overlapping")
        ),
        Origin("/head_overlap", f"{_FIELD}.overlaps", "annotated", weights=True),
        *(
            origin
            for table in ("/top", "/top_distinct", "/more/*/top")
            for origin in (
                Origin(table, "reportgen.analysis.neurons.rank_neurons", "examples", weights=True),
                Origin(f"{table}/*/*/receptive_field", f"{_FIELD}.receptive_field", "results"),
                Origin(f"{table}/*/*/field", f"{_FIELD}.receptive_field", "results"),
                Origin(f"{table}/*/*/patch", f"{_FIELD}.effective_field", "examples", weights=True),
                Origin(f"{table}/*/*/support", f"{_FIELD}.find_support", "examples", weights=True),
            )
        ),
    ),
    tolerances=(
        Rule("/arrays/image_*", Tolerance(0, 1), DECODED),
        Rule("/arrays/*", Tolerance(1e-4), FLOAT32, True),
        # Further layers by the rules of the first one, which follow.
        Rule("/more/*/top/*/*/value", Tolerance(1e-4), FLOAT32, True),
        Rule("/more/*/top/*/*/patch/energy_share", Tolerance(0, 0.02), EDGE),
        Rule("/more/*/top/*/*/patch/*", Tolerance(0, 2), EDGE),
        Rule("/more/*/top/*/*/support/*", Tolerance(0, 2), EDGE),
        Rule("/more/*/positive_share", Tolerance(0, 1e-3), GATES),
        Rule("/top*/*/*/value", Tolerance(1e-4), FLOAT32, True),
        # Before the rule for the edges below, which are pixels: the first that fits counts.
        Rule("/top*/*/*/patch/energy_share", Tolerance(0, 0.02), EDGE),
        Rule("/top*/*/*/patch/*", Tolerance(0, 2), EDGE),
        Rule("/top*/*/*/support/*", Tolerance(0, 2), EDGE),
        Rule("/looks/*/contrast", Tolerance(0, 0.02), EDGE),
        Rule("/looks/*/image_contrast", Tolerance(0, 1 / 255), DECODED),
        Rule("/looks/*/image_black", Tolerance(0, 0.01), DECODED),
        Rule("/looks/*/black", Tolerance(0, 0.02), EDGE),
        Rule("/looks/*/on_animal", Tolerance(0, 0.03), EDGE),
        *(
            Rule(f"/looks/*/{name}", Tolerance(0, 1), EDGE)
            for name in ("flatter", "at_edge", "overlapping", "places")
        ),
        Rule("/looks/*/chance/contrast", Tolerance(0, 0.02), EDGE),
        Rule("/looks/*/chance/black", Tolerance(0, 0.02), EDGE),
        Rule("/looks/*/chance/*", Tolerance(0, 0.5), EDGE),
        *(Rule(f"/flatness/{name}", Tolerance(0, 0.03), EDGE) for name in ("share", "expected")),
        # A patch that is a pixel longer may overlap another one by more than half, and then moves with it.
        Rule("/flatness/p_value", Tolerance(0, 0.1), EDGE),
        Rule("/flatness/flatter", Tolerance(0, 1), EDGE),
        Rule("/positive_share", Tolerance(0, 1e-3), GATES),
        Rule("/head_overlap/*/overlapping", Tolerance(0, 1), EDGE),
    ),
    # Lists in which neurons of nearly equal output may change places.
    compared=("/top", "/top_distinct"),
    derived=("/patches", "/flatter", "/pairs", "/overlapping"),
    references=(ARAUJO_2019, LUO_2016, SIMONYAN_2015),
)
