"""The same data, settings and versions give the same bytes, wherever, whenever and however they are built."""

from __future__ import annotations

import json
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
foreign, printing = sys.argv[6] == "foreign", sys.argv[7] == "printing"
real = time.time
time.time = lambda: real() + days * 86400
random.seed(days)
if threads:
    os.sched_setaffinity(0, list(os.sched_getaffinity(0))[: int(threads)])
if foreign:
    import keras  # set up for something else, as in a notebook
    keras.config.set_dtype_policy("mixed_float16")
elif network == "stand-in":
    from reportgen.models.backend import load_keras  # as the first stage does it, before what stands in
    load_keras()
from reportgen.runtime import configure_process
configure_process()
from reportgen.engine import pipeline
from reportgen.settings import load_settings
def build():
    built = pipeline.build(load_settings(folder=home), home / "data")
    assert built.changed and built.problem is None
if network == "stand-in":
    import numpy
    numpy.random.seed(days)
    from stand_in import counting, print_nothing
    if not printing:
        from reportgen.engine.stages import pdf
        pdf.print_pdf = print_nothing
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
    "a keras.json of float64": {"keras": {"floatx": "float64", "epsilon": 1e-3}},
    "variables of TensorFlow": {
        "TF_ENABLE_ONEDNN_OPTS": "1",
        "TF_XLA_FLAGS": "--tf_xla_auto_jit=2 --tf_xla_cpu_global_jit",
        "TF_NUM_INTRAOP_THREADS": "1",
        "OMP_NUM_THREADS": "1",
        "ONEDNN_MAX_CPU_ISA": "SSE41",
        "NPY_DISABLE_CPU_FEATURES": "AVX2 FMA3",
        "OPENBLAS_CORETYPE": "Nehalem",
    },
    "a notebook's drawing": {"MPLBACKEND": "module://matplotlib_inline.backend_inline"},
    "another date": {"SOURCE_DATE_EPOCH": "1735689600"},
    "warnings as errors": {"PYTHONWARNINGS": "error"},
}


def build_in(
    home: Path,
    network: str,
    *,
    days: int = 0,
    seed: str = "0",
    threads: str = "",
    keras: object = None,
    foreign: bool = False,
    printing: bool = True,
    **env: str,
) -> dict[str, str]:
    """The hashes of all files of a build in a process of its own, for which ``keras`` is its keras.json.

    With ``foreign``, Keras was already imported by somebody who likes it otherwise. Without ``printing`` a
    stand-in builds everything but the PDF.
    """
    clean = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
    if keras is not None:
        env["KERAS_HOME"] = str(home / "keras")
        (home / "keras").mkdir()
        (home / "keras/keras.json").write_text(keras if isinstance(keras, str) else json.dumps(keras))
    words = (days, network, threads, TESTS, "foreign" if foreign else "", "printing" if printing else "")
    done = subprocess.run(
        [sys.executable, "-c", BUILD, str(home), *map(str, words)],
        env={**clean, "PYTHONHASHSEED": seed, **env},
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


@pytest.mark.long
def test_with_everything_different_at_once(original: tuple[Path, dict[str, str]], tmp_path: Path) -> None:
    home, files = original
    assert build_in(copy_project(home, tmp_path), "stand-in", **EVERYTHING) == files


def without_pdf(files: dict[str, str]) -> dict[str, str]:
    """The files but for the PDF and the record, which has its hash."""
    assert {"report.html", "report.pdf", "results.json", ".record.json"} < files.keys()
    return {name: sha256 for name, sha256 in files.items() if name not in ("report.pdf", ".record.json")}


@pytest.mark.long
@pytest.mark.parametrize(
    "keras",
    [
        {"floatx": "float16", "image_data_format": "channels_first", "backend": "jax", "epsilon": 0.1},
        '{"floatx": "float31"}',
    ],
    ids=["foreign", "wrong"],
)
def test_with_a_configuration_of_keras(
    original: tuple[Path, dict[str, str]], tmp_path: Path, keras: object
) -> None:
    """The first in a process where Keras has been imported with it, and set to half precision since.

    What the PDF is printed from and has attached is among the files; the printer knows nothing of Keras.
    """
    home, files = original
    foreign = isinstance(keras, dict)
    options: dict[str, Any] = {"foreign": foreign, "KERAS_BACKEND": "tensorflow" if foreign else "torch"}
    made = build_in(copy_project(home, tmp_path), "stand-in", keras=keras, printing=False, **options)
    assert without_pdf(made) == without_pdf(files)


@pytest.mark.timeout(1800)
@pytest.mark.parametrize("way", WAYS)
def test_with_the_real_network(home: Path, build: Path, full: bool, tmp_path: Path, way: str) -> None:
    """The first report of the other tests was built by the command line, in another process and folder."""
    if not full:
        pytest.skip("VGG19 takes long: make check-full")
    assert build_in(copy_project(home, tmp_path), "VGG19", **WAYS[way]) == snapshot(build)
