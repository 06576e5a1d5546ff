"""Executes a plan: cached outcomes of stages are read, the others are computed."""

from __future__ import annotations

import importlib
from collections.abc import Set
from contextlib import nullcontext
from functools import partial

from reportgen.engine.plan import Plan, Stage, find_changes
from reportgen.engine.stages.context import Artifacts, StageContext
from reportgen.engine.stages.network import Networks
from reportgen.errors import UserError
from reportgen.outline.declaration import is_own
from reportgen.progress import Progress
from reportgen.store.cache import Cache
from reportgen.store.packing import pack, unpack


class Execution:
    """Obtains outcomes, each at most once. ``fresh`` stages are run even if their outcome is kept."""

    def __init__(
        self, plan: Plan, cache: Cache, networks: Networks, progress: Progress, fresh: Set[str] = frozenset()
    ) -> None:
        self._plan = plan
        self._cache = cache
        self._networks = networks
        self.progress = progress
        self._fresh = fresh
        # A section's outcome is read by its figures, by the results and by sections after it.
        self._outcomes: dict[str, Artifacts] = {}
        self.ran: list[str] = []

    def obtain(self, name: str) -> Artifacts:
        """The outcome of a stage. Raises what the stage raises, and ``UserError`` if its inputs change."""
        if name not in self._outcomes:
            stage = self._plan.stages[name]
            kept = self._cache.get(stage.key) if stage.spec.kept and name not in self._fresh else None
            self._outcomes[name] = self._run(stage) if kept is None else unpack(kept)
        return self._outcomes[name]

    def _run(self, stage: Stage) -> Artifacts:
        # Here and not when the stage asks: an error of a stage before it would else be blamed on the
        # section that is running.
        for name in stage.spec.after:
            self.obtain(name)
        context = StageContext(
            stage=stage,
            plan=self._plan,
            items=self._cache.items(stage.base, fresh=stage.name in self._fresh),
            progress=self.progress,
            upstream=self.obtain,
            backbone=partial(
                self._networks.load, self._plan.weights, self.progress, self._plan.settings.network
            ),
        )
        section = self._plan.kind.section(stage.spec.section) if stage.spec.section else None
        # A fault in a section of another package is its author's, and must not be reported as one of
        # reportgen's.
        with section.attributing_errors() if section else nullcontext():
            # Imported only now: a build that finds its outcomes in the cache never pays the 5.6 s of
            # TensorFlow.
            run = importlib.import_module(stage.spec.runs).run
            # What a stage returns is bytes, never objects: the cache can keep it as it is, and nothing is
            # unpickled.
            outcome: Artifacts = run(context)
            # Before it is kept: what is in the cache is believed from then on.
            if section and stage.name == section.name and not is_own(section):
                # NumPy, which a build that finds its outcomes in the cache never needs.
                from reportgen.engine.stages.outcomes import require_outcome

                require_outcome(section, outcome)
        # The outcome would be kept under the key of what was read before, and be believed from then on.
        if changed := find_changes(stage, self._plan):
            raise UserError(f"{changed[0]} was changed while the report was being made.", "Build again.")
        if stage.spec.kept:
            self._cache.put(stage.key, pack(outcome))
        self.ran.append(stage.name)
        return outcome
