"""What the section finds."""

from typing import Annotated

from reportgen.results.fields import Arrays, Count, Result, means


class Plain(Result):
    """A number."""

    classes: Annotated[Count, means("How many classes there are.")]
    arrays: Annotated[Arrays, means("None.")]
