"""Networks of one's own: the first part of the course's second sheet."""

from reportgen.outline.papers import HE_2015, MCNEMAR_1947, WILSON_1927
from reportgen.outline.section import (
    FLOAT32,
    Classification,
    Exhibit,
    Headline,
    Origin,
    Reads,
    Reference,
    Rule,
    Section,
    Tolerance,
)
from reportgen.sections.architectures.files import WEIGHTS_FILE

_RESULT = ".result.Architectures"

_DOUBLE = "sums of float64 products, in another order, over hundreds of steps"

SECTION = Section(
    name="architectures",
    title="Networks trained from random weights",
    package="reportgen.sections.architectures",
    result="Architectures",
    meaning="Networks of one's own, trained from random weights and compared.",
    topic="networks trained from random weights",
    # Without weights and without the report's seed: VGG19 takes no part in it, and training has a seed of its
    # own.
    reads=Reads(images="used", settings=("architectures", "training")),
    figures=(Exhibit("network_curves"), Exhibit("network_confusions"), Exhibit("network_test")),
    tables=(Exhibit("network_layers"), Exhibit("network_scores")),
    files=(WEIGHTS_FILE,),
    classification=Classification("/test/confusion", "Best network", "test", named=True),
    headline=Headline("Best network, test accuracy", "/test/correct", "/test/total", "accuracy_network"),
    origins=(
        Origin("", ".compute.describe_networks", "used"),
        Origin("/training", "reportgen.settings.load_settings", "settings"),
        Origin("/networks/*/name", "reportgen.settings.load_settings", "settings"),
        Origin("/networks/*/layers", "reportgen.analysis.architecture.trace_whole", "settings"),
        Origin(
            "/networks/*/layers/*/observed_shape", "reportgen.analysis.training.observe_shapes", "settings"
        ),
        Origin("/networks/*/history", "reportgen.analysis.training.train_network", "used"),
        Origin("/networks/*/best_epoch", "reportgen.analysis.training.train_network", "used"),
        Origin("/networks/*/train", ".compute.count_confusion", "used"),
        Origin("/networks/*/val", ".compute.count_confusion", "used"),
        Origin("/networks/*/beside_best", "reportgen.results.inference.mcnemar_p_value", "used"),
        Origin("/best", ".compute.choose_best", "used"),
        Origin("/best_name", ".compute.choose_best", "used"),
        Origin("/test", ".compute.count_confusion", "used"),
        Origin("/sizes_match", f"{_RESULT}.sizes_match", "used"),
    ),
    tolerances=(
        # Measured on one thread in place of eight, and with first weights changed in the last bit:
        # probabilities 6e-7, losses 1e-14, and every count the same. See analysis.training.LEARNING.
        Rule("/arrays/probabilities_*", Tolerance(0, 1e-4), FLOAT32),
        Rule("/networks/*/history/*loss", Tolerance(1e-6), _DOUBLE),
    ),
    derived=("/sizes_match",),
    recomputation=(
        "Its networks come from training here, on the images and by the settings that the report tells; "
        "weights that were handed in are not read."
    ),
    references=(
        HE_2015,
        WILSON_1927,
        Reference(
            "Kingma, D. P. and Ba, J.",
            2015,
            "Adam: a method for stochastic optimization",
            "International Conference on Learning Representations",
        ),
        MCNEMAR_1947,
    ),
    recorded_settings=tuple(
        (f"training.{name}", f"/training/{name}")
        for name in ("epochs", "learning_rate", "batch_size", "patience", "flip", "seed", "repeats")
    ),
)
