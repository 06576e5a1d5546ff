"""File systems that lack something, made of this one: C functions put before those of the system."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest


def compile_shim(folder: Path, functions: dict[str, str]) -> dict[str, str]:
    """The environment in which each of these C functions (its head) fails with an error (its name)."""
    compiler = shutil.which("cc") or shutil.which("gcc")
    if compiler is None or os.uname().sysname != "Linux":
        pytest.skip("no C compiler, or no loader that takes functions of one's own, to stand for such a disk")
    code = "#include <errno.h>\n#include <sys/types.h>\n#include <sys/stat.h>\n"
    for head, error in functions.items():
        code += f"{head} {{ errno = {error}; return -1; }}\n"
    source, library = folder / "shim.c", folder / "shim.so"
    source.write_text(code, encoding="utf-8")
    subprocess.run([compiler, "-shared", "-fPIC", "-w", "-o", str(library), str(source)], check=True)
    return {**os.environ, "LD_PRELOAD": str(library)}
