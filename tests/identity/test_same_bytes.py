"""The same data, settings and versions give the same bytes, wherever, whenever and however they are built."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from finished_report import snapshot
from stand_in import make_home

pytestmark = [pytest.mark.slow, pytest.mark.prints]

TESTS = Path(__file__).resolve().parents[1]

BUILD = """
import os, random, sys, time
from pathlib import Path
home, days, network, threads = Path(sys.argv[1]), int(sys.argv[2]), sys.argv[3], sys.argv[4]
sys.path.insert(0, sys.argv[5])
real = time.time
time.time = lambda: real() + days * 86400
os.environ.update(TF_CPP_MIN_LOG_LEVEL="3", KERAS_BACKEND="tensorflow", SOURCE_DATE_EPOCH="0")
random.seed(days)
if threads:
    os.sched_setaffinity(0, list(os.sched_getaffinity(0))[: int(threads)])
from reportgen import pipeline
from reportgen.settings import load_settings
def build():
    built = pipeline.build(load_settings(folder=home), home / "data")
    assert built.changed and built.problem is None
if network == "stand-in":
    import numpy
    numpy.random.seed(days)
    from stand_in import counting
    with counting():
        build()
else:
    build()
"""

WAYS: dict[str, dict[str, Any]] = {
    "another folder": {},
    "another day": {"days": 400},
    "another hash seed": {"seed": "1"},
    "another time zone and language": {"TZ": "Pacific/Chatham", "LC_ALL": "C", "LANG": "C"},
    "one processor": {"threads": "1"},
    "another user": {"HOME": "/nonexistent", "USER": "else"},
}


def build_in(
    home: Path, network: str, *, days: int = 0, seed: str = "0", threads: str = "", **env: str
) -> dict[str, str]:
    """The hashes of all files of a build in a process of its own."""
    done = subprocess.run(
        [sys.executable, "-c", BUILD, str(home), str(days), network, threads, str(TESTS)],
        env={**os.environ, "PYTHONHASHSEED": seed, **env},
        cwd=home,
        capture_output=True,
        text=True,
        timeout=500,
    )
    assert done.returncode == 0, done.stderr
    return snapshot(home / "build")


@pytest.fixture(scope="module")
def original(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, str]]:
    home = make_home(tmp_path_factory.mktemp("identity") / "home")
    return home, build_in(home, "stand-in")


EVERYTHING = {name: value for options in WAYS.values() for name, value in options.items()}


def copy_project(home: Path, tmp_path: Path) -> Path:
    other = tmp_path / "quite another folder"
    shutil.copytree(home / "data", other / "data")
    shutil.copy(home / "report.toml", other)
    return other


def test_with_everything_different_at_once(original: tuple[Path, dict[str, str]], tmp_path: Path) -> None:
    home, files = original
    assert build_in(copy_project(home, tmp_path), "stand-in", **EVERYTHING) == files


@pytest.mark.timeout(1800)
@pytest.mark.parametrize("way", WAYS)
def test_with_the_real_network(home: Path, build: Path, full: bool, tmp_path: Path, way: str) -> None:
    """The first report of the other tests was built by the command line, in another process and folder."""
    if not full:
        pytest.skip("VGG19 takes long: make check-full")
    assert build_in(copy_project(home, tmp_path), "VGG19", **WAYS[way]) == snapshot(build)
