"""Grad-CAM of each class for each example image: the end of the second part of the course's second sheet."""

from reportgen.outline.papers import SELVARAJU_2017
from reportgen.outline.section import TRAINED, Exhibit, Origin, Reads, Rule, Section, Tolerance

SECTION = Section(
    name="grad_cam",
    title="What speaks for each class",
    package="reportgen.sections.grad_cam",
    result="GradCam",
    meaning="Grad-CAM of each class for each of the example images.",
    topic="Grad-CAM",
    reads=Reads(images="examples", weights=True, sections=("transfer",)),
    figures=(Exhibit("grad_cam_<i>"),),
    figure_images=True,
    origins=(
        Origin("", ".compute.describe_maps", "used", weights=True),
        Origin(
            "/classes/*/maps",
            "reportgen.analysis.attribution.ScoredNetwork.weigh_every_class",
            "used",
            weights=True,
        ),
        Origin("/correlation", ".compute.correlate_maps", "used", weights=True),
        Origin("/classes/*/correlation", ".compute.correlate_maps", "used", weights=True),
    ),
    tolerances=(
        Rule("/arrays/*", Tolerance(2e-2), TRAINED, True),
        Rule("/classes/*/maps/*/score", Tolerance(2e-2, 1e-2), TRAINED),
        Rule("/classes/*/maps/*/probability", Tolerance(0, 1e-2), TRAINED),
        Rule("/classes/*/maps/*/highest", Tolerance(2e-2, 1e-3), TRAINED),
        Rule("/classes/*/limit", Tolerance(2e-2, 1e-3), TRAINED),
        Rule("/classes/*/correlation", Tolerance(0, 2e-2), TRAINED),
        Rule("/correlation", Tolerance(0, 2e-2), TRAINED),
    ),
    # The predicted class and the peaks may be others that are nearly as good.
    compared=("/classes",),
    references=(SELVARAJU_2017,),
)
