"""The grading plan: the collected tests with their points and dependencies."""

from __future__ import annotations

import heapq
import json
from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

from reportgen.grading.exports.table import one_line
from reportgen.grading.points import MARKER, Points, read_points
from reportgen.grading.policy import Policy, merge_policies, read_policy, write_policy
from reportgen.text import as_sentence, did_you_mean

if TYPE_CHECKING:
    import pytest


def resolve_names(
    checks: Sequence[Check], names: Mapping[str, Sequence[str]], absent: Collection[str] | None
) -> dict[str, tuple[str, ...]]:
    """The keys that each check requires, by its key.

    ``names`` gives the keys that a name stands for, ``absent`` the names that exist but are not run (None:
    any may). Raises ``pytest.UsageError`` for an unknown name, with the nearest there is.
    """
    import pytest

    requires: dict[str, tuple[str, ...]] = {}
    for check in checks:
        keys: dict[str, None] = {}
        for name in check.points.depends if check.points else ():
            if name not in names and absent is not None and name not in absent:
                hint = as_sentence(did_you_mean(name, names))
                raise pytest.UsageError(
                    f"{check.key}: depends on {name!r}, which is no criterion and no test function that "
                    f"was collected. {hint}".rstrip()
                )
            keys.update(dict.fromkeys(names.get(name, ())))
        requires[check.key] = tuple(keys)
    return requires


def sort_stably(requires: Mapping[str, Sequence[str]]) -> list[str]:
    """The keys in their order, but each after all that it requires: of those that may come next, always
    the first. Raises ``pytest.UsageError`` naming a cycle.
    """
    # Kahn's algorithm with a heap, and not graphlib, which promises no order among those that may come next:
    # a test that waits for nothing is to stay in its place in the file.
    position = {key: index for index, key in enumerate(requires)}
    keys = list(requires)
    missing = {key: sum(other in position for other in others) for key, others in requires.items()}
    dependants: dict[str, list[str]] = {key: [] for key in keys}
    for key, others in requires.items():
        for other in others:
            if other in position:
                dependants[other].append(key)
    ready = [position[key] for key in keys if not missing[key]]
    heapq.heapify(ready)
    ordered = []
    while ready:
        key = keys[heapq.heappop(ready)]
        ordered.append(key)
        for dependant in dependants[key]:
            missing[dependant] -= 1
            if not missing[dependant]:
                heapq.heappush(ready, position[dependant])
    if len(ordered) < len(keys):
        import pytest

        cycle = " → ".join(_find_cycle(requires, [key for key in keys if missing[key]]))
        raise pytest.UsageError(f"depends goes round in a circle: {cycle}.")
    return ordered


def _find_cycle(requires: Mapping[str, Sequence[str]], left: Sequence[str]) -> list[str]:
    among = set(left)
    path = [left[0]]
    while path[-1] not in path[:-1]:
        path.append(next(key for key in requires[path[-1]] if key in among))
    return path[path.index(path[-1]) :]


@dataclass(frozen=True)
class Check:
    """A test function with all of its cases, or a case that has points of its own.

    ``key`` names it uniquely; ``cases`` are the node ids and names of what is run; ``label`` is the
    criterion it belongs to, the function's name if it has no points; ``requires`` are keys.
    """

    key: str
    label: str
    cases: tuple[tuple[str, str], ...]
    points: Points | None = None
    requires: tuple[str, ...] = ()


@dataclass(frozen=True)
class Plan:
    """The checks that count or that others depend on, in the order of the files; ``left_out`` is how many
    tests with points were deselected, ``subject`` the name of the report, ``title`` what the rubrics call
    themselves, ``policy`` their rules for the sum.
    """

    checks: tuple[Check, ...] = ()
    left_out: int = 0
    subject: str = ""
    title: str = ""
    policy: Policy = field(default_factory=Policy)


@dataclass(frozen=True)
class _Collected:
    """An item before it is grouped: ``function`` is its node id without a case."""

    key: str
    function: str
    name: str
    points: Points | None


def make_plan(items: Sequence[pytest.Item], deselected: Sequence[pytest.Item], *, part: bool) -> Plan:
    """Read the markers of ``items``, and resolve names and dependencies.

    A name in ``depends`` is a criterion, a test function or its node id; ``part`` says that only some of
    the tests were asked for, so a name may be missing. Raises ``pytest.UsageError`` naming the test for a
    bad marker, an unknown name, a cycle, or a criterion with two visibilities.
    """
    collected = [(item, _describe(item)) for item in items]
    groups: dict[str, list[pytest.Item]] = {}
    for item, one in collected:
        groups.setdefault(one.key, []).append(item)
    described: dict[str, _Collected] = {}
    for item, one in collected:
        # Cases share the points of their function, so it can have but one number of them.
        if described.setdefault(one.key, one).points != one.points:
            _refuse_two_values(item)
    labels = _labels(described.values())
    checks = [
        Check(
            key,
            labels[key],
            tuple((item.nodeid, one_line(getattr(item, "case_name", item.name))) for item in groups[key]),
            _with_label(described[key].points, labels[key]),
        )
        for key in groups
    ]
    absent = [_describe(item) for item in deselected]
    known = _names_of(absent, _labels(absent))
    names = _names_of(described.values(), labels)
    _refuse_two_visibilities(checks)
    requires = resolve_names(checks, names, None if part else known)
    checks = [replace(check, requires=requires[check.key]) for check in checks]
    sort_stably({check.key: check.requires for check in checks})  # a cycle is an error even if nothing runs
    wanted = {key for check in checks if check.points for key in (check.key, *check.requires)}
    return Plan(
        tuple(check for check in checks if check.key in wanted),
        sum(one.points is not None for one in absent),
    )


def read_rubrics(items: Sequence[pytest.Item]) -> dict[str, Any]:
    """The title and the policy of the plan, as the rubrics among ``items`` say it.

    Raises ``pytest.UsageError`` if two rubrics have rows of one name, or rules that contradict each other.
    """
    import pytest

    rubrics = {item.path: item for item in items if hasattr(item, "rubric_title")}
    titles = dict.fromkeys(filter(None, (getattr(item, "rubric_title", "") for item in rubrics.values())))
    first: dict[str, Path] = {}
    for item in items:
        name = getattr(item, "rubric_name", None)
        if name is not None and (other := first.setdefault(name, item.path)) != item.path:
            raise pytest.UsageError(
                f"{item.path}: criterion = {name!r}: {other} has a row of the same name; rename one of them."
            )
    try:
        policy = merge_policies(getattr(item, "rubric_policy", Policy()) for item in rubrics.values())
    except ValueError as error:
        raise pytest.UsageError(
            f"{', '.join(map(str, rubrics))}: two rubrics have different values of {error}; leave one out."
        ) from None
    return {"title": "; ".join(titles), "policy": policy}


def order_items(plan: Plan, items: Sequence[pytest.Item]) -> list[pytest.Item]:
    """``items`` in their order, but each after all that it depends on."""
    check_of = {nodeid: check for check in plan.checks for nodeid, _ in check.cases}
    # A step of its own for "all of that check", so that many cases on many cases stay few edges. They come
    # first, for what waits for them is to run as soon as it can.
    steps = {f"\n{check.key}": tuple(nodeid for nodeid, _ in check.cases) for check in plan.checks}
    by_id: dict[str, list[pytest.Item]] = {}
    for item in items:
        check = check_of.get(item.nodeid)
        steps[item.nodeid] = tuple(f"\n{key}" for key in check.requires) if check else ()
    for item in items:
        by_id.setdefault(item.nodeid, []).append(item)
    return [item for step in sort_stably(steps) for item in by_id.get(step, ())]


def uses_points(items: Iterable[pytest.Item]) -> bool:
    """Whether any test carries the marker."""
    return any(item.get_closest_marker(MARKER) is not None for item in items)


def _describe(item: pytest.Item) -> _Collected:
    import pytest

    function = item.nodeid
    # Not the node id up to its bracket: names of folders and files may have one, too.
    original = getattr(item, "originalname", None)
    if original and item.parent is not None:
        function = f"{item.parent.nodeid}::{original}"
    own = [mark for mark in item.own_markers if mark.name == MARKER]
    if len(own) > 1:
        raise pytest.UsageError(
            f"{item.nodeid}: carries the marker points {len(own)} times; a test function or a case has "
            "points, not both."
        )
    mark = item.get_closest_marker(MARKER)
    marks_of_case = getattr(getattr(item, "callspec", None), "marks", ())
    # The same object: marks are compared by value, and the function may carry one that is equal.
    alone = mark is not None and any(mark is one for one in marks_of_case)
    classes = [node.name for node in item.listchain() if isinstance(node, pytest.Class)]
    name = _readable(original if original and not alone else item.name, classes)
    # A row of a rubric says more than a marker can.
    points = getattr(item, "rubric_points", None) or (read_points(mark, item.nodeid) if mark else None)
    return _Collected(item.nodeid if alone else function, function, name, points)


def _readable(name: str, classes: Sequence[str]) -> str:
    words = one_line(name.removeprefix("test_").replace("_", " ")) or name
    parts = [one_line(part.removeprefix("Test")) for part in classes]
    return ": ".join([part for part in parts if part] + [words[:1].upper() + words[1:]])


def _labels(collected: Iterable[_Collected]) -> dict[str, str]:
    """The criterion of each key; the name of a test that two of them would share gets its node id."""
    unique = {one.key: one for one in collected}
    chosen = {one.points.criterion for one in unique.values() if one.points and one.points.criterion}
    count = Counter(
        one.name for one in unique.values() if one.points is not None and one.points.criterion is None
    )
    labels = {}
    for key, one in unique.items():
        if one.points is None:
            labels[key] = one.function.rpartition("::")[2]
        elif one.points.criterion is not None:
            labels[key] = one.points.criterion
        elif count[one.name] > 1 or one.name in chosen:
            # Two tests of one name would else be added up as one criterion, which is for names that were
            # given on purpose.
            labels[key] = f"{one.name} ({one_line(key)})"
        else:
            labels[key] = one.name
    return labels


def _with_label(points: Points | None, label: str) -> Points | None:
    return replace(points, criterion=label) if points is not None else None


def _names_of(collected: Iterable[_Collected], labels: dict[str, str]) -> dict[str, list[str]]:
    """All that ``depends`` may call a check by, with the keys that are meant."""
    names: dict[str, dict[str, None]] = {}
    for one in collected:
        own = {labels[one.key], one.function.rpartition("::")[2], one.function, one.key}
        for name in own:
            names.setdefault(one_line(name), {})[one.key] = None
    return {name: list(keys) for name, keys in names.items()}


def _refuse_two_values(item: pytest.Item) -> NoReturn:
    import pytest

    raise pytest.UsageError(
        f"{item.nodeid}: the cases of one test function carry different points; put the marker on each case "
        "by pytest.param(…, marks=…), or once on the function."
    )


def _refuse_two_visibilities(checks: Sequence[Check]) -> None:
    import pytest

    first: dict[str, Check] = {}
    for check in checks:
        if check.points is None:
            continue
        other = first.setdefault(check.label, check)
        if other.points is not None and other.points.visibility != check.points.visibility:
            raise pytest.UsageError(
                f"{check.key}: criterion {check.label!r} is {check.points.visibility} here and "
                f"{other.points.visibility} in {other.key}; give both the same visibility."
            )


def write_plan(plan: Plan) -> str:
    """The plan as text, for the process that puts the grades together."""
    # JSON, since what a worker of pytest-xdist sends may consist of built-in types only; decimals as text,
    # so that none is rounded.
    checks: list[dict[str, Any]] = []
    for check in plan.checks:
        points = None
        if check.points is not None:
            points = {
                **vars(check.points),
                "points": str(check.points.points),
                "change": str(check.points.change),
            }
        checks.append({**vars(check), "points": points})
    return json.dumps({**vars(plan), "checks": checks, "policy": write_policy(plan.policy)})


def read_plan(text: str) -> Plan:
    """Read what ``write_plan`` wrote."""
    document = json.loads(text)
    policy = read_policy(document["policy"])
    return Plan(**{**document, "checks": tuple(map(_read_check, document["checks"])), "policy": policy})


def _read_check(item: dict[str, Any]) -> Check:
    points = item["points"]
    if points is not None:
        points = Points(
            Decimal(points["points"]),
            points["criterion"],
            tuple(points["depends"]),
            points["visibility"],
            tuple(points["tags"]),
            points["kind"],
            Decimal(points["change"]),
            points["best"],
            points["part"],
        )
    cases = tuple((nodeid, name) for nodeid, name in item["cases"])
    return Check(item["key"], item["label"], cases, points, tuple(item["requires"]))
