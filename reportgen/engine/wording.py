"""Texts by people that a report will print, known before anything is computed."""

from __future__ import annotations

from collections.abc import Mapping

from reportgen.dataset.inventory import Inventory
from reportgen.settings import Settings
from reportgen.templates import Templates, templates_folder


def printed_texts(settings: Settings, inventory: Inventory, templates: Templates) -> Mapping[str, str]:
    """The texts of the settings, the data and the user's own templates, by location; empty texts are
    left out.
    """
    authors = {
        f"authors, number {n}": f"{author.name}\n{author.roll_number}"
        for n, author in enumerate(settings.authors, 1)
    }
    commentary = {f"commentary.{slot}": text for slot, text in settings.commentary}
    texts = {
        **{key: getattr(settings, key) for key in ("course", "assignment", "group")},
        **authors,
        **commentary,
        **{f"the class {name}": name for name in inventory.classes},
        "the names of the files": "\n".join(image.file for image in inventory.images),
        "the notes on the data": "\n".join(inventory.survey.warnings),
        **_own_templates(templates),
    }
    return {location: text for location, text in texts.items() if text}


def _own_templates(templates: Templates) -> Mapping[str, str]:
    own = {
        name: path for name, path in templates.files.items() if not path.is_relative_to(templates_folder())
    }
    return {f"templates/{name}": path.read_text("utf-8", "ignore") for name, path in own.items()}
