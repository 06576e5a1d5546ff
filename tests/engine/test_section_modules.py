"""What a stage loads of a section by name is among the modules whose code its key counts."""

from __future__ import annotations

from collections import defaultdict
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from stand_in import counting, make_home

from reportgen.engine import pipeline
from reportgen.engine.execution import Execution
from reportgen.engine.plan import Stage
from reportgen.engine.sources import code_of
from reportgen.outline.section import Section
from reportgen.settings import load_settings


def test_no_module_of_a_section_is_used_that_the_key_does_not_count(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    home = make_home(tmp_path)
    running: list[Stage] = []
    used: dict[str, set[str]] = defaultdict(set)
    specs = {}
    run, load = Execution._run, Section.load

    def run_noting(self: Execution, stage: Stage) -> Any:
        running.append(stage)
        specs[stage.name] = stage.spec
        try:
            return run(self, stage)
        finally:
            running.pop()

    def load_noting(self: Section, name: str) -> ModuleType | None:
        found = load(self, name)
        if running and found is not None:
            used[running[-1].name].add(found.__name__)
        return found

    monkeypatch.setattr(Execution, "_run", run_noting)
    monkeypatch.setattr(Section, "load", load_noting)
    with counting():
        pipeline.build(load_settings(folder=home), home / "data")
    assert len(used["results"]) == 18  # nine sections' result types and claims
    assert "reportgen.sections.guided_backprop.page" in used["html"]
    for name, modules in used.items():
        counted = {file for module in (specs[name].runs, *specs[name].modules) for file in code_of(module)}
        files = {f"{module.replace('.', '/')}.py" for module in modules}
        assert files <= counted, name
