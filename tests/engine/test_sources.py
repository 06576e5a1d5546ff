"""The code that a module runs through, beside what import-linter's own graph says."""

from __future__ import annotations

import hashlib
import re
import sys
from collections.abc import Iterator
from pathlib import Path

import grimp
import pytest

import reportgen
from reportgen.engine import sources
from reportgen.engine.plan import make_specs
from reportgen.outline.kind import find_kind
from reportgen.store.digests import CodeMemory
from reportgen.system.packages import known_libraries

PACKAGE = Path(reportgen.__file__).parent
RUN = sorted({module for spec in make_specs(find_kind()) for module in (spec.runs, *spec.modules)})
"""Every module that a stage runs or finds by name."""


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


@pytest.mark.parametrize("stage", RUN)
def test_every_import_is_found(graph: grimp.ImportGraph, stage: str) -> None:
    wanted = upstream(graph, stage)
    own = {name for name in wanted if name.startswith("reportgen.")}
    files = set()
    for name in own:
        location = PACKAGE.parent / name.replace(".", "/")
        file = (
            location.with_suffix(".py") if location.with_suffix(".py").exists() else location / "__init__.py"
        )
        files.add(file.relative_to(PACKAGE.parent).as_posix())
    assert set(sources.code_of(stage)) == files
    external = {name.split(".")[0] for name in wanted if not name.startswith("reportgen")}
    builtin = set(sys.stdlib_module_names) | {"__future__"}
    assert sources.libraries_of(stage) - builtin == external - builtin


SOURCE = '''"""A module."""
import os

LIMIT = 3
"""How many."""


def find(name):  # a remark
    """Find it."""
    return [name, "two"]
'''
SAME = {
    "a comment more": ("LIMIT = 3", "LIMIT = 3  # because"),
    "a comment less": ("  # a remark", ""),
    "another docstring": ("Find it.", "Find the thing."),
    "no docstring": ('    """Find it."""\n', ""),
    "words beside a constant": ("How many.", "How many there are."),
    "blank lines": ("import os\n", "import os\n\n\n"),
    "another layout": ('[name, "two"]', "[\n        name,\n        'two',\n    ]"),
}
OTHER = {
    "a number": ("LIMIT = 3", "LIMIT = 4"),
    "a text that is returned": ('"two"', '"three"'),
    "a name": ("find(name)", "find(name, _=None)"),
    "an import": ("import os", "import sys"),
    "who reads docstrings": ("import os", "import os\nprint(__doc__)"),
}


@pytest.fixture
def probe(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A package of one module that lies elsewhere."""
    (tmp_path / "probed").mkdir()
    (tmp_path / "probed/__init__.py").write_text("")
    (tmp_path / "probed/part.py").write_text(SOURCE, encoding="utf-8")
    monkeypatch.syspath_prepend(str(tmp_path))
    yield tmp_path / "probed/part.py"
    sources._root.cache_clear()
    sources._closure.cache_clear()
    sources._imports.cache_clear()
    sources._file.cache_clear()
    sources._relative_path.cache_clear()


@pytest.mark.parametrize("name", [*SAME, *OTHER])
def test_statements_count_and_nothing_else(probe: Path, name: str) -> None:
    before = sources.code_of("probed.part", reread=True)
    assert set(before) == {"probed/__init__.py", "probed/part.py"}
    old, new = (SAME | OTHER)[name]
    assert SOURCE.count(old) == 1
    probe.write_text(SOURCE.replace(old, new), encoding="utf-8")
    assert (sources.code_of("probed.part", reread=True) == before) is (name in SAME)


def test_a_docstring_counts_where_docstrings_are_read(probe: Path) -> None:
    text = f"{SOURCE}\nprint(find.__doc__)\n"
    probe.write_text(text, encoding="utf-8")
    before = sources.code_of("probed.part", reread=True)
    probe.write_text(text.replace("Find it.", "Find that."), encoding="utf-8")
    assert sources.code_of("probed.part", reread=True) != before


def test_what_counts_of_a_file_is_found_out_once(probe: Path, tmp_path: Path) -> None:
    first = CodeMemory(tmp_path / "cache")
    digests = sources.code_of("probed.part", first, reread=True)
    first.save()

    def fail() -> str:
        raise AssertionError("it is known")

    again = CodeMemory(tmp_path / "cache")
    raw = hashlib.sha256(probe.read_bytes()).hexdigest()
    assert again.obtain(raw, fail) == digests["probed/part.py"]
    file = tmp_path / "cache/code.json"
    file.write_text(file.read_text().replace(digests["probed/part.py"], "0" * 64))
    assert CodeMemory(tmp_path / "cache").obtain(raw, lambda: "found") == "found"
    assert CodeMemory(tmp_path / "cache", blind=True).obtain(raw, lambda: "found") == "found"
    unwritten = CodeMemory(tmp_path / "other", writes=False)
    unwritten.obtain(raw, lambda: "found")
    unwritten.save()
    assert not (tmp_path / "other").exists()


def test_of_a_section_elsewhere_its_own_package_counts_too(probe: Path) -> None:
    probe.write_text("from .helper import x\nimport reportgen.split\nimport numpy as np\n", encoding="utf-8")
    (probe.parent / "helper.py").write_text("x = 1\n")
    assert {"probed/helper.py", "probed/part.py", "reportgen/split.py"} <= set(sources.code_of("probed.part"))
    assert "numpy" in sources.libraries_of("probed.part")
    assert {"probed", "reportgen"} & sources.libraries_of("probed.part") == set()


FORMS = {
    "several": "import probed.a, probed.b as other, probed.c\n",
    "behind another statement": "import os; import probed.a; from probed import b; from .c import x\n",
    "behind a condition": "if True: import probed.a, probed.b\nelse: from . import c\n",
    "over lines": "import probed.a, \\\n    probed.b\nfrom . \\\n    import c\n",
    "in a function": "def f():\n    import probed.a, probed.b\n    def g(): from . import c\n",
    "tried": "try: import probed.a\nexcept ImportError: import probed.b\nfinally: import probed.c\n",
    "with a tab": "import\tprobed.a ,probed.b\nfrom\t.\timport\tc\n",
    "in brackets": "from . import (a, # d\n  b as d,\n  c,)\n",
    "unless types are checked": (
        "if TYPE_CHECKING:\n    from . import d\nelse:\n    from . import a\n"
        "if typing.TYPE_CHECKING:\n    import probed.d\n\n    from .d import x\nfrom . import b, c\n"
    ),
    "beside texts that look like it": '"""\nimport probed.d\nfrom . import d\n"""\nfrom . import a, b, c\n',
}


@pytest.mark.parametrize("name", list(FORMS))
def test_imports_of_another_package_are_found_however_they_are_written(probe: Path, name: str) -> None:
    """What it reaches, ``a``, ``b`` and ``c``, is known by how the text was made; ``d`` is not run."""
    probe.write_text(FORMS[name], encoding="utf-8")
    for letter in "abcd":
        (probe.parent / f"{letter}.py").write_text("x = 1\n")
    before = sources.code_of("probed.part", reread=True)
    assert set(before) == {f"probed/{part}.py" for part in ("__init__", "part", "a", "b", "c")}
    for letter in "abc":
        (probe.parent / f"{letter}.py").write_text("x = 2\n")
        after = sources.code_of("probed.part", reread=True)
        assert {file for file in after if after[file] != before[file]} == {f"probed/{letter}.py"}
        before = after


def test_libraries_of_another_package_are_found_however_they_are_written(probe: Path) -> None:
    probe.write_text("import os, numpy as np; import scipy.stats, h5py\n", encoding="utf-8")
    assert {"numpy", "scipy", "h5py"} <= sources.libraries_of("probed.part")


def test_no_module_is_imported_by_a_name_made_up_at_run_time() -> None:
    dynamic = {
        path.relative_to(PACKAGE).as_posix()
        for path in PACKAGE.rglob("*.py")
        if re.search(r"import_module\(|__import__\(", path.read_text(encoding="utf-8"))
    }
    # The last three import what stands in the package anyway, or what is no module of ours.
    assert dynamic == {
        *("engine/execution.py", "__init__.py", "api/child.py", "models/backend.py"),
        *("outline/kind.py", "outline/section.py"),
    }


def test_the_versions_of_every_library_are_known() -> None:
    used = set().union(*(sources.libraries_of(spec.runs) for spec in make_specs(find_kind())))
    assert used - set(sys.stdlib_module_names) - known_libraries() == set()


@pytest.mark.parametrize("stage", ["features", "activations"])
def test_what_takes_longest_does_not_hang_on_the_screen_or_the_document(stage: str) -> None:
    files = sources.code_of(f"reportgen.engine.stages.{stage}")
    later = ("/document/", "/pdf/", "/figures/", "console")
    assert not [file for file in files if any(part in file for part in later)]
    assert "reportgen/models/backbone.py" in files
    assert "reportgen/dataset/decode.py" in files


@pytest.mark.parametrize("kind", ["assignment", "architectures"])
def test_no_stage_hangs_on_how_the_settings_of_all_are_read(kind: str) -> None:
    # The values that a stage reads are in its key: another key of report.toml makes nothing run again.
    runs = {spec.runs for spec in make_specs(find_kind(kind))}
    assert [module for module in sorted(runs) if "reportgen/settings.py" in sources.code_of(module)] == []


@pytest.mark.parametrize(
    ("text", "imported"),
    [
        ("from reportgen import models\n", {"models"}),
        ("import reportgen.models.backbone\n", {"models.backbone"}),
        ("def f():\n    from reportgen.models.backbone import preprocess\n", {"models.backbone"}),
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
