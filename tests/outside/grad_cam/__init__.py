"""Where the evidence for each class lies, by Grad-CAM: a section in five files."""

from reportgen.outline.section import FLOAT32, Exhibit, Origin, Reads, Reference, Rule, Section, Tolerance

SECTION = Section(
    name="grad_cam",
    title="Grad-CAM",
    package="grad_cam",
    result="GradCam",
    meaning="Where the evidence for each class's own name lies in its example image.",
    reads=Reads(images="examples", weights=True, stages=("activations",), sections=("transfer",)),
    figures=(Exhibit("grad_cam"),),
    figure_images=True,
    origins=(Origin("", ".compute.map_evidence", "examples", weights=True),),
    tolerances=(Rule("/arrays/*", Tolerance(1e-3, 1e-3), FLOAT32),),
    references=(Reference("Selvaraju, R. R., et al.", 2017, "Grad-CAM: visual explanations", "ICCV"),),
)
