"""The code that a module runs through, beside what import-linter's own graph says."""

from __future__ import annotations

import hashlib
import re
import sys
from pathlib import Path

import grimp
import pytest

import reportgen
from reportgen import sources
from reportgen.packages import known_libraries
from reportgen.plan import SPECS

PACKAGE = Path(reportgen.__file__).parent


@pytest.fixture(scope="module")
def graph() -> grimp.ImportGraph:
    return grimp.build_graph(
        "reportgen", include_external_packages=True, exclude_type_checking_imports=True, cache_dir=None
    )


def upstream(graph: grimp.ImportGraph, module: str) -> set[str]:
    """The module, all it imports, and the packages around these, whose code runs too."""
    found, waiting = set(), {module}
    while waiting:
        name = waiting.pop()
        found.add(name)
        parts = name.split(".")
        around = {".".join(parts[:end]) for end in range(2, len(parts))}
        more = graph.find_modules_directly_imported_by(name) if name.startswith("reportgen") else set()
        waiting |= (more | around) - found
    return found


@pytest.mark.parametrize("stage", [spec.runs for spec in SPECS])
def test_every_import_is_found(graph: grimp.ImportGraph, stage: str) -> None:
    wanted = upstream(graph, stage)
    own = {name for name in wanted if name.startswith("reportgen.")}
    files = set()
    for name in own:
        place = PACKAGE.parent / name.replace(".", "/")
        file = place.with_suffix(".py") if place.with_suffix(".py").exists() else place / "__init__.py"
        files.add(file.relative_to(PACKAGE.parent).as_posix())
    assert set(sources.code_of(stage)) == files
    external = {name.split(".")[0] for name in wanted if not name.startswith("reportgen")}
    builtin = set(sys.stdlib_module_names) | {"__future__"}
    assert sources.libraries_of(stage) - builtin == external - builtin


def test_hashes_are_those_of_the_files() -> None:
    for file, sha256 in sources.code_of("reportgen.stages.pdf").items():
        assert hashlib.sha256((PACKAGE.parent / file).read_bytes()).hexdigest() == sha256


def test_no_module_is_imported_by_a_name_made_up_at_run_time() -> None:
    dynamic = {
        path.relative_to(PACKAGE).as_posix()
        for path in PACKAGE.rglob("*.py")
        if re.search(r"import_module\(|__import__\(", path.read_text(encoding="utf-8"))
    }
    # The last three import what stands in the package anyway, or what is no module of ours.
    assert dynamic == {"execution.py", "__init__.py", "api/request.py", "backend.py"}


def test_the_versions_of_every_library_are_known() -> None:
    used = set().union(*(sources.libraries_of(spec.runs) for spec in SPECS))
    assert used - set(sys.stdlib_module_names) - known_libraries() == set()


@pytest.mark.parametrize("stage", ["features", "activations"])
def test_what_takes_longest_does_not_hang_on_the_screen_or_the_document(stage: str) -> None:
    files = sources.code_of(f"reportgen.stages.{stage}")
    assert not [file for file in files if "render" in file or "figures" in file or "console" in file]
    assert "reportgen/models.py" in files
    assert "reportgen/dataset/decode.py" in files


@pytest.mark.parametrize(
    ("text", "imported"),
    [
        ("from reportgen import models\n", {"models"}),
        ("import reportgen.models\n", {"models"}),
        ("def f():\n    from reportgen.models import preprocess\n", {"models"}),
        (
            "from reportgen import (\n    models,  # the network\n    results as r,\n)\n",
            {"models", "results"},
        ),
        ("from reportgen.dataset import decode\n", {"dataset", "dataset.decode"}),
        ("if TYPE_CHECKING:\n    from reportgen import models\n\nimport reportgen.results\n", {"results"}),
        ('"""from reportgens import models"""\n', set()),
    ],
)
def test_imports_of_every_form(monkeypatch: pytest.MonkeyPatch, text: str, imported: set[str]) -> None:
    monkeypatch.setattr(sources, "_text", lambda _module: text)
    own, _ = sources._imports.__wrapped__("reportgen.any")
    assert own == {f"reportgen.{name}" for name in imported}
