"""The libraries that WeasyPrint prints with, beside what WeasyPrint itself and the loader say."""

from __future__ import annotations

import importlib.util
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from hidden_libraries import MACHINES, hide

from reportgen.engine.plan import named_versions
from reportgen.system import libraries
from reportgen.system.libraries import describe_subsetter, find_missing, printer_versions, required_libraries

ASK = """
import json
from reportgen.system.libraries import can_print, describe_subsetter, find_missing, printer_versions
missing = [library.name for library in find_missing()]
print(json.dumps([missing, can_print(), printer_versions(), describe_subsetter()]))
"""
TRY = "import warnings; warnings.simplefilter('ignore'); import weasyprint"


def run_on(machine: str, folder: Path, code: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-c", code]
    return subprocess.run(command, env=hide(machine, folder), capture_output=True, text=True, timeout=60)


@pytest.mark.prints
def test_the_libraries_are_those_that_weasyprint_opens(monkeypatch: pytest.MonkeyPatch) -> None:
    from weasyprint.text import ffi

    code = Path(ffi.__file__).read_text(encoding="utf-8")
    opened: list[tuple[tuple[str, ...], bool]] = []

    def note(_ffi: Any, *names: str, allow_fail: bool = False) -> Any:
        opened.append((names, allow_fail))
        return ffi.pango

    # WeasyPrint's own module once more, with an opener that only writes down what it is asked for.
    inner = code[code.index("gobject = _dlopen(") : code.index("if harfbuzz_subset is None")]
    exec(inner, {"_dlopen": note, "ffi": None})  # noqa: S102
    assert [(library.names, library.optional) for library in required_libraries()] == opened
    assert {"pango-1.0", "harfbuzz-subset", "fontconfig"} <= {
        library.name for library in required_libraries()
    }


@pytest.mark.prints
def test_the_versions_are_what_weasyprint_prints_with(monkeypatch: pytest.MonkeyPatch) -> None:
    from weasyprint.text import ffi

    def read(function: Any) -> str:
        return str(ffi.ffi.string(function()).decode())

    ffi.ffi.cdef(
        "const char* pango_version_string(void); const char* hb_version_string(void);", override=True
    )
    versions = printer_versions()
    assert versions["pango"] == read(ffi.pango.pango_version_string)
    if ffi.harfbuzz_subset is not None and ffi.harfbuzz.hb_version_atleast(4, 1, 0):
        assert versions == {
            "pango": versions["pango"],
            "harfbuzz-subset": read(ffi.harfbuzz.hb_version_string),
        }
        assert describe_subsetter() == ""
    else:
        assert "fonttools" in versions
    assert versions.items() <= named_versions().items()


@pytest.mark.prints
def test_an_old_harfbuzz_leaves_subsetting_to_fonttools(monkeypatch: pytest.MonkeyPatch) -> None:
    real = libraries._ask_version
    monkeypatch.setattr(
        libraries, "_ask_version", lambda one, name: "4.0.1" if name.startswith("hb") else real(one, name)
    )
    assert set(printer_versions()) == {"pango", "fonttools"}
    assert "HarfBuzz-Subset" in describe_subsetter()


@pytest.mark.prints
@pytest.mark.parametrize("machine", MACHINES)
def test_what_is_found_missing_is_what_weasyprint_misses(machine: str, tmp_path: Path) -> None:
    missing, can_print, versions, shortcoming = json.loads(run_on(machine, tmp_path, ASK).stdout)
    here = {library.name for library in find_missing()}
    hidden = {library.name for library in required_libraries() if MACHINES[machine](library)}
    assert set(missing) == hidden | here
    assert can_print == (run_on(machine, tmp_path, TRY).returncode == 0)
    assert can_print == bool(versions) == (machine == "no-harfbuzz-subset")
    assert bool(shortcoming) == ("fonttools" in versions) == can_print


def test_without_weasyprint_nothing_is_known(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda _name: None)
    assert required_libraries() == ()
    assert printer_versions() == {}
