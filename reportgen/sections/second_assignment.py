"""The course's second sheet: networks of one's own beside VGG19, with any number of classes."""

from reportgen.outline.kind import ReportKind
from reportgen.sections.architectures.section import SECTION as ARCHITECTURES
from reportgen.sections.best_network.section import SECTION as BEST_NETWORK
from reportgen.sections.comparison.section import SECTION as COMPARISON
from reportgen.sections.errors.section import SECTION as ERRORS
from reportgen.sections.grad_cam.section import SECTION as GRAD_CAM
from reportgen.sections.guided_backprop.section import SECTION as GUIDED_BACKPROP
from reportgen.sections.neurons.section import SECTION as NEURONS
from reportgen.sections.randomisation.section import SECTION as RANDOMISATION
from reportgen.sections.transfer.section import SECTION as TRANSFER

REPORT = ReportKind(
    name="architectures",
    version="1.0",
    sections=(
        ARCHITECTURES,
        BEST_NETWORK,
        TRANSFER,
        COMPARISON,
        NEURONS,
        GUIDED_BACKPROP,
        GRAD_CAM,
        RANDOMISATION,
        ERRORS,
    ),
    defaults=(
        ("assignment", "Network Architectures, Transfer Learning and Explanations"),
        # The sheet asks for colour, as the networks see it.
        ("show.colour", True),
    ),
    # It asks for maps and patches of training images, and for VGG19's of the same ones.
    examples="train",
)
