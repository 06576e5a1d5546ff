"""Which images are confused, and why: what a confusion matrix leaves open."""

from reportgen.outline.section import (
    DECODED,
    FLOAT32,
    MARGIN,
    TRAINED,
    Exhibit,
    Origin,
    Reads,
    Reference,
    Rule,
    Section,
    Tolerance,
)

SECTION = Section(
    name="errors",
    title="Which images are confused?",
    package="reportgen.sections.errors",
    result="Errors",
    meaning="The errors on the test images, what they resemble, and images that are nearly the same.",
    topic="confused images",
    reads=Reads(images="used", weights=True, stages=("features",), sections=("transfer",)),
    figures=(Exhibit("nearest", if_any=True), Exhibit("map"), Exhibit("twins", "appendix", if_any=True)),
    tables=(
        Exhibit("further_errors", "appendix", if_any=True),
        Exhibit("sureness", "appendix"),
        Exhibit("twins", "appendix", if_any=True),
    ),
    origins=(
        Origin("", ".compute.find_errors", "used", weights=True),
        Origin("/images", ".compute.find_errors", "used"),
        Origin("/total", ".result.Errors.total", "used"),
        Origin("/confusions", ".result.Errors.confusions", "used", weights=True),
        Origin("/faultless", ".result.Errors.faultless", "used", weights=True),
        Origin("/near_taken", ".result.Errors.near_taken", "used", weights=True),
        Origin("/near_own", ".result.Errors.near_own", "used", weights=True),
        Origin("/pairs", ".likeness.find_twins", "used"),
        Origin("/leaked", ".likeness.find_twins", "used"),
        Origin("/twins", ".likeness.find_twins", "used"),
        Origin("/variance_share", ".likeness.find_plane", "used", weights=True),
    ),
    tolerances=(
        # Half: the difference of two probabilities that are off by so much is off by the margin at most.
        Rule("/arrays/probabilities", Tolerance(0, MARGIN / 2), TRAINED),
        Rule("/arrays/map", Tolerance(1e-3), FLOAT32, True),
        Rule("/arrays/shown", Tolerance(0, 1), DECODED),
        Rule("/arrays/twins", Tolerance(0, 1), DECODED),
        Rule("/variance_share", Tolerance(1e-4), FLOAT32),
        Rule("/agreeing", Tolerance(0, 1), FLOAT32),
        Rule("/twins/*/distance", Tolerance(0, 2), DECODED),
    ),
    # An image whose two likeliest classes are nearly equal may be a mistake or none.
    compared=("/mistakes", "/surest", "/least_sure"),
    derived=("/total", "/confusions", "/faultless", "/near_taken", "/near_own"),
    references=(
        Reference(
            "Zauner, C.",
            2010,
            "Implementation and benchmarking of perceptual image hash functions",
            "Thesis, Upper Austria University of Applied Sciences, Hagenberg",
        ),
    ),
)
