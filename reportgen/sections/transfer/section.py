"""VGG19 with a new output layer: question 3 of the assignment."""

from reportgen.outline.papers import SIMONYAN_2015, WILSON_1927
from reportgen.outline.section import (
    DECODED,
    FLOAT32,
    MARGIN,
    TRAINED,
    Classification,
    Exhibit,
    Headline,
    Origin,
    Reads,
    Rule,
    Section,
    Tolerance,
)
from reportgen.sections.transfer.files import HEAD_FILE

SECTION = Section(
    name="transfer",
    title="VGG19 with a new output layer",
    package="reportgen.sections.transfer",
    result="Transfer",
    meaning="VGG19 with a new layer, the only one trained.",
    topic="transfer learning with VGG19",
    reads=Reads(images="used", weights=True, settings=("seed",), stages=("features",)),
    figures=(
        Exhibit("confusion"),
        Exhibit("history", "appendix"),
        Exhibit("misclassified", "appendix", if_any=True),
    ),
    tables=(Exhibit("scores", "appendix"),),
    files=(HEAD_FILE,),
    classification=Classification("/confusion", "Transfer", misclassified="/misclassified"),
    headline=Headline("Test accuracy", "/correct/test", "/total/test", "accuracy_test"),
    origins=(
        Origin("", ".analysis.retrain", "used", weights=True),
        Origin("/training", ".analysis.train_head", "used", weights=True),
        Origin("/correct", ".result.Transfer.correct", "used", weights=True),
        Origin("/total", ".result.Transfer.total", "used", weights=True),
        Origin("/accuracy", ".result.Transfer.accuracy", "used", weights=True),
        Origin("/accuracy_interval", "reportgen.results.inference.wilson_interval", "used", weights=True),
        Origin("/majority_share", ".result.Transfer.majority_share", "used", weights=True),
        Origin("/confusion", ".analysis.count_confusion", "used", weights=True),
        Origin("/per_class", ".analysis.score_classes", "used", weights=True),
    ),
    tolerances=(
        Rule("/arrays/features_*", Tolerance(1e-4), FLOAT32, True),
        # Half: the difference of two probabilities that are off by so much is off by the margin at most.
        Rule("/arrays/probabilities_*", Tolerance(0, MARGIN / 2), TRAINED),
        Rule("/arrays/misclassified", Tolerance(0, 1), DECODED),
        Rule("/arrays/thumbnails", Tolerance(0, 1), DECODED),
        Rule("/training/feature_scale", Tolerance(1e-4), FLOAT32),
        Rule("/history/*loss", Tolerance(2e-2, 1e-3), TRAINED),
        Rule("/history/*accuracy", Tolerance(0, 0.05), TRAINED),
        Rule("/misclassified/*/probabilities", Tolerance(0, MARGIN / 2), TRAINED),
    ),
    # An image whose two likeliest classes are nearly equal may be predicted as either.
    compared=("/confusion", "/misclassified"),
    derived=("/correct", "/total", "/accuracy", "/accuracy_interval", "/majority_share", "/per_class"),
    recomputation=(
        "Its new layer comes from training here, on the images; "
        "weights of it that were handed in are not read."
    ),
    references=(
        SIMONYAN_2015,
        WILSON_1927,
    ),
)
