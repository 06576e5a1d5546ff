"""What the section finds."""

from typing import Annotated

from reportgen.results.fields import Arrays, Label, Result, means


class GradCam(Result):
    """Grad-CAM of each class for its own example image. Arrays: ``maps`` (N, N, 14, 14), image by class,
    before the ReLU.
    """

    peak: Annotated[
        dict[Label, Annotated[tuple[int, int], means("Row and column of 14 × 14, counted from 0.")]],
        means("Where the map of the image's own class is largest."),
    ]
    arrays: Annotated[Arrays, means("maps. In arrays/grad_cam.npz.")]
