"""What a group is told of its grade, as one self-contained HTML page that can be printed as well."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from reportgen.document.environment import open_environment, render_page
from reportgen.templates import Templates

TEMPLATE = "feedback.html.j2"

FEEDBACK_MARK = "<!-- feedback of reportgen -->"
"""At the head of each page: by it a file is known as ours."""


@dataclass(frozen=True)
class Marked:
    """A criterion: points reached and possible as text, a sign and a word for its status, and the reason."""

    name: str
    score: str
    points: str
    sign: str
    status: str
    reason: str = ""


@dataclass(frozen=True)
class Difference:
    """A finding that holds the points: its place, what was handed in and what was recomputed, and why."""

    place: str
    submitted: str
    recomputed: str
    reason: str


@dataclass(frozen=True)
class FeedbackPage:
    """All that the page shows. ``score`` is "" while there are no points; ``status`` and ``reason`` say why.

    ``left_out``: criteria that the rubric hides from groups; ``more``: differences that are not shown.
    ``findings``: where all of them are shown, "" without.
    """

    group: str
    title: str
    status: str
    reason: str
    score: str
    points: str
    criteria: Sequence[Marked] = ()
    left_out: int = 0
    differences: Sequence[Difference] = ()
    more: int = 0
    notes: Sequence[str] = ()
    findings: str = ""


def render_feedback(page: FeedbackPage, templates: Templates) -> str:
    """Render ``feedback.html.j2`` of ``templates``. The page fetches and runs nothing; all texts are escaped.

    Raises ``RenderError`` for a mistake in the template.
    """
    environment = open_environment(templates)
    environment.globals["p"] = page
    return render_page(environment, TEMPLATE, FEEDBACK_MARK)
