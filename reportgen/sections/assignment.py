"""The assignment: three classes, five questions."""

from reportgen.outline.kind import ReportKind, own_sections

REPORT = ReportKind(
    name="assignment",
    version="1.0",
    # In the order of the questions. What one of them leaves open is asked right behind it, and a section can
    # only read those before it.
    sections=own_sections(
        "convolution",
        "conv_stack",
        "transfer",
        "neurons",
        "occlusion",
        "channels",
        "guided_backprop",
        "methods",
        "randomisation",
        "shortcuts",
        "errors",
    ),
)
