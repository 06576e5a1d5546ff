"""What the section finds."""

from typing import Annotated

from reportgen.results.fields import Arrays, Label, Result, Share, means


class Brightness(Result):
    """How bright the example images are. Arrays: ``rows_<i>`` (224,), the mean of each row of class i."""

    mean: Annotated[
        dict[Label, Annotated[Share, means("The mean of this class's example image.")]],
        means("The mean of all pixels and channels, for each class's example image; 1 is white."),
    ]
    brightest: Annotated[str, means("The class of the brightest image.")]
    arrays: Annotated[Arrays, means("rows_<i>, from 0 to 255. In arrays/brightness.npz.")]
