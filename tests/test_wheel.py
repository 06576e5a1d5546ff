"""The wheel: built from what git has, installed away from the checkout, and used there."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import sysconfig
import zipfile
from pathlib import Path

import pytest
from PIL import Image, ImageDraw

pytestmark = pytest.mark.slow

ROOT = Path(__file__).resolve().parents[1]


def run(*command: str | Path, folder: Path) -> str:
    """Run a command as a user would from ``folder``, with nothing of Python's settings inherited."""
    environment = {
        name: value for name, value in os.environ.items() if not name.startswith(("PYTHON", "PIP_"))
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
def home(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A virtual environment with the wheel; its dependencies are those of this environment.

    They are added by a ``.pth`` file, in which Python does not look for further ``.pth`` files: so the
    editable install of the checkout, which is one, does not reach it.
    """
    home = tmp_path_factory.mktemp("elsewhere") / "venv"
    run(sys.executable, "-m", "venv", "--without-pip", home, folder=home.parent)
    python = home / "bin/python"
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
    (site,) = home.glob("lib/python*/site-packages")
    paths = sysconfig.get_paths()
    (site / "dependencies.pth").write_text(f"{paths['purelib']}\n{paths['platlib']}\n")
    return home


@pytest.fixture
def empty_folder(tmp_path: Path) -> Path:
    folder = tmp_path / "empty"
    folder.mkdir()
    return folder


def test_the_wheel_has_the_package_and_its_templates_only(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        names = {name for name in archive.namelist() if ".dist-info/" not in name}
    files = committed_files()
    package = {name for name in files if name.startswith("reportgen/")}
    templates = {f"reportgen/{name}" for name in files if name.startswith("templates/")}
    assert {"reportgen/templates/report.html.j2", "reportgen/templates/report.css"} <= templates
    assert {"reportgen/contract/results.schema.json", "reportgen/contract/POINTERS.md"} <= package
    assert names == package | templates


def test_the_installed_package_is_the_one_that_is_imported(home: Path, empty_folder: Path) -> None:
    where = "import reportgen, sys; print(reportgen.__file__); print(*sys.path, sep='\\n')"
    file, *path = run(home / "bin/python", "-c", where, folder=empty_folder).splitlines()
    assert Path(file).is_relative_to(home)
    assert str(ROOT) not in path


@pytest.mark.parametrize("command", [("python", "-m", "reportgen"), ("reportgen",)])
def test_help_works_away_from_the_checkout(home: Path, empty_folder: Path, command: tuple[str, ...]) -> None:
    said = run(home / "bin" / command[0], *command[1:], "--help", folder=empty_folder)
    assert [name for name in ("build", "doctor", "fetch") if name not in said] == []
    assert list(empty_folder.iterdir()) == []


def draw_images(folder: Path) -> None:
    """Two classes of three images, one for each split: discs and bars, of varied place and colour."""
    for shape in ("disc", "bar"):
        for number, split in enumerate(("train", "val", "test")):
            image = Image.new("RGB", (240, 200), (30 * number, 60, 90))
            box = (20 + 30 * number, 40, 120 + 30 * number, 140 if shape == "disc" else 60)
            draw = ImageDraw.Draw(image)
            (draw.ellipse if shape == "disc" else draw.rectangle)(box, fill=(200, 220 - 50 * number, 40))
            file = folder / split / shape / f"{number}.png"
            file.parent.mkdir(parents=True)
            image.save(file)


def test_a_report_is_built_away_from_the_checkout(home: Path, empty_folder: Path, tmp_path: Path) -> None:
    draw_images(tmp_path / "shapes")
    command = (home / "bin/python", "-m", "reportgen", "build", "--quiet")
    run(*command, "--data", tmp_path / "shapes", "--weights", "embedded", folder=empty_folder)
    build = empty_folder / "build"
    results = json.loads((build / "results.json").read_text())
    assert sorted(results["dataset"]["classes"]) == ["bar", "disc"]
    assert results["dataset"]["counts"]["test"] == {"bar": 1, "disc": 1}
    assert results["provenance"]["weights"]["source"] == "embedded"
    html = (build / "report.html").read_text()
    assert "<style" in html
    assert "data:image/" in html
    pdf = (build / "report.pdf").read_bytes()
    assert pdf.startswith(b"%PDF-")
    assert pdf.rstrip().endswith(b"%%EOF")
