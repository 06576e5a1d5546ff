"""Whether other methods look at the same parts of an image: what question 5 leaves open."""

from reportgen.outline.papers import SELVARAJU_2017, SIMONYAN_2014, SPRINGENBERG_2015, ZEILER_2014
from reportgen.outline.section import TRAINED, Exhibit, Origin, Reads, Reference, Rule, Section, Tolerance

_SETTINGS = ("shown", "of", "steps", "samples", "located_over")

SECTION = Section(
    name="methods",
    title="Do other methods agree?",
    package="reportgen.sections.methods",
    result="Methods",
    meaning="Where the decision on each example image comes from, by several methods.",
    topic="other methods of explanation",
    reads=Reads(
        # All images, as the settings may ask for maps of every test image.
        images="both",
        annotations=True,
        weights=True,
        # Of the layers the first: its maps are those that Grad-CAM weighs.
        settings=("seed", "layers", *(f"methods.{name}" for name in _SETTINGS)),
        sections=("transfer",),
    ),
    figures=(Exhibit("methods_<i>"),),
    tables=(Exhibit("methods"), Exhibit("located", if_annotated=True)),
    figure_images=True,
    origins=(
        Origin("", ".compute.describe_methods", "used", weights=True),
        *(
            Origin(f"/{name}", "reportgen.settings.load_settings", "settings")
            for name in (*_SETTINGS, "seed")
        ),
        Origin("/agreement", ".compute.measure_agreement", "used", weights=True),
        Origin("/methods", ".result.Methods.methods", "used", weights=True),
        Origin("/located", ".localisation.localise", "annotated", weights=True),
        *(
            Origin(f"/located/{name}", f".result.Located.{name}", "annotated", weights=True)
            for name in ("better", "shown_better", "better_than_centre")
        ),
        Origin("/located/outlined/shown_better", ".result.Outlined.shown_better", "annotated", weights=True),
        *(
            Origin(f"/{name}", f".result.Methods.{name}", "annotated")
            for name in ("annotated", "chance", "centres")
        ),
        *(
            Origin(f"/{name}", f".result.Methods.{name}", "used", weights=True)
            for name in ("tested", "class_tested", "class_blind")
        ),
    ),
    tolerances=(
        Rule("/arrays/*", Tolerance(2e-2), TRAINED, True),
        Rule("/located/methods/*/*", Tolerance(0, 2e-2), TRAINED),
        Rule("/located/outlined/methods/*/*", Tolerance(0, 2e-2), TRAINED),
        Rule("/agreement", Tolerance(0, 1e-2), TRAINED),
        Rule("/classes/*/score", Tolerance(2e-2, 1e-2), TRAINED),
        Rule("/classes/*/baseline", Tolerance(2e-2, 1e-2), TRAINED),
        Rule("/classes/*/maps/*/limit", Tolerance(2e-2), TRAINED),
        Rule("/classes/*/maps/*/incompleteness", Tolerance(2e-2, 1e-2), TRAINED),
        Rule("/classes/*/maps/*/on_animal", Tolerance(0, 1e-2), TRAINED),
        Rule("/classes/*/maps/*/other_class", Tolerance(0, 5e-2), TRAINED),
    ),
    # The peak of a map may be another pixel that is nearly as large.
    compared=("/classes",),
    derived=(
        *("/methods", "/annotated", "/chance", "/centres", "/tested", "/class_tested", "/class_blind"),
        *("/located/better", "/located/shown_better", "/located/better_than_centre"),
        "/located/outlined/shown_better",
    ),
    references=(
        SELVARAJU_2017,
        Reference(
            "Shrikumar, A., Greenside, P. and Kundaje, A.",
            2017,
            "Learning important features through propagating activation differences",
            "International Conference on Machine Learning",
        ),
        Reference(
            "Smilkov, D., Thorat, N., Kim, B., Viégas, F. and Wattenberg, M.",
            2017,
            "SmoothGrad: removing noise by adding noise",
            "Workshop on Visualization for Deep Learning, International Conference on Machine Learning",
        ),
        Reference(
            "Sundararajan, M., Taly, A. and Yan, Q.",
            2017,
            "Axiomatic attribution for deep networks",
            "International Conference on Machine Learning",
        ),
        Reference(
            "Zhang, J., Bargal, S. A., Lin, Z., Brandt, J., Shen, X. and Sclaroff, S.",
            2018,
            "Top-down neural attention by excitation backprop",
            "International Journal of Computer Vision",
            "126",
        ),
        SIMONYAN_2014,
        SPRINGENBERG_2015,
        ZEILER_2014,
    ),
    recorded_settings=tuple((f"methods.{name}", f"/{name}") for name in _SETTINGS),
)
