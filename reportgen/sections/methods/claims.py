"""What the section claims of its numbers, and what is known of them before they are computed."""

from __future__ import annotations

from collections.abc import Iterator

from reportgen.contract.specimen import Known
from reportgen.dataset.inventory import Inventory
from reportgen.outline.section import Claim
from reportgen.sections.methods.result import Located, Methods
from reportgen.settings import Settings


def decide(numbers: Methods) -> Iterator[Claim]:
    """Decide each claim; of what is not known, or not shown, nothing is claimed."""
    if numbers.agreement is not None:
        agree = numbers.agreement >= numbers.agree_from
        yield Claim(
            "methods_agree",
            "Different methods find the same parts of an image important.",
            agree,
            finding=True,
            # That they agree is taken for granted wherever a single map is shown.
            weight=0.0 if agree else (1 - numbers.agreement) / 2,
        )
    if numbers.class_tested:
        yield Claim(
            "maps_of_the_class",
            "Every method that is tested gives another map for another class.",
            not numbers.class_blind,
            finding=True,
        )
    counts = [each.peaks_on_animal for each in numbers.methods if each.peaks_on_animal is not None]
    if counts:
        yield Claim(
            "peaks_on_animal",
            "Most maps are largest on the object.",
            # Doubled, to stay in whole numbers.
            2 * sum(counts) > len(counts) * numbers.annotated,
            finding=True,
        )
    if numbers.located is not None:
        yield from _decide_located(numbers.located)
    integrated = [each for each in numbers.methods if each.method == "integrated_gradients"]
    for each in integrated:
        if each.incompleteness is not None:
            yield Claim(
                "integrated_complete",
                "Integrated gradients add up to the score's rise over the baseline, up to one percent.",
                each.incompleteness <= numbers.complete_below,
                finding=True,
            )


def _decide_located(found: Located) -> Iterator[Claim]:
    """Whether the maps lie on the object by more than chance, and point at it better than the middle does.

    Of too few images for an interval the former is not asked.
    """
    if found.shown_better is not None:
        better = 2 * found.shown_better > len(found.methods)
        leads = sorted(each.gain.low for each in found.methods)
        yield Claim(
            "maps_located",
            "Most methods place more of their maps on the object than chance gives.",
            better,
            finding=True,
            # The method in the middle, by the nearer end of its interval; what is not shown is no finding.
            weight=max(leads[len(leads) // 2], 0.0) / (1 - found.random)
            if better and found.random < 1
            else 0.0,
        )
    outlined = found.outlined
    if outlined is not None and outlined.shown_better is not None:
        # No finding of its own beside that of the boxes, which it only sharpens.
        yield Claim(
            "maps_outlined",
            "Most methods place more of their maps inside the object's outline than chance gives.",
            2 * outlined.shown_better > len(outlined.methods),
            finding=True,
        )
    yield Claim(
        "maps_beat_centre",
        "In these images most methods point at the object more often than the middle of the image does.",
        2 * found.better_than_centre > len(found.methods),
        finding=True,
    )


def expect(settings: Settings, inventory: Inventory) -> Known:
    """There is a map for each method that the settings name."""
    count = len(settings.value("methods.shown"))
    absent = {"animal", "centre_on_animal", "maps/<i>/peak_on_animal", "maps/<i>/on_animal"}
    lengths = ("/shown", "/methods", "/classes/<class>/maps")
    located = ("/located/methods", "/located/outlined/methods")
    return Known(
        lengths=dict.fromkeys((*lengths, *located), count),
        absent=frozenset()
        if inventory.survey.annotations
        else frozenset({"/located", *(f"/classes/<class>/{name}" for name in absent)}),
    )
