"""Self-contained HTML pages about a class: the overview, and the feedback to a group."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from reportgen.document.environment import open_environment, render_page
from reportgen.templates import Templates

OVERVIEW_TEMPLATE = "overview.html.j2"

_FAINTEST = 0.12
"""A single group of 200 has to be seen on white and on black."""


@dataclass(frozen=True)
class Line:
    """A group. ``lost``: the criteria without full points; links are relative to the page, "" for none.

    ``status``: done, held, or why there are no points, as in ``grades.csv``. ``earlier``: where the report of
    a run before is, of a group that failed in this one. ``look``: nothing differs, but a part of the
    document could not be compared.
    """

    name: str
    status: str
    reason: str
    score: str
    points: str
    accuracy: str
    verification: str
    verified: str
    differs: bool
    lost: tuple[str, ...]
    notes: tuple[str, ...]
    report: str
    earlier: str
    grades: str
    log: str
    look: bool = False

    @property
    def graded(self) -> bool:
        """Whether there are points, though they may be held."""
        return self.status in ("done", "held")


@dataclass(frozen=True)
class Bar:
    """A bar of a histogram: left edge, height, and how high the highest is; ``full``: for all points."""

    left: int
    height: int
    room: int
    full: bool

    @property
    def top(self) -> int:
        """Its upper edge, from above."""
        return self.room - self.height

    @property
    def strength(self) -> str:
        """How dark it is in the plot of all criteria: as much as it would be high, at least visible."""
        return f"{max(self.height / self.room, _FAINTEST):.2f}"


@dataclass(frozen=True)
class Criterion:
    """How the class did in one criterion; ``description`` is the histogram in words.

    ``groups`` are those of which it is known, ``undecided`` the others; ``interval``: the mean, or the mean
    share, with its interval and the number of groups.
    """

    name: str
    points: str
    groups: int
    mean: str
    median: str
    full: int
    bars: tuple[Bar, ...]
    description: str
    interval: str = ""
    undecided: int = 0


@dataclass(frozen=True)
class Resemblance:
    """How many of a group's images others have, too, and who: the groups and how many of them each has."""

    group: str
    images: str
    partners: tuple[str, ...]


@dataclass(frozen=True)
class Common:
    """What several groups have in common, and which groups."""

    what: str
    groups: tuple[str, ...]


@dataclass(frozen=True)
class Count:
    """How many files of the input have a status."""

    status: str
    files: int


@dataclass(frozen=True)
class Overview:
    """All that the page shows. ``headline``: the title of each group's one number, "" without any;
    ``scores``: of the sums, None without any; ``copies``: what only one group can have come to by itself.
    """

    title: str
    headline: str
    course: str
    assignment: str
    lines: tuple[Line, ...]
    criteria: tuple[Criterion, ...]
    scores: Criterion | None
    images: tuple[Resemblance, ...]
    copies: tuple[Common, ...]
    files: tuple[Count, ...]
    verified: bool

    @property
    def undecided(self) -> bool:
        """Whether there are points that nobody has reached or lost yet."""
        return any(criterion.undecided for criterion in self.criteria)

    @property
    def failed(self) -> tuple[Line, ...]:
        """The groups without grades."""
        return tuple(line for line in self.lines if not line.graded)

    @property
    def looks(self) -> tuple[Line, ...]:
        """The groups whose points count, and at whose findings a person should look."""
        return tuple(line for line in self.lines if line.status == "done" and line.look)

    @property
    def held(self) -> tuple[Line, ...]:
        """The groups whose points the instructor has not released."""
        return tuple(line for line in self.lines if line.status == "held")


def render_overview(overview: Overview, templates: Templates) -> str:
    """Render ``overview.html.j2``. The page fetches nothing and runs nothing but its own script.

    Whatever the groups wrote is escaped. Raises ``RenderError`` for a mistake in the template.
    """
    environment = open_environment(templates)
    environment.globals.update(
        o=overview,
    )
    return render_page(environment, OVERVIEW_TEMPLATE)


FEEDBACK_TEMPLATE = "feedback.html.j2"

FEEDBACK_MARK = "<!-- feedback of reportgen -->"
"""At the head of each page: by it a file is known as ours."""


@dataclass(frozen=True)
class CriterionRow:
    """A criterion: points reached and possible as text, a sign and a word for its status, and the reason."""

    name: str
    score: str
    points: str
    sign: str
    status: str
    reason: str = ""


@dataclass(frozen=True)
class Difference:
    """A finding that holds back the points: its location, what was submitted and what was recomputed, and
    why.
    """

    location: str
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
    criteria: Sequence[CriterionRow] = ()
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
    return render_page(environment, FEEDBACK_TEMPLATE, FEEDBACK_MARK)
