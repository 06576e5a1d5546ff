"""The course's second sheet: networks of one's own beside VGG19, with any number of classes."""

from reportgen.outline.kind import ReportKind, own_sections

REPORT = ReportKind(
    name="architectures",
    version="1.0",
    sections=own_sections(
        "architectures",
        "best_network",
        "transfer",
        "comparison",
        "neurons",
        "guided_backprop",
        "grad_cam",
        "randomisation",
        "errors",
    ),
    defaults=(
        ("assignment", "Network Architectures, Transfer Learning and Explanations"),
        # The sheet asks for colour, as the networks see it.
        ("show.colour", True),
    ),
    # It asks for maps and patches of training images, and for VGG19's of the same ones.
    examples="train",
)
