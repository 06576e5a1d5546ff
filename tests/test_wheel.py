"""The wheel: built from what git has, installed away from the checkout, and used there."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import sysconfig
import zipfile
from pathlib import Path

import pytest
from finished_report import snapshot

from reportgen.grading.shipped import write_rubric

pytestmark = pytest.mark.slow

ROOT = Path(__file__).resolve().parents[1]


def run(*command: str | Path, folder: Path) -> str:
    """Run a command as a user would from ``folder``, without Python's and make's settings."""
    environment = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("PYTHON", "PIP_", "MAKE", "MFLAGS", "ARGS"))
    }
    done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, timeout=500)
    assert done.returncode == 0, f"{command}\n{done.stdout}\n{done.stderr}"
    return done.stdout


def committed_files() -> list[str]:
    """What a clone would have: the files that git knows or would add, as paths from the root."""
    listed = run("git", "ls-files", "-z", "--cached", "--others", "--exclude-standard", folder=ROOT)
    return [name for name in listed.split("\0") if (ROOT / name).is_file()]


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel, built without network by the hatchling installed here."""
    if not (ROOT / ".git").exists():
        pytest.skip("not a git checkout, so what a clone would have is not known")
    clone = tmp_path_factory.mktemp("clone")
    for name in committed_files():
        (clone / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(ROOT / name, clone / name)
    out = tmp_path_factory.mktemp("dist")
    run(sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", out, folder=clone)
    (built,) = out.iterdir()
    return built


@pytest.fixture(scope="module")
def environment(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A virtual environment with the wheel; its dependencies are those of this environment.

    They are added by a ``.pth`` file, in which Python does not look for further ``.pth`` files: so the
    editable install of the checkout, which is one, does not reach it.
    """
    environment = tmp_path_factory.mktemp("elsewhere") / "venv"
    run(sys.executable, "-m", "venv", "--without-pip", environment, folder=environment.parent)
    python = environment / "bin/python"
    run(
        sys.executable,
        "-m",
        "pip",
        "--python",
        python,
        "install",
        "--no-deps",
        "--no-index",
        wheel,
        folder=ROOT,
    )
    (site,) = environment.glob("lib/python*/site-packages")
    paths = sysconfig.get_paths()
    (site / "dependencies.pth").write_text(f"{paths['purelib']}\n{paths['platlib']}\n")
    return environment


@pytest.fixture
def empty_folder(tmp_path: Path) -> Path:
    folder = tmp_path / "empty"
    folder.mkdir()
    return folder


def test_the_wheel_has_the_package_its_templates_and_settings_only(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        names = {name for name in archive.namelist() if ".dist-info/" not in name}
    files = committed_files()
    package = {name for name in files if name.startswith("reportgen/")}
    templates = {f"reportgen/{name}" for name in files if name.startswith("templates/")}
    assert {"reportgen/templates/report.html.j2", "reportgen/templates/report.css"} <= templates
    assert {"reportgen/contract/results.schema.json", "reportgen/contract/POINTERS.md"} <= package
    assert names == package | templates | {"reportgen/report.toml"}


def test_the_installed_package_is_the_one_that_is_imported(environment: Path, empty_folder: Path) -> None:
    where = "import reportgen, sys; print(reportgen.__file__); print(*sys.path, sep='\\n')"
    file, *path = run(environment / "bin/python", "-c", where, folder=empty_folder).splitlines()
    assert Path(file).is_relative_to(environment)
    assert str(ROOT) not in path


def test_a_fault_finds_the_distribution_under_the_name_that_it_was_built_with(
    wheel: Path, environment: Path, empty_folder: Path
) -> None:
    ask = "from importlib import metadata; from reportgen.faults import DISTRIBUTION as name; "
    said = run(
        environment / "bin/python",
        "-c",
        f"{ask}print(metadata.distribution(name).locate_file(''))",
        folder=empty_folder,
    )
    assert Path(said.strip()).is_relative_to(environment)
    assert wheel.name.startswith("cnn_reportgen-")


@pytest.mark.parametrize("command", [("python", "-m", "reportgen"), ("reportgen",)])
def test_help_works_away_from_the_checkout(
    environment: Path, empty_folder: Path, command: tuple[str, ...]
) -> None:
    said = run(environment / "bin" / command[0], *command[1:], "--help", folder=empty_folder)
    assert [name for name in ("build", "doctor", "fetch") if name not in said] == []
    assert list(empty_folder.iterdir()) == []


def test_a_project_begins_away_from_the_checkout(environment: Path, empty_folder: Path) -> None:
    run(environment / "bin/reportgen", "init", "mine", folder=empty_folder)
    assert (empty_folder / "mine/report.toml").read_bytes() == (ROOT / "report.toml").read_bytes()
    assert (empty_folder / "mine/rubric.toml").read_text(encoding="utf-8") == write_rubric()
    (empty_folder / "mine/.venv").symlink_to(environment)
    assert "make" not in run("make", "doctor", folder=empty_folder / "mine").lower()


@pytest.mark.long
def test_the_report_built_away_from_the_checkout_is_the_same_to_the_byte(
    environment: Path, home: Path, tmp_path: Path
) -> None:
    """Of the sections that run no VGG19: its weights are no part of the wheel."""
    settings = (home / "report.toml").read_text(encoding="utf-8").partition("[commentary]")[0]
    made: dict[str, dict[str, str]] = {}
    programs: dict[str, list[str | Path]] = {
        "here": [sys.executable, "-m", "reportgen"],
        "away": [environment / "bin/reportgen"],
    }
    for name, program in programs.items():
        folder = tmp_path / name
        folder.mkdir()
        chosen = f'sections = ["convolution", "conv_stack"]\n{settings}'
        (folder / "report.toml").write_text(chosen, encoding="utf-8")
        run(*program, "build", "--quiet", "--data", home / "data", folder=folder)
        made[name] = snapshot(folder / "build")
    assert made["away"] == made["here"]
    assert {"report.html", "report.pdf", "results.json", "arrays/conv_stack.npz"} < set(made["away"])
