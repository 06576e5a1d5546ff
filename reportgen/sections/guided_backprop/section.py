"""Guided backpropagation: question 5 of the assignment."""

from reportgen.outline.papers import SIMONYAN_2015, SPRINGENBERG_2015
from reportgen.outline.section import FLOAT32, GATES, Exhibit, Origin, Reads, Rule, Section, Tolerance

_FIELD = "reportgen.analysis.neurons"

SECTION = Section(
    name="guided_backprop",
    title="Guided backpropagation",
    package="reportgen.sections.guided_backprop",
    result="GuidedBackprop",
    meaning="Guided backpropagation of chosen neurons.",
    topic="guided backpropagation",
    reads=Reads(
        # All images, since averages over the training images decide which neuron is unusual.
        images="both",
        annotations=True,
        weights=True,
        settings=("guided_backprop.neurons", "guided_backprop.shared_scale"),
        stages=("features", "activations"),
    ),
    figures=(Exhibit("guided_input_<i>"), Exhibit("gradient_<i>_<k>", "cell")),
    tables=(Exhibit("guided_<i>"), Exhibit("heads", "appendix", if_annotated=True)),
    figure_images=True,
    origins=(
        Origin("", ".compute.explain_neurons", "examples", weights=True),
        Origin("/rows/*/*/position", ".compute.choose_neuron", "used", weights=True),
        Origin("/rows/*/*/choice", "reportgen.settings.load_settings", "settings"),
        Origin("/rows/*/*/energy_share", f"{_FIELD}.energy_inside", "annotated", weights=True),
        Origin("/area_share", f"{_FIELD}.area_share", "annotated"),
        Origin("/signs/negative_share", ".result.Signs.negative_share", "examples", weights=True),
        Origin("/zero_neurons", ".result.GuidedBackprop.zero_neurons", "examples", weights=True),
        Origin("/zero_neurons_blank", ".result.GuidedBackprop.zero_neurons_blank", "examples", weights=True),
    ),
    tolerances=(
        Rule("/rows/*/*/value", Tolerance(1e-4), FLOAT32, True),
        Rule("/rows/*/*/gradient_max_abs", Tolerance(1e-3), GATES),
        Rule("/rows/*/*/scale_limit", Tolerance(1e-3), GATES),
        Rule("/rows/*/*/energy_share", Tolerance(0, 2e-3), GATES),
        # Before the rule for the counts below: the first that fits counts.
        Rule("/signs/negative_share", Tolerance(0, 2e-3), GATES),
        Rule("/signs/*", Tolerance(5e-3), GATES),
        Rule("/arrays/*", Tolerance(1e-3), GATES, True),
    ),
    # A row may be about another neuron of nearly equal output, and then about another gradient.
    compared=("/rows",),
    derived=("/zero_neurons", "/zero_neurons_blank"),
    references=(SIMONYAN_2015, SPRINGENBERG_2015),
)
