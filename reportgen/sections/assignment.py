"""The assignment: three classes, five questions."""

from reportgen.outline.kind import ReportKind
from reportgen.sections.channels.section import SECTION as CHANNELS
from reportgen.sections.conv_stack.section import SECTION as CONV_STACK
from reportgen.sections.convolution.section import SECTION as CONVOLUTION
from reportgen.sections.errors.section import SECTION as ERRORS
from reportgen.sections.guided_backprop.section import SECTION as GUIDED_BACKPROP
from reportgen.sections.methods.section import SECTION as METHODS
from reportgen.sections.neurons.section import SECTION as NEURONS
from reportgen.sections.occlusion.section import SECTION as OCCLUSION
from reportgen.sections.randomisation.section import SECTION as RANDOMISATION
from reportgen.sections.shortcuts.section import SECTION as SHORTCUTS
from reportgen.sections.transfer.section import SECTION as TRANSFER

REPORT = ReportKind(
    name="assignment",
    version="1.0",
    sections=(
        CONVOLUTION,
        CONV_STACK,
        TRANSFER,
        NEURONS,
        OCCLUSION,
        CHANNELS,
        GUIDED_BACKPROP,
        METHODS,
        RANDOMISATION,
        SHORTCUTS,
        ERRORS,
    ),
)
