"""What groups have in common that they should not: equal images, equal numbers."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class Shared:
    """Of the ``images`` of a group, all different, ``shared`` are those of other groups, too.

    ``partners``: the other groups and how many each has of them, most first.
    """

    group: str
    images: int
    shared: int
    partners: tuple[tuple[str, int], ...]


def find_shared_images(images: Mapping[str, Mapping[str, str]]) -> list[Shared]:
    """The groups that have images of others, by content: ``images`` holds the SHA-256 of each file by group.

    The groups that share most with one other group come first; how often a group has an image makes no
    difference.
    """
    kinds = {group: set(files.values()) for group, files in images.items()}
    holders: dict[str, list[str]] = {}
    for group, hashes in kinds.items():
        for sha256 in hashes:
            holders.setdefault(sha256, []).append(group)
    order = {group: place for place, group in enumerate(images)}
    found = []
    for group, hashes in kinds.items():
        counts = Counter(other for sha256 in hashes for other in holders[sha256] if other != group)
        partners = sorted(counts.items(), key=lambda each: (-each[1], order[each[0]]))
        shared = sum(len(holders[sha256]) > 1 for sha256 in hashes)
        if shared:
            found.append(Shared(group, len(hashes), shared, tuple(partners)))
    return sorted(found, key=lambda each: (-each.partners[0][1], order[each.group]))


def find_equal_results(fingerprints: Mapping[str, str]) -> list[tuple[str, ...]]:
    """The groups that have the same fingerprint, more than one each; "" is equal to none."""
    holders: dict[str, list[str]] = {}
    for group, fingerprint in fingerprints.items():
        if fingerprint:
            holders.setdefault(fingerprint, []).append(group)
    return [tuple(groups) for groups in holders.values() if len(groups) > 1]
