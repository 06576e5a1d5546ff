"""The key of a group changes with everything that judges it, also in packages elsewhere."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from reportgen.batch import contents
from reportgen.batch.attempt import identify_program
from reportgen.engine import sources
from reportgen.outline.kind import ReportKind, find_section
from reportgen.outline.section import Reads, Section

FILES = {
    "__init__.py": "",
    "section.py": "N = 1\n",
    "result.py": "from reportgen.results.fields import Result\n\nclass Judged(Result):\n    n: int = 1\n",
    "compute.py": "def run(context):\n    return {}\n",
    "claims.py": "def decide(numbers):\n    return []\n",
    "checks.py": "CHECKS = {'n': 1}\n",
    "comparison.py": "from judged.limits import LIMIT\n",
    "limits.py": "LIMIT = 1\n",
    "rubric.toml": "# n = 1\n",
    "templates/sections/judged.html.j2": "n = 1\n",
}


@pytest.fixture
def judged(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Section]:
    for name, text in FILES.items():
        file = tmp_path / "judged" / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8")
    monkeypatch.syspath_prepend(tmp_path)
    yield Section("judged", "Judged", "judged", "Judged", "Nothing.", Reads())
    for name in [name for name in sys.modules if name.partition(".")[0] == "judged"]:
        del sys.modules[name]


def identify(kind: ReportKind) -> str:
    """As a new process does it, which remembers no file."""
    for module in (sources, contents):
        for function in vars(module).values():
            if hasattr(function, "cache_clear"):
                function.cache_clear()
    return identify_program(kind)


@pytest.mark.long
def test_each_file_that_judges_is_in_the_key(judged: Section) -> None:
    kind = ReportKind("assignment", "1.0", (judged,))
    before = identify(kind)
    assert identify(kind) == before
    for name in FILES.keys() - {"__init__.py"}:
        file = judged.folder / name
        file.write_text(FILES[name].replace("1", "2"), encoding="utf-8")
        if FILES[name] != file.read_text("utf-8"):
            assert identify(kind) != before, name
        file.write_text(FILES[name], encoding="utf-8")
    assert identify(kind) == before


@pytest.mark.long
@pytest.mark.parametrize(("name", "module"), [("transfer", "checks"), ("randomisation", "comparison")])
def test_so_are_those_of_reportgen_s_own_sections(
    name: str, module: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    section = find_section(name)
    file = section.folder / f"{module}.py"
    assert file.exists()
    kind = ReportKind("assignment", "1.0", (section,))
    before = identify(kind)
    read = Path.read_bytes

    def changed(path: Path) -> bytes:
        return read(path) + (b"\nCHANGED = 1\n" if path == file else b"")

    monkeypatch.setattr(Path, "read_bytes", changed)
    assert identify(kind) != before


def test_a_check_that_only_another_section_brings_is_in_it(monkeypatch: pytest.MonkeyPatch) -> None:
    """A rubric of the class may name it, whatever the report is made of."""
    kind = ReportKind("assignment", "1.0", (find_section("convolution"),))
    file = find_section("transfer").folder / "checks.py"
    before, read = identify(kind), Path.read_bytes
    monkeypatch.setattr(
        Path, "read_bytes", lambda path: read(path) + (b"\nCHANGED = 1\n" if path == file else b"")
    )
    assert identify(kind) != before
