"""Why a document that differs from the one made again may still be honest; what is decided without it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from reportgen.contract.reader import LoadedResults
from reportgen.results import SCHEMA_VERSION
from reportgen.settings import Settings
from reportgen.verify.differences import Difference, Kind
from reportgen.verify.recomputation import Recomputed, Rendered

_PLACING = frozenset(["weasyprint", "pango", "harfbuzz-subset", "fonttools"])
"""The packages that place words and reduce fonts."""

_DRAWING = frozenset(["matplotlib", "pillow", "numpy", "scipy", "tensorflow", "keras"])
"""The packages that pictures are drawn with, or what they show is computed with."""

_MOST = 0.5

_TEMPLATES = (
    "more than half of it is written in another way, as by other templates (name yours with --templates)"
)

_COMMENTARY = "the commentary is not known without the attached report.toml"


@dataclass(frozen=True)
class Excuses:
    """For each kind of difference why it may be honest; never for what reportgen does not write at all."""

    by_kind: Mapping[Kind, str] = field(default_factory=dict)

    def cover(self, difference: Difference) -> bool:
        """Whether a person has to judge, since it may be honest."""
        return difference.kind in self.by_kind

    def reason(self, difference: Difference) -> str:
        """Why it may be."""
        return self.by_kind[difference.kind]


def find_excuses(
    submitted: tuple[LoadedResults, Settings | None],
    recomputed: Recomputed,
    rendered: Rendered,
    share: float,
    flows: Callable[[], bool] = lambda: False,
) -> Excuses:
    """What explains differences of a document, of which ``share`` has no counterpart, from 0 to 1.

    ``flows`` says whether it reads the same apart from line and page breaks. What the report says of its
    versions confirms nothing: what it can explain is left to a person, and only if it is of the kind that
    other versions of these packages bring about.
    """
    results, settings = submitted
    # A later reason takes the place of an earlier one, for it explains at least as much.
    found: dict[Kind, str] = {}
    theirs, ours = dict(results.provenance.versions), dict(recomputed.versions)
    changed = {name for name in {*theirs, *ours} if theirs.get(name) != ours.get(name)}
    # Cut, since a report may call its versions anything.
    named = ", ".join(f"{name} {theirs.get(name, 'unknown')[:20]}" for name in sorted(changed))
    if changed & _PLACING:
        found |= {"layout": f"it was made with {named}", "picture": f"it was made with {named}"}
        if flows():
            found["flow"] = f"it reads the same, and was made with {named}"
    if changed & _DRAWING:
        found["picture"] = f"it was made with {named}"
    if "reportgen" in changed or results.document["schema_version"] != SCHEMA_VERSION:
        reason = f"it was made by another version of reportgen ({theirs.get('reportgen', 'unknown')[:20]})"
        found |= _all_but_active(reason)
    if settings is None:
        found |= _all_but_active(_COMMENTARY)
    if share > _MOST:
        found |= _all_but_active(_TEMPLATES)
    if not rendered.whole:
        found |= _all_but_active(rendered.reason)
    return Excuses(found)


def _all_but_active(reason: str) -> dict[Kind, str]:
    return dict.fromkeys(("content", "flow", "layout", "picture"), reason)
