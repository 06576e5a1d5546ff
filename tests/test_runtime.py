"""The process's surroundings: what is taken from the user's environment and what is not."""

from __future__ import annotations

import os
import pwd
import subprocess
import sys
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest

from reportgen import runtime
from reportgen.runtime import configure_environment, processor

pytestmark = pytest.mark.slow

PLAIN = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
HOSTILE = {
    "TF_ENABLE_ONEDNN_OPTS": "1",
    "TF_XLA_FLAGS": "--tf_xla_auto_jit=2",
    "TF_NUM_INTRAOP_THREADS": "1",
    "TF_USE_LEGACY_KERAS": "1",
    "TF2_BEHAVIOR": "0",
    "XLA_FLAGS": "--xla_cpu_enable_fast_math=true",
    "KERAS_BACKEND": "jax",
    "KERAS_MAX_EPOCHS": "1",
    "ONEDNN_MAX_CPU_ISA": "SSE41",
    "NVIDIA_TF32_OVERRIDE": "1",
    "CUDA_VISIBLE_DEVICES": "0",
    "NPY_DISABLE_CPU_FEATURES": "AVX2",
    "MPLBACKEND": "module://matplotlib_inline.backend_inline",
    "MATPLOTLIBRC": "/home/me/matplotlibrc",
    "SOURCE_DATE_EPOCH": "1735689600",
    "LANG": "tr_TR.UTF-8",
    "LC_NUMERIC": "de_DE.UTF-8",
    "G_DEBUG": "fatal-warnings",
    "PYTHONWARNINGS": "error",
    "PYTHONIOENCODING": "ascii",
}
USERS_OWN = {
    "KERAS_HOME": "/data/keras",
    "HOME": "/home/me",
    "PATH": "/usr/bin",
    "HTTPS_PROXY": "http://proxy:8080",
    "FONTCONFIG_FILE": "/nix/fonts.conf",
    "MPLCONFIGDIR": "/scratch/mpl",
    "TMPDIR": "/scratch",
    "OMP_NUM_THREADS": "2",
}


def call(
    *arguments: object, folder: Path, code: int, closed: str = "", **env: str
) -> subprocess.CompletedProcess[bytes]:
    """Run the command in an environment of nothing but ``env`` and what a shell needs."""
    words = [sys.executable, "-m", "reportgen", *map(str, arguments)]
    command = ["/bin/sh", "-c", f'exec "$@" {closed}', "sh", *words]
    done = subprocess.run(command, cwd=folder, env={**PLAIN, **env}, capture_output=True, timeout=200)
    assert done.returncode == code, done.stderr.decode("utf-8", "replace")
    return done


def test_whatever_was_set_the_same_is_set_afterwards() -> None:
    clean, hostile = dict(USERS_OWN), {**USERS_OWN, **HOSTILE}
    configure_environment(clean)
    configure_environment(hostile)
    assert hostile == clean
    assert {name: clean[name] for name in USERS_OWN} == USERS_OWN
    assert not any(clean.get(name) == value for name, value in HOSTILE.items())
    again = dict(clean)
    configure_environment(again)
    assert again == clean


@pytest.mark.parametrize("home", [{}, {"HOME": ""}], ids=["none", "empty"])
@pytest.mark.parametrize("known", [True, False], ids=["a user", "nobody"])
def test_there_is_always_a_home_to_ask_for(
    monkeypatch: pytest.MonkeyPatch, home: dict[str, str], known: bool
) -> None:
    def find(_: int) -> Any:
        if not known:
            raise KeyError("uid not found")
        return pwd.struct_passwd(("me", "x", 1, 1, "", "/home/me", "/bin/sh"))

    monkeypatch.setattr(pwd, "getpwuid", find)
    environment = dict(home)
    configure_environment(environment)
    monkeypatch.delenv("HOME")
    if "HOME" in environment:
        monkeypatch.setenv("HOME", environment["HOME"])
    found = Path("~/.keras").expanduser()
    assert found == Path("/home/me/.keras" if known else "/nonexistent/.keras")


@pytest.mark.long
@pytest.mark.parametrize(
    ("env", "encoding"),
    [
        ({"PYTHONIOENCODING": "ascii"}, "ascii"),
        ({"PYTHONIOENCODING": "latin-1"}, "latin-1"),
        ({"PYTHONIOENCODING": "ascii:strict", "LC_ALL": "C", "PYTHONUTF8": "0"}, "ascii"),
        ({"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}, "ascii"),
        ({}, "utf-8"),
    ],
    ids=["ascii", "latin-1", "ascii, C", "C", "utf-8"],
)
def test_every_text_can_be_printed(tmp_path: Path, env: dict[str, str], encoding: str) -> None:
    """To standard error, a remedy with an arrow; to standard output, a report's name in other letters."""
    from small_results import write_build

    build = write_build(tmp_path / "отчёт")
    rubric = tmp_path / "r.toml"
    rubric.write_text(
        '[[check]]\ncriterion = "Größe → зебра"\npoints = 4\npointer = "/transfer/feature_size"\n'
        "expected = 511\n",
        encoding="utf-8",
    )
    graded = call("grade", build, "--rubric", rubric, folder=tmp_path, code=1, **env)
    said = graded.stdout.decode(encoding)
    assert "Total" in said
    displayed = {"utf-8": "Größe → зебра", "latin-1": "Größe -> \\u0437", "ascii": "Gr\\xf6\\xdfe -> \\u0437"}
    assert displayed[encoding] in said
    missing = call("grade", tmp_path / "зебра", "--rubric", rubric, folder=tmp_path, code=2, **env)
    words = missing.stderr.decode(encoding)
    assert ("→ Name a build folder" if encoding == "utf-8" else "-> Name a build folder") in words
    assert missing.stdout == b""


@pytest.mark.long
@pytest.mark.parametrize("closed", ["<&-", ">&-", "2>&-", "<&- >&- 2>&-"])
def test_a_stream_may_be_closed(tmp_path: Path, closed: str) -> None:
    from small_results import write_build

    grades = tmp_path / "grades.json"
    call("grade", write_build(tmp_path / "build"), "--json", grades, folder=tmp_path, code=1, closed=closed)
    assert grades.read_text(encoding="utf-8").startswith("{")


def test_names_of_files_are_utf_8_in_every_locale(tmp_path: Path) -> None:
    image = tmp_path / "data/train/зебра/кадр.jpg"
    image.parent.mkdir(parents=True)
    image.write_bytes(b"")
    for env in ({}, {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}):
        done = call(
            "build", "--data", "data", "--quiet",
            folder=tmp_path, code=2, PYTHONIOENCODING="utf-8", **env,
        )  # fmt: skip
        assert "зебра/кадр.jpg" in done.stderr.decode("utf-8")


def test_python_s_own_variables_change_nothing(tmp_path: Path) -> None:
    """Without its docstrings the help would be empty, and without assertions everything would pass."""
    from small_results import write_build

    env = {"PYTHONOPTIMIZE": "2", "PYTHONWARNINGS": "error", "PYTHONDEVMODE": "1"}
    build = write_build(tmp_path / "build")
    (tmp_path / "helper.py").write_text("def refuse():\n    assert False, 'as it should'\n")
    (tmp_path / "test_a.py").write_text(
        "import pytest\nfrom helper import refuse\n@pytest.mark.points(1)\ndef test_a(): refuse()\n"
    )
    call("grade", build, "--rubric", tmp_path / "test_a.py", folder=tmp_path, code=1, **env)
    clean = call("grade", "--help", folder=tmp_path, code=0)
    assert call("grade", "--help", folder=tmp_path, code=0, **env).stdout == clean.stdout


def test_files_of_the_current_folder_are_not_taken_for_libraries(tmp_path: Path) -> None:
    for name in ("random", "keras", "typer", "tempfile", "numbers", "settings"):
        (tmp_path / f"{name}.py").write_text("raise SystemExit('taken for a library')")
    assert call("--version", folder=tmp_path, code=0).stdout.startswith(b"reportgen ")
    call("grade", "nowhere", folder=tmp_path, code=2)


def test_the_processor_is_the_one_that_numpy_finds() -> None:
    # Named as in numpy.show_runtime, which only prints them.
    features = import_module("numpy._core._multiarray_umath").__cpu_features__
    reported = processor().replace(",", "").split()
    assert reported[0] == os.uname().machine
    if not Path("/proc/cpuinfo").exists() or reported[0] != "x86_64":
        pytest.skip("the instruction sets are read on Linux, and compared on x86-64")
    for theirs, ours in {"AVX": "avx", "AVX2": "avx2", "FMA3": "fma", "AVX512F": "avx512f"}.items():
        assert (ours in reported) == features[theirs]


def test_another_processor_is_another_key(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    from stand_in import make_home

    from reportgen.dataset.inventory import take_inventory
    from reportgen.engine.plan import make_plan, make_specs
    from reportgen.outline.kind import find_kind
    from reportgen.settings import load_settings
    from reportgen.templates import open_templates
    from reportgen.weights import locate_weights

    home = make_home(tmp_path)
    settings = load_settings(folder=home)
    inventory = take_inventory(home / "data", settings.seed)

    def keys(kind: str) -> dict[str, tuple[str, str]]:
        monkeypatch.setattr("reportgen.engine.plan.processor", lambda: kind)
        plan = make_plan(settings, inventory, locate_weights("embedded"), open_templates())
        return {name: (stage.key, stage.base) for name, stage in plan.stages.items()}

    one, other = keys("x86_64, avx2"), keys("x86_64, avx512f")
    for name in ("convolution", "conv_stack", "features", "transfer", "activations", "guided_backprop"):
        assert one[name][0] != other[name][0]
        assert one[name][1] != other[name][1]
    assert keys("x86_64, avx2") == one
    assert len(one) == len(make_specs(find_kind()))


def test_what_is_set_for_libraries_is_part_of_the_code_that_computes() -> None:
    from reportgen.engine.plan import make_specs
    from reportgen.engine.sources import code_of, libraries_of
    from reportgen.outline.kind import find_kind

    computing = [spec.runs for spec in make_specs(find_kind()) if "keras" in libraries_of(spec.runs)]
    assert len(computing) >= 5
    for runs in computing:
        assert {"reportgen/models/backend.py", "reportgen/runtime.py"} <= set(code_of(runs)), runs


def test_the_error_handler_leaves_reading_alone() -> None:
    with pytest.raises(UnicodeDecodeError):
        runtime._replace(UnicodeDecodeError("ascii", b"\xff", 0, 1, "ordinal not in range"))


@pytest.mark.parametrize("argument", ["--help", "--no-such-option"])
def test_at_its_end_python_looks_at_nothing_again(argument: str) -> None:
    """Red if a process with TensorFlow looks for garbage among all of it before it ends, for two seconds, or
    for every 700 objects that it makes.
    """
    code = (
        "import atexit, gc, sys\n"
        "tell = lambda: print(gc.get_freeze_count(), len(gc.get_objects()), gc.get_threshold()[0])\n"
        "atexit.register(tell)\n"
        f"sys.argv = ['reportgen', '{argument}']\nfrom reportgen.__main__ import main\nmain()"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60)
    assert done.returncode == (0 if argument == "--help" else 2)
    frozen, left, threshold = map(int, done.stdout.splitlines()[-1].split())
    assert frozen > 10 * left
    assert threshold >= 50_000
