"""Figures and tables as a section declares them."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True)
class Exhibit:
    """A figure or a table by its name, in which ``<i>`` stands for the index of each class.

    ``location``: where it is printed; a figure in the ``cell`` of a table has no number of its own.
    ``if_any``: it may be missing, and ``list_figures`` or ``list_tables`` of the section's ``claims`` says
    whether it is there; ``if_annotated``: it is there if boxes came with the images.
    """

    name: str
    location: Literal["body", "appendix", "cell"] = "body"
    if_any: bool = False
    if_annotated: bool = False

    def matches(self, name: str) -> bool:
        """Whether this is the figure or table of that name, with a number for ``<i>`` and for ``<k>``."""
        # re.escape() leaves the pointed brackets alone, since Python 3.7.
        return re.fullmatch(re.sub(r"<[a-z]>", r"\\d+", re.escape(self.name)), name) is not None


def list_names(exhibits: Sequence[Exhibit], classes: int) -> list[str]:
    """The names of exhibits, in order.

    Adjacent names with an index are grouped by class: all of one class, then all of the next.
    """
    names: list[str] = []
    together: list[Exhibit] = []
    # The None at the end closes the last group.
    for each in (*exhibits, None):
        if each is not None and "<i>" in each.name:
            together.append(each)
            continue
        for i in range(classes if together else 0):
            names += [one.name.replace("<i>", str(i)) for one in together]
        together = []
        if each is not None:
            names.append(each.name)
    return names
