"""Two networks on the same test images, and whether their difference is more than chance."""

from __future__ import annotations

from typing import Annotated

from pydantic import computed_field

from reportgen.results.fields import Arrays, Count, Positive, Result, Share, means
from reportgen.results.inference import mcnemar_p_value, wilson_interval

Interval = tuple[Annotated[Share, means("Its lower end.")], Annotated[Share, means("Its upper end.")]]


class Comparison(Result):
    """How many test images both, one or none of the two networks recognise. Array: ``right`` (N, 2) for the
    test images in the order of ``/dataset/images``, one's own network first.
    """

    own: Annotated[str, means("The name of the best network trained from random weights.")]
    total: Annotated[Positive, means("Test images.", "images")]
    both: Annotated[Count, means("Images that both recognise.", "images")]
    only_own: Annotated[Count, means("Images that the network of one's own recognises alone.", "images")]
    only_vgg19: Annotated[Count, means("Images that VGG19 recognises alone.", "images")]
    largest: Annotated[Positive, means("Images of the largest class.", "images")]
    classes: Annotated[Positive, means("How many classes there are.")]
    own_parameters: Annotated[Positive, means("Parameters of the network of one's own, all trained.")]
    vgg19_parameters: Annotated[Positive, means("Parameters of VGG19 with its new layer, most not trained.")]
    arrays: Annotated[Arrays, means("right (images, 2). In arrays/comparison.npz.")]

    @computed_field(json_schema_extra={"unit": "images"})  # type: ignore[prop-decorator]
    @property
    def neither(self) -> Count:
        """Images that neither network recognises."""
        return self.total - self.both - self.only_own - self.only_vgg19

    @computed_field(json_schema_extra={"unit": "images"})  # type: ignore[prop-decorator]
    @property
    def own_correct(self) -> Count:
        """Images that the network of one's own recognises."""
        return self.both + self.only_own

    @computed_field(json_schema_extra={"unit": "images"})  # type: ignore[prop-decorator]
    @property
    def vgg19_correct(self) -> Count:
        """Images that VGG19 recognises."""
        return self.both + self.only_vgg19

    @computed_field  # type: ignore[prop-decorator]
    @property
    def own_accuracy(self) -> Share:
        """The accuracy of the network of one's own on the test images."""
        return self.own_correct / self.total

    @computed_field  # type: ignore[prop-decorator]
    @property
    def vgg19_accuracy(self) -> Share:
        """The accuracy of VGG19 on the test images."""
        return self.vgg19_correct / self.total

    @computed_field  # type: ignore[prop-decorator]
    @property
    def own_interval(self) -> Interval:
        """Wilson's interval of the first accuracy at 95 %."""
        return wilson_interval(self.own_correct, self.total)

    @computed_field  # type: ignore[prop-decorator]
    @property
    def vgg19_interval(self) -> Interval:
        """Wilson's interval of the second accuracy at 95 %."""
        return wilson_interval(self.vgg19_correct, self.total)

    @computed_field  # type: ignore[prop-decorator]
    @property
    def p_value(self) -> Share:
        """McNemar's exact two-sided p-value that both recognise as many images of this kind."""
        # Images that both recognise, or neither, do not tell which of the two is better.
        return mcnemar_p_value(self.only_own, self.only_vgg19)

    @computed_field  # type: ignore[prop-decorator]
    @property
    def majority_share(self) -> Share:
        """The accuracy of always naming the largest class."""
        return self.largest / self.total

    @computed_field  # type: ignore[prop-decorator]
    @property
    def guessing_share(self) -> Share:
        """The accuracy of naming a class at random: one in as many as there are classes."""
        return 1 / self.classes
