"""One's own best network beside VGG19: the second part of the course's second sheet."""

from reportgen.outline.papers import WILSON_1927
from reportgen.outline.section import Exhibit, Origin, Reads, Rule, Section, Tolerance

_COUNTS = ("neither", "own_correct", "vgg19_correct", "own_accuracy", "vgg19_accuracy")
_DERIVED = (*_COUNTS, "own_interval", "vgg19_interval", "p_value", "majority_share", "guessing_share")
_TRAINED = "a network that was trained on another machine may judge an image or two otherwise"

SECTION = Section(
    name="comparison",
    title="The best network beside VGG19",
    package="reportgen.sections.comparison",
    result="Comparison",
    meaning="The best network of one's own beside VGG19, on the same test images.",
    reads=Reads(images="used", sections=("architectures", "transfer")),
    tables=(Exhibit("right_and_wrong"),),
    origins=(
        Origin("", ".compute.compare_networks", "used", weights=True),
        *(Origin(f"/{name}", f".result.Comparison.{name}", "used", weights=True) for name in _COUNTS),
        Origin("/own_interval", "reportgen.results.inference.wilson_interval", "used", weights=True),
        Origin("/vgg19_interval", "reportgen.results.inference.wilson_interval", "used", weights=True),
        Origin("/p_value", "reportgen.results.inference.mcnemar_p_value", "used", weights=True),
        Origin("/majority_share", ".result.Comparison.majority_share", "folder"),
        Origin("/guessing_share", ".result.Comparison.guessing_share", "folder"),
    ),
    tolerances=(
        *(Rule(f"/{name}", Tolerance(0, 2), _TRAINED) for name in ("both", "only_own", "only_vgg19")),
    ),
    derived=tuple(f"/{name}" for name in _DERIVED),
    references=(WILSON_1927,),
)
