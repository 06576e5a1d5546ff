"""What can be known to be wrong with the class that is explained before anything is computed."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from reportgen.dataset.names import composed, escaped
from reportgen.errors import Problem, SettingsError
from reportgen.sections.methods.settings import PREDICTED
from reportgen.text import did_you_mean

if TYPE_CHECKING:
    from reportgen.dataset.inventory import Inventory
    from reportgen.settings import Settings


def find_problems(settings: Settings, inventory: Inventory) -> Iterator[Problem]:
    """The class whose maps the settings ask for, if it is none of the folder's."""
    try:
        require_class(settings.value("methods.of"), inventory.classes)
    except SettingsError as error:
        location = settings.origin.at(("methods", "of"))
        yield Problem(f"{location}: {error.problem}", error.remedy)


def require_class(of: str, classes: Sequence[str]) -> None:
    """Raise ``SettingsError`` if ``methods.of`` is no class, and not ``predicted``."""
    # Typed on a system that composes letters otherwise than the disk does, it is the same name.
    if composed(of) in (PREDICTED, *classes):
        return
    hint = did_you_mean(of, classes)
    raise SettingsError(
        f"methods.of: there is no class '{escaped(of)}'{f' ({escaped(hint)})' if hint else ''}",
        f"Write '{PREDICTED}', for the class that an image is taken for, or one of the classes: "
        f"{', '.join(classes)}.",
    )
