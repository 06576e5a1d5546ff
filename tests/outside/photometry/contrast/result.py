"""What the section finds."""

from typing import Annotated

from reportgen.results.fields import Arrays, Label, Result, Share, means


class Contrast(Result):
    """The contrast of the example images; there are no arrays."""

    deviation: Annotated[
        dict[Label, Annotated[Share, means("The deviation of this class's example image.")]],
        means("The standard deviation of all pixels and channels; 1 is from black to white."),
    ]
    arrays: Annotated[Arrays, means("None.")]
