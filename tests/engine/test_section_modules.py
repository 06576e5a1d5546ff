"""What a stage loads of a section by name is among the modules whose code its key counts."""

from __future__ import annotations

import subprocess
import sys
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
from reportgen.outline.kind import find_kind
from reportgen.outline.section import Section
from reportgen.settings import load_settings


@pytest.mark.long
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
    assert len(used["results"]) == 22  # eleven sections' result types and claims
    assert "reportgen.sections.guided_backprop.page" in used["html"]
    for name, modules in used.items():
        counted = {file for module in (specs[name].runs, *specs[name].modules) for file in code_of(module)}
        files = {f"{module.replace('.', '/')}.py" for module in modules}
        assert files <= counted, name


@pytest.mark.long
@pytest.mark.parametrize("name", [section.name for section in find_kind()])
def test_a_computation_is_loaded_before_tensorflow_is(name: str) -> None:
    """Keras is set, and muffled, by what the computation calls first; a cached one needs none at all."""
    code = (
        "import sys\n"
        f"import reportgen.sections.{name}.compute\n"
        "print(sorted({'tensorflow', 'keras'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    assert (done.stdout, done.stderr) == ("[]\n", "")
