"""Whether the patches of the most excited neurons hold what these respond to: what question 4 leaves open."""

from reportgen.outline.papers import ZEILER_2014
from reportgen.outline.section import (
    EDGE,
    FLOAT32,
    Exhibit,
    Origin,
    Reads,
    Reference,
    Rule,
    Section,
    Tolerance,
)

_TIES = "a box whose removal harms as much as the patch's, up to rounding, may count or not"

_COUNTS = (
    *("measured", "harming", "holding", "both", "verdicts", "patch_places", "patch_p_value", "patch_harm"),
    *("found", "found_in_blur", "found_places", "found_p_value", "found_worth"),
)

SECTION = Section(
    name="occlusion",
    title="Do the patches hold what the neurons respond to?",
    package="reportgen.sections.occlusion",
    result="Occlusion",
    meaning="What is left of the most excited neurons' outputs when boxes of the image are removed or kept.",
    topic="occlusion of patches",
    reads=Reads(
        images="examples",
        weights=True,
        settings=("seed", "occlusion.random_boxes", "occlusion.step"),
        stages=("activations",),
        sections=("neurons",),
    ),
    figures=(Exhibit("occlusion_<i>"),),
    tables=(Exhibit("occlusion_mean"), Exhibit("occlusion_all", "appendix")),
    figure_images=True,
    origins=(
        Origin("", ".compute.occlude_neurons", "examples", weights=True),
        Origin("/random_boxes", "reportgen.settings.load_settings", "settings"),
        Origin("/step", "reportgen.settings.load_settings", "settings"),
        Origin("/neurons/*/*/shares", ".result.OccludedNeuron.shares", "examples", weights=True),
        *(
            Origin(f"/{name}", f".result.Occlusion.{name}", "examples", weights=True)
            for name in ("mean", *_COUNTS)
        ),
    ),
    tolerances=(
        Rule("/neurons/*/*/harming", Tolerance(0, 1), _TIES),
        Rule("/neurons/*/*/harming_more", Tolerance(0, 1), _TIES),
        Rule("/neurons/*/*/patch/box/*", Tolerance(0, 2), EDGE),
        Rule("/neurons/*/*/shares", Tolerance(0, 1e-3), FLOAT32),
        # Last of its kind, since it fits all of those before it, too.
        Rule("/neurons/*/*/*", Tolerance(1e-3, 1e-3), FLOAT32),
        Rule("/arrays/*", Tolerance(1e-3), FLOAT32, True),
    ),
    # Of boxes of nearly equal worth any may be the best one.
    compared=("/neurons",),
    derived=("/mean", *(f"/{name}" for name in _COUNTS)),
    references=(
        Reference(
            "Fong, R. C. and Vedaldi, A.",
            2017,
            "Interpretable explanations of black boxes by meaningful perturbation",
            "International Conference on Computer Vision",
        ),
        ZEILER_2014,
    ),
    recorded_settings=(("occlusion.random_boxes", "/random_boxes"), ("occlusion.step", "/step")),
)
