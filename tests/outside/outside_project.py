"""A project whose reports have parts that packages outside reportgen bring along."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import sysconfig
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from bs4 import BeautifulSoup
from tiny_data import draw_tiny_data

ROOT = Path(__file__).resolve().parents[2]


def make_environment(folder: Path, packages: Sequence[str], installed: str, entry_points: str) -> Path:
    """A virtual environment with this reportgen and its libraries.

    The ``packages`` of this folder can be imported there, and ``installed`` is a distribution with these
    ``entry_points``.
    """
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", folder], check=True)
    (site,) = folder.glob("lib/python*/site-packages")
    paths = sysconfig.get_paths()
    (site / "dependencies.pth").write_text(f"{paths['purelib']}\n{paths['platlib']}\n{ROOT}\n")
    for name in packages:
        shutil.copytree(Path(__file__).with_name(name), site / name)
    described = site / f"{installed}-1.0.dist-info"
    described.mkdir()
    (described / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {installed}\nVersion: 1.0\n")
    (described / "entry_points.txt").write_text(entry_points)
    return folder


class Project:
    """A folder with images and settings, and the program that has the package."""

    def __init__(self, environment: Path, folder: Path, settings: str) -> None:
        self.environment, self.folder = environment, folder
        draw_tiny_data(folder / "data")
        self.write_settings(settings)

    def write_settings(self, text: str) -> None:
        (self.folder / "report.toml").write_text(text, encoding="utf-8")

    def run(self, *arguments: str | Path, code: int = 0) -> subprocess.CompletedProcess[str]:
        return self.python("-m", "reportgen", *arguments, code=code)

    def python(self, *arguments: str | Path, code: int = 0) -> subprocess.CompletedProcess[str]:
        clean = {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")}
        done = subprocess.run(
            [self.environment / "bin/python", *arguments],
            cwd=self.folder, env=clean, capture_output=True, text=True, timeout=500,
        )  # fmt: skip
        assert done.returncode == code, f"{arguments}\n{done.stdout}\n{done.stderr}"
        return done

    def results(self, build: str = "build") -> Any:
        return json.loads((self.folder / build / "results.json").read_bytes())

    def page(self) -> BeautifulSoup:
        return BeautifulSoup((self.folder / "build/report.html").read_text(encoding="utf-8"), "lxml")

    def forge(self, folder: Path, section: str, key: str, value: float) -> str:
        """Copy the build without its PDF, with another number for the first class; returns its pointer."""
        shutil.copytree(self.folder / "build", folder, ignore=shutil.ignore_patterns("report.pdf", ".lock"))
        document = self.results()
        label = next(iter(document[section][key]))
        document[section][key][label] = value
        (folder / "results.json").write_text(json.dumps(document), encoding="utf-8")
        return f"/{section}/{key}/{label}"
