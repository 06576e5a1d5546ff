"""``make report`` and ``make test`` as on a machine that lacks libraries which WeasyPrint prints with.

``python tests/hidden_libraries.py MACHINE [OPTION OF PYTEST ...]`` for one of ``MACHINES``. Libraries are
hidden by files of their names that are no libraries, first in the loader's path: that takes no rights and no
network.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path

from reportgen.system.libraries import Library, required_libraries

ROOT = Path(__file__).resolve().parents[1]

MACHINES: Mapping[str, Callable[[Library], bool]] = {
    "no-pango": lambda library: library.name.startswith("pango"),
    "no-harfbuzz-subset": lambda library: library.name == "harfbuzz-subset",
    "none": lambda _: True,
}
"""Which libraries each machine lacks."""


SHORT = 'sections = ["convolution", "conv_stack"]\n'
"""Settings of a report that needs no network."""


def hide(machine: str, folder: Path) -> dict[str, str]:
    """The environment of such a machine; what hides the libraries is written to ``folder``."""
    for library in required_libraries():
        if MACHINES[machine](library):
            for name in library.names:
                if ".so" in name or ".dylib" in name:
                    (folder / name).write_text("not a library")
    path = "DYLD_LIBRARY_PATH" if sys.platform == "darwin" else "LD_LIBRARY_PATH"
    return {**os.environ, path: f"{folder}{os.pathsep}{os.environ.get(path, '')}".rstrip(os.pathsep)}


def find_fault(machine: str, ended: int, said: str, build: Path) -> str:
    """What is wrong with how ``make report`` ended on such a machine, or ""."""
    files = [name for name in ("report.html", "results.json") if not (build / name).exists()]
    printed = (build / "report.pdf").exists()
    if files:
        return f"no {' and no '.join(files)}"
    if machine == "no-harfbuzz-subset":
        good = printed and not ended and "HarfBuzz-Subset" in said
        return "" if good else "no PDF, no exit code 0, or no note"
    # Said before anything is computed, and once more at the end.
    good = not printed and ended != 0 and said.count("The PDF cannot be printed") == 2
    return "" if good else "a PDF, exit code 0, or no line to type"


def main(machine: str, options: list[str]) -> int:
    with tempfile.TemporaryDirectory(prefix="reportgen-hidden-") as folder:
        libraries, build = Path(folder, "lib"), Path(folder, "build")
        libraries.mkdir()
        environment = {**hide(machine, libraries), "TOOLS": ""}
        sys.stdout.write(f"As on a machine with the libraries hidden: {machine}\n")
        settings = Path(folder, "report.toml")
        # What is hidden is needed for the PDF alone, and other tests compute the whole report.
        settings.write_text("" if "--full" in options else SHORT, encoding="utf-8")
        command = ["make", "report", "SYSTEM=no", f"REPORT={settings}", f"ARGS=--build {build}"]
        done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True)
        if fault := find_fault(machine, done.returncode, done.stdout + done.stderr, build):
            sys.stdout.write(f"{done.stdout}{done.stderr}make report: {fault}\n")
            return 1
        tests = ["make", "test", "SYSTEM=no", "TOOLS=", f"ARGS={' '.join(map(_quote, options))}"]
        return subprocess.run(tests, cwd=ROOT, env=environment).returncode


def _quote(option: str) -> str:
    return f'"{option}"' if " " in option else option


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], sys.argv[2:]))
