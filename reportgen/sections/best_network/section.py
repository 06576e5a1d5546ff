"""Inside the best network of one's own: the end of the first part of the course's second sheet."""

from reportgen.outline.papers import ARAUJO_2019
from reportgen.outline.section import DECODED, FLOAT32, Exhibit, Origin, Reads, Rule, Section, Tolerance

SECTION = Section(
    name="best_network",
    title="Inside the best network",
    package="reportgen.sections.best_network",
    result="BestNetwork",
    meaning="Feature maps of the best network, and the patches that excite its last convolution layer most.",
    # All images: a class whose example is no training image is shown by its first one.
    reads=Reads(images="both", sections=("architectures",)),
    figures=(Exhibit("network_maps"), Exhibit("network_patches")),
    tables=(Exhibit("network_neurons"),),
    origins=(
        Origin("", ".compute.describe_network", "used"),
        Origin("/geometry", "reportgen.analysis.architecture.find_geometry", "settings"),
        Origin("/neurons/*/position", "reportgen.analysis.neurons.rank_neurons", "used"),
        Origin("/neurons/*/patch", "reportgen.analysis.neurons.receptive_field", "used"),
        Origin("/neurons/*/support", "reportgen.analysis.neurons.find_support", "used"),
        Origin("/channels_used", ".result.BestNetwork.channels_used", "used"),
    ),
    tolerances=(
        Rule("/arrays/image_*", Tolerance(0, 1), DECODED),
        Rule("/arrays/*", Tolerance(1e-4), FLOAT32, True),
        Rule("/layers/*/lowest/*", Tolerance(1e-4, 1e-6), FLOAT32),
        Rule("/layers/*/highest/*", Tolerance(1e-4, 1e-6), FLOAT32),
        Rule("/neurons/*/value", Tolerance(1e-4), FLOAT32),
    ),
    compared=("/neurons",),
    derived=("/channels_used",),
    references=(ARAUJO_2019,),
)
