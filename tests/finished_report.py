"""One report on hostile class names, built as a user would, for all tests of the document."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pikepdf
import pytest
from bs4 import BeautifulSoup
from equipment import find_tool
from PIL import Image
from sharing import MakeOnce
from tiny_data import draw_tiny_data

from reportgen.engine import pipeline
from reportgen.settings import load_settings
from reportgen.system.libraries import can_print

SECTIONS = {
    "convolution": "Convolution with one filter",
    "conv-stack": "Two convolution layers",
    "transfer": "VGG19 with a new output layer",
    "neurons": "Maximally activating patches",
    "occlusion": "Do the patches hold what the neurons respond to?",
    "channels": "Are the loudest channels those that decide?",
    "guided-backprop": "Guided backpropagation",
    "methods": "Do other methods agree?",
    "randomisation": "Do the gradient pictures depend on the network?",
    "shortcuts": "What gives the class away?",
    "errors": "Which images are confused?",
}

SETTINGS = """
group = "Group <12> & co"
date = 2026-01-31
weights = "embedded"

[[authors]]
name = "Zoë O'Neill"
roll_number = "CS-1"

[show]
neurons = 2

[occlusion]
random_boxes = 4
step = 112

[commentary]
transfer = "The *new* layer.<script>alert(2)</script> See [here](javascript:alert(3))."
"""


WINDOWS = """
sections = ["convolution", "conv_stack"]

[convolution]
filter_size = 5
stride = 2
padding = 1

[conv_stack]
filters = [3, 12]
filter_size = [4, 2]
stride = [3, 1]
padding = [2, 0]
"""
"""Other filters than usual: a remainder in both sections, an even filter, fewer maps than are shown."""


NETWORKS = """
report = "architectures"
sections = ["architectures", "best_network", "transfer", "neurons", "grad_cam"]
weights = "embedded"
layers = ["block5_conv4", "block1_conv1"]

[show]
neurons = 2

[training]
epochs = 3

[[architectures]]
name = "narrow"
layers = [
  { layer = "conv", filters = 9, size = 8 },
  { layer = "conv", filters = 2, size = 8, stride = 8, activation = "elu" },
  { layer = "flatten" },
]

[[architectures]]
name = "wide"
layers = [
  { layer = "conv", filters = 9, size = 8 },
  { layer = "conv", filters = 3, size = 8, stride = 8, activation = "elu" },
  { layer = "flatten" },
]
"""
"""What the assignment's report lacks: sections of the second one, and a second explained layer.

Whichever network is the best has maps of more values than are shown, maps that do not fill a row, and values
below zero.
"""


def snapshot(folder: Path) -> dict[str, str]:
    """The SHA-256 of every file that a reader of the build may look at."""
    files = (path for path in sorted(folder.rglob("*")) if path.is_file() and path.name != ".lock")
    return {str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest() for path in files}


def make_finished(folder: Path) -> None:
    """A project, its first build, with nothing in the cache, by the command line in a process of its own, and
    what that said.
    """
    home = folder / "home"
    draw_tiny_data(home / "data")
    (home / "report.toml").write_text(SETTINGS, encoding="utf-8")
    command = [sys.executable, "-m", "reportgen", "build", "--quiet"]
    done = subprocess.run(command, cwd=home, capture_output=True, text=True, timeout=900)
    said = {"args": command, "returncode": done.returncode, "stdout": done.stdout, "stderr": done.stderr}
    (folder / "said.json").write_text(json.dumps(said), encoding="utf-8")


@pytest.fixture(scope="session")
def home(make_once: MakeOnce) -> Path:
    """The project folder with images, settings and the first build."""
    return make_once("tiny", make_finished) / "home"


@pytest.fixture(scope="session")
def finished(home: Path) -> subprocess.CompletedProcess[str]:
    """What the first build said."""
    said = (home.parent / "said.json").read_text(encoding="utf-8")
    return subprocess.CompletedProcess(**json.loads(said))


@pytest.fixture(scope="session")
def build(home: Path, finished: subprocess.CompletedProcess[str]) -> Path:
    """The folder of the finished build."""
    # Without Pango there is everything but the PDF.
    assert finished.returncode == (0 if can_print() else 1), finished.stderr
    return home / "build"


def make_windows(folder: Path) -> None:
    """The two convolution sections alone, which need no network."""
    draw_tiny_data(folder / "data")
    (folder / "report.toml").write_text(WINDOWS, encoding="utf-8")
    built = pipeline.build(load_settings(folder=folder), folder / "data")
    assert (built.problem is None) == can_print()


@pytest.fixture(scope="session")
def windows(make_once: MakeOnce) -> Path:
    """A build with other filters than usual, ``WINDOWS``."""
    return make_once("windows", make_windows) / "build"


def make_networks(folder: Path) -> None:
    """Networks of one's own beside a stand-in for VGG19, whose numbers are shown as those of VGG19 are.

    One test image of a dog is nearly one of a cat: so the matrix of the test images is no other split's, and
    not its own mirror image.
    """
    # Imported here: whoever asks for no such report needs no TensorFlow.
    from stand_in import counting, make_home, printing_nothing

    home = make_home(folder / "home")
    with Image.open(home / "data/test/cat/0.png") as cat:
        cat.point(lambda level: level + 1).save(home / "data/test/dog/2.png")
    (home / "report.toml").write_text(NETWORKS, encoding="utf-8")
    with counting(), printing_nothing():
        pipeline.build(load_settings(folder=home), home / "data")


@pytest.fixture(scope="session")
def networks(make_once: MakeOnce) -> Path:
    """A build of the second report, ``NETWORKS``."""
    return make_once("networks", make_networks) / "home/build"


@pytest.fixture(scope="session")
def results(build: Path) -> Any:
    return json.loads((build / "results.json").read_text(encoding="utf-8"))


@pytest.fixture(scope="session")
def page(build: Path) -> BeautifulSoup:
    return BeautifulSoup((build / "report.html").read_text(encoding="utf-8"), "lxml")


@pytest.fixture(scope="session")
def paper(build: Path) -> Iterator[pikepdf.Pdf]:
    with pikepdf.open(build / "report.pdf") as paper:
        yield paper


@pytest.fixture(scope="session")
def text(build: Path) -> str:
    """The text of the PDF, white space made plain."""
    tool = find_tool("pdftotext", package="poppler-utils")
    done = subprocess.run([tool, build / "report.pdf", "-"], capture_output=True, text=True, check=True)
    return " ".join(done.stdout.split())


@pytest.fixture
def copied(home: Path, build: Path, tmp_path: Path) -> Path:
    """A project folder of one's own with the finished build in it."""
    shutil.copytree(home / "data", tmp_path / "home/data")
    shutil.copy(home / "report.toml", tmp_path / "home/report.toml")
    shutil.copytree(build, tmp_path / "home/build")
    shutil.copytree(home / ".cache", tmp_path / "home/.cache", copy_function=os.link)
    return tmp_path / "home"
