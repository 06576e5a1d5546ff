"""The contrast of the example images."""

from reportgen.outline.section import DECODED, Exhibit, Origin, Reads, Rule, Section, Tolerance

SECTION = Section(
    name="contrast",
    title="Contrast",
    package="photometry.contrast",
    result="Contrast",
    meaning="The contrast of the example images.",
    reads=Reads(images="examples"),
    figures=(Exhibit("contrast_tiles"),),
    figure_images=True,
    origins=(Origin("/deviation", ".compute.measure_contrast", "examples"),),
    tolerances=(Rule("/deviation", Tolerance(0, 1 / 255), DECODED),),
    topic="contrast",
)
