"""What the section claims of its numbers."""

from __future__ import annotations

from collections.abc import Iterator

from reportgen.outline.section import Claim
from reportgen.sections.grad_cam.result import GradCam


def decide(numbers: GradCam) -> Iterator[Claim]:
    """Decide each claim; of what is not known nothing is claimed."""
    if numbers.correlation is not None:
        differ = numbers.correlation < numbers.alike_from
        yield Claim(
            "cams_differ",
            "The maps of different classes show different places of an image.",
            differ,
            finding=True,
            # That they differ is what the method is for.
            weight=0.0 if differ else numbers.correlation,
        )
    # It need not be so: a score is more than the positive part that Grad-CAM keeps of it.
    yield Claim(
        "cams_predicted",
        "In every image the predicted class has the highest map.",
        all(
            image.maps[image.predicted].highest == max(own.highest for own in image.maps.values())
            for image in numbers.classes.values()
        ),
        finding=True,
    )
