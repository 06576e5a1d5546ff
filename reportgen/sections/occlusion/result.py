"""What occlusion finds: outputs with a box removed, and with nothing but the box kept."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Annotated, Literal

from pydantic import Field, computed_field

from reportgen.results.fields import (
    Arrays,
    Box,
    Count,
    ImagePath,
    Label,
    Position,
    Positive,
    Result,
    Share,
    Size,
    means,
)
from reportgen.results.inference import sign_p_value
from reportgen.sections.occlusion.chance import ALPHA, group_overlapping, rank_tail

Ratio = Annotated[float, Field(ge=0, json_schema_extra={"unit": "of the neuron's output; it may exceed 1"})]


Verdict = Literal["both", "enough", "needed", "neither"]
"""What occlusion says of a patch. Enough: alone it keeps half of its neuron's output or more. Needed: its
removal harms the neuron more than that of most random boxes of its size.
"""


class OccludedBox(Result):
    """A box, and its neuron's output after it was removed or nothing but it was kept."""

    box: Annotated[Box, means("The box.")]
    kept: Annotated[Size, means("Output with everything but the box filled with the mean colour.")]
    removed: Annotated[Size, means("Output with the box filled with the mean colour.")]
    kept_in_blur: Annotated[Size, means("Output with everything but the box blurred.")]
    removed_in_blur: Annotated[Size, means("Output with the box blurred.")]


class OcclusionShares(Result):
    """Outputs as parts of the output for the whole image. A fill is an input, too: it may raise an output."""

    blank: Annotated[Ratio, means("Nothing kept at all.")]
    patch_kept: Annotated[Ratio, means("Nothing but the patch kept.")]
    patch_removed: Annotated[Ratio, means("The patch removed.")]
    random_removed: Annotated[Ratio, means("A random box removed: the mean.")]
    best_kept: Annotated[Ratio, means("Nothing but the box by occlusion kept.")]
    best_removed: Annotated[Ratio, means("The box by occlusion removed.")]


class OccludedNeuron(Result):
    """One neuron: its patch, the best of the boxes that were tried, and random boxes of the same size.

    The worth of a box is the smaller one of what it keeps and of what its removal takes away.
    """

    position: Annotated[Position, means("Row, column and channel of the neuron, from 0.")]
    value: Annotated[Size, means("Its output for the whole image.")]
    blank: Annotated[Size, means("Its output for an image that has the mean colour everywhere.")]
    patch: Annotated[OccludedBox, means("The patch: the box around most of the gradient's energy.")]
    best: Annotated[OccludedBox, means("The box of greatest worth: of those that were tried, or the patch.")]
    tried: Annotated[
        Positive, means("Boxes of the patch's size on a grid over the receptive field.", "boxes")
    ]
    random_removed: Annotated[
        Size, means("The mean output with a random box of the patch's size removed, instead of the patch.")
    ]
    harming: Annotated[
        Count, means("Random boxes whose removal leaves no more than the patch's does.", "boxes")
    ]
    harming_more: Annotated[
        Count | None,
        means(
            "Random boxes whose removal leaves less than the patch's; null in documents before 1.2.", "boxes"
        ),
    ] = None

    @computed_field  # type: ignore[prop-decorator]
    @property
    def shares(self) -> OcclusionShares | None:
        """The outputs as parts of the neuron's output for the whole image; null if that is zero."""
        if not self.value:
            return None
        return OcclusionShares(
            blank=self.blank / self.value,
            patch_kept=self.patch.kept / self.value,
            patch_removed=self.patch.removed / self.value,
            random_removed=self.random_removed / self.value,
            best_kept=self.best.kept / self.value,
            best_removed=self.best.removed / self.value,
        )


def worth_of(value: float, kept: float, removed: float) -> float:
    """The smaller one of what a box keeps of a neuron's output, and of what its removal takes away."""
    # Not the sum, in which one of the two could make up for the other.
    return min(kept, value - removed)


class Occlusion(Result):
    """Occlusion (Zeiler & Fergus 2014) of the most excited neurons' patches. Arrays, for class i:
    ``random_<i>`` and ``grid_<i>``, a row for each box of each neuron.
    """

    layer: Annotated[str, means("The layer of the neurons.")]
    files: Annotated[
        dict[Label, Annotated[ImagePath, means("The example image of this class.")]],
        means("The images that excite the neurons."),
    ]
    random_boxes: Annotated[
        Positive, means("Random boxes for each neuron, of its patch's size in its receptive field.", "boxes")
    ]
    step: Annotated[Positive, means("Boxes that are tried are at most so far apart.", "pixels")]
    blur: Annotated[Size, means("Standard deviation of the Gaussian that blurs.", "pixels")]
    # With a default, as documents from before the tests have none.
    alpha: Annotated[Share, means("The level of the tests of patches and of found boxes, two-sided.")] = ALPHA
    neurons: Annotated[
        dict[
            Label,
            Annotated[
                list[Annotated[OccludedNeuron, means("The neuron with the (i + 1)-th largest output.")]],
                means("The most excited neurons for this class's image, the most excited first."),
            ],
        ],
        means("What occlusion does to the most excited neurons of each class."),
    ]
    arrays: Annotated[
        Arrays,
        means(
            "For class i, random_<i> (boxes, 4): number of the neuron, first row and column of the box, "
            "output with it removed; and grid_<i> (boxes, 5), with the output with nothing else kept, too. "
            "In arrays/occlusion.npz."
        ),
    ]

    @computed_field  # type: ignore[prop-decorator]
    @property
    def mean(
        self,
    ) -> dict[Label, Annotated[OcclusionShares | None, means("For this class; null without an output.")]]:
        """The means of all shares of a class's neurons."""
        return {
            label: _mean(each.shares for each in neurons if each.shares)
            for label, neurons in self.neurons.items()
        }

    @computed_field(json_schema_extra={"unit": "neurons"})  # type: ignore[prop-decorator]
    @property
    def measured(self) -> Count:
        """Neurons with an output, so that their patches have shares of it."""
        return len(self._measured)

    @computed_field(json_schema_extra={"unit": "neurons"})  # type: ignore[prop-decorator]
    @property
    def harming(self) -> Count:
        """Those of them whose patch, removed, harms more than most random boxes of its size do."""
        return sum(self._is_needed(each) for each in self._measured)

    @computed_field(json_schema_extra={"unit": "neurons"})  # type: ignore[prop-decorator]
    @property
    def holding(self) -> Count:
        """Those of them whose patch alone keeps at least half of the output."""
        return sum(map(_is_enough, self._measured))

    @computed_field(json_schema_extra={"unit": "neurons"})  # type: ignore[prop-decorator]
    @property
    def both(self) -> Count:
        """Those of them whose patch does both."""
        return sum(self._judge(each) == "both" for each in self._measured)

    @computed_field  # type: ignore[prop-decorator]
    @property
    def verdicts(
        self,
    ) -> dict[
        Label,
        Annotated[
            list[Annotated[Verdict | None, means("Of the (i + 1)-th neuron; null without an output.")]],
            means("For the neurons of this class."),
        ],
    ]:
        """Whether each patch alone keeps half of the output (enough), and its removal harms more than that of
        most random boxes (needed).
        """
        return {
            label: [self._judge(each) if each.value else None for each in neurons]
            for label, neurons in self.neurons.items()
        }

    @computed_field(json_schema_extra={"unit": "neurons"})  # type: ignore[prop-decorator]
    @property
    def found(self) -> Count:
        """Those of them for which a box of greater worth than the patch's was found."""
        return len(self._found)

    @computed_field(json_schema_extra={"unit": "neurons"})  # type: ignore[prop-decorator]
    @property
    def found_in_blur(self) -> Count:
        """Those of the found boxes that have the greater worth with the other fill, too."""
        return sum(_compare_in_blur(each) > 0 for each in self._found)

    @computed_field(json_schema_extra={"unit": "places"})  # type: ignore[prop-decorator]
    @property
    def patch_places(self) -> Count:
        """Places of the measured patches: those of an image that overlap are at one."""
        return len(self._patch_groups)

    @computed_field  # type: ignore[prop-decorator]
    @property
    def patch_p_value(self) -> Share:
        """The two-sided p-value that a patch is as good as a random box, by its rank among these.

        The ranks at one place count as one, their mean; the distribution is exact.
        """
        # Two-sided, since patches may also harm less than chance gives.
        return min(2 * min(self._patch_tails), 1.0)

    @computed_field  # type: ignore[prop-decorator]
    @property
    def patch_harm(self) -> Literal["more", "less"] | None:
        """Whether removing a patch harms more or less than removing a random box; null if not shown."""
        if self.patch_p_value > self.alpha:
            return None
        more, less = self._patch_tails
        return "more" if more < less else "less"

    @computed_field(json_schema_extra={"unit": "places"})  # type: ignore[prop-decorator]
    @property
    def found_places(self) -> Count:
        """Places of the found boxes: neurons of an image are at one if their boxes or patches overlap."""
        return len(self._found_leads)

    @computed_field  # type: ignore[prop-decorator]
    @property
    def found_p_value(self) -> Share:
        """The exact two-sided p-value that with the other fill a found box is worth more as often as less.

        A sign test in which the neurons at one place gain or lose together.
        """
        return sign_p_value(self._found_leads)

    @computed_field  # type: ignore[prop-decorator]
    @property
    def found_worth(self) -> Literal["more", "less"] | None:
        """Whether found boxes are worth more or less than patches with the other fill; null if not shown."""
        if self.found_p_value > self.alpha:
            return None
        return "more" if sum(self._found_leads) > 0 else "less"

    def _judge(self, neuron: OccludedNeuron) -> Verdict:
        if _is_enough(neuron):
            return "both" if self._is_needed(neuron) else "enough"
        return "needed" if self._is_needed(neuron) else "neither"

    def _is_needed(self, neuron: OccludedNeuron) -> bool:
        # harming counts boxes that do as much harm as the patch or more: fewer than half must.
        return 2 * neuron.harming < self.random_boxes

    @property
    def _measured(self) -> list[OccludedNeuron]:
        return [each for neurons in self.neurons.values() for each in neurons if each.value]

    @property
    def _found(self) -> list[OccludedNeuron]:
        return [each for each in self._measured if each.best.box != each.patch.box]

    @property
    def _patch_groups(self) -> list[list[OccludedNeuron]]:
        return [
            [own[n] for n in group]
            for neurons in self.neurons.values()
            if (own := [each for each in neurons if each.value])
            for group in group_overlapping([[each.patch.box] for each in own])
        ]

    @property
    def _patch_tails(self) -> tuple[float, float]:
        """How likely patches that harm so much are by chance, and patches that harm so little.

        Boxes that harm as much as the patch count against both: if all silence a neuron, nothing is shown.
        """
        groups, most = self._patch_groups, self.random_boxes
        as_bad = [[each.harming for each in group] for group in groups]
        # Older documents do not say: of these no patch is shown to harm less.
        spared = [[most - (each.harming_more or 0) for each in group] for group in groups]
        return rank_tail(as_bad, most), rank_tail(spared, most)

    @property
    def _found_leads(self) -> list[int]:
        """For each place, the found boxes that are worth more with the other fill less those worth less."""
        leads = []
        for neurons in self.neurons.values():
            own = [each for each in neurons if each.value and each.best.box != each.patch.box]
            for group in group_overlapping([[each.patch.box, each.best.box] for each in own]):
                leads.append(sum(_compare_in_blur(own[n]) for n in group))
        return leads


def _is_enough(neuron: OccludedNeuron) -> bool:
    return 2 * neuron.patch.kept >= neuron.value


def _compare_in_blur(neuron: OccludedNeuron) -> int:
    """1 if the found box is worth more than the patch with the blurred fill, −1 if it is worth less."""
    found, patch = (
        worth_of(neuron.value, each.kept_in_blur, each.removed_in_blur)
        for each in (neuron.best, neuron.patch)
    )
    return (found > patch) - (found < patch)


def _mean(shares: Iterable[OcclusionShares]) -> OcclusionShares | None:
    listed = list(shares)
    if not listed:
        return None
    return OcclusionShares(
        **{
            name: sum(getattr(each, name) for each in listed) / len(listed)
            for name in OcclusionShares.model_fields
        }
    )
