"""Explains why each stage of a build runs or not, down to the file or setting."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

from reportgen.engine.plan import Group, Plan, Stage
from reportgen.engine.record import Record

Action = Literal["unchanged", "from the cache", "runs"]

MAX_CAUSES = 20
_OWN = "reportgen's own "
_NAMES = {
    "settings": "setting ",
    "code": _OWN,
    "packages": "package ",
    "versions": "version of ",
    "printer": "version of the system's ",
    "templates": "templates/",
    "weights": "weights ",
}


@dataclass(frozen=True)
class Verdict:
    """Whether a build runs a stage, and which of the stage's own inputs have changed since the last build."""

    stage: Stage
    action: Action
    causes: tuple[str, ...]
    missing: str = ""

    @property
    def name(self) -> str:
        """The stage, with how many of its items are missing."""
        return f"{self.stage.name} ({self.missing})" if self.missing else self.stage.name


def judge(
    plan: Plan, record: Record, has_outcome: Callable[[Stage], bool], count_missing: Callable[[Stage], str]
) -> list[Verdict]:
    """Decide for every stage, in order. ``has_outcome`` tells whether the cache holds a stage's outcome."""
    verdicts = []
    for stage in plan.stages.values():
        missing = count_missing(stage)
        if record.has(stage) and not missing:
            action: Action = "unchanged"
        elif has_outcome(stage) or not (stage.spec.kept or missing):
            action = "from the cache"
        else:
            action = "runs"
        causes = tuple(_own_causes(stage, record)) if action != "unchanged" else ()
        verdicts.append(Verdict(stage, action, causes, missing))
    return verdicts


def explain(verdicts: Sequence[Verdict], record: Record) -> list[str]:
    """Lines for the terminal: one for each cause with what follows from it, then one for each stage."""
    lines = list(_chains(verdicts, record))
    width = max(len(verdict.name) for verdict in verdicts)
    for verdict in verdicts:
        reason = _reason(verdict, verdicts, record)
        lines.append(f"  {verdict.name:<{width}}  {verdict.action:<14}  {reason}".rstrip())
    return lines


def _chains(verdicts: Sequence[Verdict], record: Record) -> Iterator[str]:
    if not record.stages:
        yield "There is no report yet, so everything is made."
        return
    causes = list(dict.fromkeys(cause for verdict in verdicts for cause in verdict.causes))
    for cause in causes[:MAX_CAUSES]:
        reached: list[str] = []
        for verdict in verdicts:
            above = verdict.stage.spec.after
            if cause in verdict.causes or any(name in reached for name in above):
                reached.append(verdict.stage.name)
        shown = [_with_figures(verdict, record) for verdict in verdicts if verdict.stage.name in reached]
        yield " → ".join([cause, *shown])
    if len(causes) > MAX_CAUSES:
        yield f"and {len(causes) - MAX_CAUSES} more changes"


def _with_figures(verdict: Verdict, record: Record) -> str:
    """A stage by name; one that draws figures by their numbers in the last report."""
    numbers = record.figures.get(verdict.stage.name, ())
    return f"Fig. {', '.join(numbers)}" if numbers else verdict.name


def _own_causes(stage: Stage, record: Record) -> Iterator[str]:
    """The changed inputs of a stage other than the stages it reads."""
    before = record.stages.get(stage.name, {})
    for kind in dict.fromkeys([*stage.inputs, *before]):
        if kind != "stages" and stage.digests.get(kind) != before.get(kind):
            yield from _differences(kind, record.inputs(stage.name, kind), stage.inputs.get(kind, {}))


def _differences(kind: str, before: Group, now: Group) -> Iterator[str]:
    for name in sorted({*before, *now}, key=str):
        if before.get(name) != now.get(name):
            yield f"{_NAMES.get(kind, '')}{name} {_change(kind, name, before, now)}"


def _change(kind: str, name: str, before: Group, now: Group) -> str:
    if name not in before:
        return "added"
    if name not in now:
        return "removed"
    if kind in ("settings", "packages", "versions", "processor"):
        return f"{before[name]} → {now[name]}"
    return "changed"


def _reason(verdict: Verdict, verdicts: Sequence[Verdict], record: Record) -> str:
    if verdict.action == "unchanged":
        return ""
    if not record.stages:
        return "no report yet"
    by_name = {each.stage.name: each for each in verdicts}
    above = [name for name in verdict.stage.spec.after if by_name[name].action != "unchanged"]
    parts = [*verdict.causes[:3]]
    if len(verdict.causes) > 3:
        parts.append(f"{len(verdict.causes) - 3} more")
    if above:
        parts.append(f"after {', '.join(above)}")
    return "; ".join(parts) or "its outcome is no longer kept"
