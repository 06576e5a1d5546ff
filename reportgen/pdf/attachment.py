"""Files that a PDF carries."""

from __future__ import annotations

import datetime
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Literal

_DATE = datetime.datetime(2000, 1, 1, tzinfo=datetime.UTC)
"""Of all attached files: the same results give the same PDF on any day."""


@dataclass(frozen=True)
class Attachment:
    """A file to attach; ``relationship`` as in PDF/A-3: what the PDF shows, or what it was made from."""

    name: str
    data: bytes
    description: str
    media_type: str
    relationship: Literal["Data", "Source"]

    def for_weasyprint(self, weasyprint: Any) -> Any:
        """The same as an ``Attachment`` of WeasyPrint."""
        return weasyprint.Attachment(
            string=self.data,
            name=self.name,
            description=self.description,
            created=_DATE,
            modified=_DATE,
            relationship=self.relationship,
        )


def correct_attachments(pdf: Any, attached: Iterable[Attachment]) -> None:
    """Give each attached file its own type, and list it once; WeasyPrint guesses and lists it twice."""
    types = {attachment.name: attachment.media_type for attachment in attached}
    for thing in pdf.objects:
        if isinstance(thing, dict) and thing.get("Type") == "/Filespec":
            file = pdf.objects[int(thing["EF"]["F"].split()[0])]
            if media_type := types.get(thing["UF"].string):
                file.extra["Subtype"] = "/" + media_type.replace("/", "#2f")
    if "AF" in pdf.catalog:
        pdf.catalog["AF"][:] = dict.fromkeys(pdf.catalog["AF"])
