"""Whether gradient pictures depend on what the network has learnt: what question 5 leaves open."""

from reportgen.outline.papers import HE_2015, SPRINGENBERG_2015
from reportgen.outline.section import (
    FLOAT32,
    GATES,
    Exhibit,
    Origin,
    Reads,
    Reference,
    Rule,
    Section,
    Tolerance,
)

SECTION = Section(
    name="randomisation",
    title="Do the gradient pictures depend on the network?",
    package="reportgen.sections.randomisation",
    result="Randomisation",
    meaning="Gradient pictures while the network is redrawn from the top, block by block.",
    topic="gradients of randomised networks",
    reads=Reads(
        images="examples",
        weights=True,
        # Not the report's seed: other networks can be drawn without drawing the filters again.
        settings=("randomisation.seed", "randomisation.images"),
        stages=("activations",),
    ),
    figures=(Exhibit("randomised_<i>", if_any=True), Exhibit("likeness")),
    tables=(Exhibit("likenesses"),),
    origins=(
        Origin("", ".compute.compare_pictures", "examples", weights=True),
        Origin("/seed", "reportgen.settings.load_settings", "settings"),
        Origin("/images", "reportgen.settings.load_settings", "settings"),
        Origin("/neurons/*/position", "reportgen.analysis.neurons.rank_neurons", "examples", weights=True),
        Origin("/neurons/*/field", "reportgen.analysis.neurons.receptive_field", "results"),
        Origin("/neurons/*/redrawn/*/likeness", ".likeness.compare_with_first", "examples", weights=True),
        Origin("/mean", ".result.Randomisation.mean", "examples", weights=True),
        Origin("/explained", ".result.Randomisation.explained", "examples", weights=True),
        Origin("/silent", ".result.Randomisation.silent", "examples", weights=True),
    ),
    tolerances=(
        Rule("/neurons/*/value", Tolerance(1e-4), FLOAT32, True),
        Rule("/neurons/*/*limit", Tolerance(5e-3), GATES),
        # Absolute as well: before its ReLU a value in a redrawn network may be near zero.
        Rule("/neurons/*/redrawn/*/value", Tolerance(1e-3, 1e-3), FLOAT32),
        Rule("/neurons/*/redrawn/*/*limit", Tolerance(5e-3), GATES),
        Rule("/neurons/*/redrawn/*/likeness", Tolerance(0, 5e-3), GATES),
        Rule("/arrays/*", Tolerance(5e-3), GATES, True),
    ),
    # The most excited neuron may be another of nearly equal output.
    compared=("/neurons",),
    derived=("/mean", "/explained", "/silent"),
    references=(
        Reference(
            "Adebayo, J., Gilmer, J., Muelly, M., Goodfellow, I., Hardt, M. and Kim, B.",
            2018,
            "Sanity checks for saliency maps",
            "Advances in Neural Information Processing Systems",
            "31",
        ),
        HE_2015,
        Reference(
            "Nie, W., Zhang, Y. and Patel, A.",
            2018,
            "A theoretical explanation for perplexing behaviors of backpropagation-based visualizations",
            "International Conference on Machine Learning",
        ),
        SPRINGENBERG_2015,
        Reference(
            "Wang, Z., Bovik, A. C., Sheikh, H. R. and Simoncelli, E. P.",
            2004,
            "Image quality assessment: from error visibility to structural similarity",
            "IEEE Transactions on Image Processing",
            "13",
        ),
    ),
    recorded_settings=(("randomisation.seed", "/seed"), ("randomisation.images", "/images")),
)
