"""Networks of one's own: the first part of the course's second sheet."""

from reportgen.outline.papers import HE_2015, MCNEMAR_1947, WILSON_1927
from reportgen.outline.section import (
    TRAINED,
    Headline,
    Origin,
    Reads,
    Reference,
    Rule,
    Section,
    Shown,
    Tolerance,
)
from reportgen.sections.architectures.files import WEIGHTS_FILE

_RESULT = ".result.Architectures"

SECTION = Section(
    name="architectures",
    title="Networks trained from random weights",
    package="reportgen.sections.architectures",
    result="Architectures",
    meaning="Networks of one's own, trained from random weights and compared.",
    topic="networks trained from random weights",
    reads=Reads(images="used", settings=("architectures", "training")),
    figures=(Shown("network_curves"), Shown("network_confusions"), Shown("network_test")),
    tables=(Shown("network_layers"), Shown("network_scores")),
    files=(WEIGHTS_FILE,),
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
        Rule("/arrays/probabilities_*", Tolerance(0, 0.02), TRAINED),
        Rule("/networks/*/history/*loss", Tolerance(2e-2, 1e-2), TRAINED),
        Rule("/networks/*/history/*accuracy", Tolerance(0, 0.05), TRAINED),
        Rule("/networks/*/repeated*", Tolerance(0, 0.05), TRAINED),
    ),
    derived=("/sizes_match",),
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
    tells=tuple(
        (f"training.{name}", f"/training/{name}")
        for name in ("epochs", "learning_rate", "batch_size", "patience", "flip", "seed", "repeats")
    ),
)
