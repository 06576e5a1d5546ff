"""How bright the example images are."""

from reportgen.outline.section import DECODED, Exhibit, Origin, Reads, Reference, Rule, Section, Tolerance

SECTION = Section(
    name="brightness",
    title="Brightness in 8 bits",
    package="brightness",
    result="Brightness",
    meaning="How bright the example images are.",
    reads=Reads(images="examples"),
    figures=(Exhibit("brightness_rows"),),
    tables=(Exhibit("brightest"),),
    figure_images=True,
    origins=(Origin("/mean", ".compute.measure_brightness", "examples"),),
    tolerances=(
        Rule("/mean", Tolerance(0, 1 / 255), DECODED),
        Rule("/arrays/*", Tolerance(0, 1), DECODED),
    ),
    references=(Reference("Bouguer, P.", 1729, "Essai d'optique", "Claude Jombert"),),
)
