"""Which checks must come before which."""

from __future__ import annotations

import difflib
import heapq
from collections.abc import Collection, Mapping, Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from reportgen.grading.plan import Check


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
                near = difflib.get_close_matches(name, names, n=1)
                hint = f" Did you mean {near[0]!r}?" if near else ""
                raise pytest.UsageError(
                    f"{check.key}: depends on {name!r}, which is no criterion and no test function that "
                    f"was collected.{hint}"
                )
            keys.update(dict.fromkeys(names.get(name, ())))
        requires[check.key] = tuple(keys)
    return requires


def sort_stably(requires: Mapping[str, Sequence[str]]) -> list[str]:
    """The keys in their order, but each after all that it requires: of those that may come next, always
    the first. Raises ``pytest.UsageError`` naming a cycle.
    """
    place = {key: index for index, key in enumerate(requires)}
    keys = list(requires)
    missing = {key: sum(other in place for other in others) for key, others in requires.items()}
    dependants: dict[str, list[str]] = {key: [] for key in keys}
    for key, others in requires.items():
        for other in others:
            if other in place:
                dependants[other].append(key)
    ready = [place[key] for key in keys if not missing[key]]
    heapq.heapify(ready)
    ordered = []
    while ready:
        key = keys[heapq.heappop(ready)]
        ordered.append(key)
        for dependant in dependants[key]:
            missing[dependant] -= 1
            if not missing[dependant]:
                heapq.heappush(ready, place[dependant])
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
