"""What the section claims of its numbers, and what is known of them before they are computed."""

from __future__ import annotations

from collections.abc import Iterator

from reportgen.contract.specimen import Known
from reportgen.dataset.inventory import Inventory
from reportgen.outline.section import Claim
from reportgen.results.inference import weigh_sample, weigh_share
from reportgen.sections.channels.result import Channels, OverData
from reportgen.settings import Settings


def decide(numbers: Channels) -> Iterator[Claim]:
    """Decide each claim by the numbers."""
    if numbers.strength is not None:
        significant = numbers.strength.p_value <= numbers.strength.alpha
        yield Claim(
            "loud_strong",
            "More of the loudest channels are among the strongest, for or against the class, than by chance.",
            significant,
            finding=True,
            # Of no more than chance gives there is nothing to report.
            weight=weigh_sample(
                numbers.strong, numbers.listed, min(1.0, numbers.strength.expected / numbers.listed)
            )
            if significant
            else 0.0,
        )
    counts = numbers.animal
    if counts is not None and counts.unusual is not None:
        more = counts.unusual > counts.loud and counts.unusual > counts.chance * counts.total
        yield Claim(
            "unusual_on_animal",
            "More neurons lie on the object if channels are ranked by unusual output than by output.",
            counts.unusual > counts.loud,
            finding=True,
            # Only if they are more than chance would give, too.
            weight=weigh_sample(counts.unusual, counts.total, max(counts.chance, counts.loud / counts.total))
            if more
            else 0.0,
        )
    if numbers.over_data is not None:
        yield from _decide_over_data(numbers.over_data, numbers.channels)


def _decide_over_data(found: OverData, channels: int) -> Iterator[Claim]:
    """Whether channels stand for classes, and whether all of them are of use."""
    # For the images of a class, not for its object: what else they have in common shows in the same way.
    more = found.p_value <= found.alpha
    yield Claim(
        "channels_prefer",
        "More channels prefer one class than do if the images' classes are shuffled.",
        more,
        finding=True,
        # Of no more than chance gives there is nothing to report.
        weight=weigh_share(found.selective / found.tested, found.expected / found.tested) if more else 0.0,
    )
    yield Claim(
        "loud_prefer",
        "Most of the loudest channels prefer one class.",
        2 * found.preferring > len(found.channels),
        finding=True,
    )
    yield Claim(
        "none_silent",
        "Every channel has an output above zero in some image.",
        not found.silent_channels,
        finding=True,
        weight=weigh_share(found.silent_channels / channels, 0),
    )


def expect(settings: Settings, inventory: Inventory) -> Known:
    """Lists are as long as the settings say."""
    count = settings.show.neurons
    return Known(
        lengths={
            **{f"/classes/<class>/{name}": count for name in ("loud", "decisive", "unusual")},
            "/over_data/channels": count,
        },
        absent=frozenset() if inventory.survey.annotations else {"/classes/<class>/on_animal"},
    )
