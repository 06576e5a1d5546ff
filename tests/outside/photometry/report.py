"""What the assignment asks for, and what its title page says."""

from photometry.contrast.section import SECTION as CONTRAST
from reportgen.outline.kind import ReportKind
from reportgen.sections.convolution.section import SECTION as CONVOLUTION

REPORT = ReportKind(
    name="photometry",
    version="2.3",
    sections=(CONTRAST, CONVOLUTION),
    defaults=(("assignment", "Photometry of photographs"), ("course", "Optics I")),
)
