"""How the section is computed."""

from __future__ import annotations

from plain.result import Plain
from reportgen.analysis.computed import Computed
from reportgen.engine.stages.context import Artifacts, StageContext
from reportgen.engine.stages.outcomes import pack_section


def run(context: StageContext) -> Artifacts:
    """Count the classes."""
    return pack_section(Computed(Plain(classes=len(context.classes), arrays={}), {}))
