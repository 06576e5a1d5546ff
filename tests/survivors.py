"""Projects to harm, and the process that builds them."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from finished_report import snapshot

SERVER = Path(__file__).with_name("survival") / "build_server.py"
SECTIONS = 'sections = ["convolution", "transfer", "neurons", "guided_backprop"]'
"""Of what is drawn and computed, of trained weights, and of what is kept of each image."""

Job = dict[str, Any]
Build = Callable[..., list[dict[str, Any]]]


def job(home: Path, harm: str = "", at: int = 0, **more: Any) -> Job:
    return {"home": str(home), "harm": harm, "at": at, **more}


@pytest.fixture(scope="session")
def builds(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Build]:
    """Call with jobs: they are done at the same time, and the answers come in the order of the jobs."""
    command = [sys.executable, str(SERVER), str(tmp_path_factory.mktemp("answers"))]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    ) as server:
        assert server.stdin is not None
        assert server.stdout is not None
        assert server.stdout.readline() == "ready\n"

        def run(*jobs: Job) -> list[dict[str, Any]]:
            server.stdin.write(json.dumps(jobs) + "\n")  # type: ignore[union-attr]
            server.stdin.flush()  # type: ignore[union-attr]
            answers: list[dict[str, Any]] = json.loads(server.stdout.readline())  # type: ignore[union-attr]
            return answers

        yield run
        server.stdin.close()


def report(home: Path) -> dict[str, str]:
    """The hashes of the files of the last set."""
    files = snapshot(home / "build")
    return {name: sha256 for name, sha256 in files.items() if not name.startswith(("previous/", "."))}


@pytest.fixture(scope="session")
def changed_home(builds: Build, full: bool, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A project with a good report whose data and settings have changed since; unless ``full``, with sections
    of each sort that writes files, not with all.
    """
    from stand_in import draw_image, make_home  # which imports TensorFlow; this file is read by every run

    home = make_home(tmp_path_factory.mktemp("survival") / "home")
    if not full:
        file = home / "report.toml"
        file.write_text(f"{SECTIONS}\n{file.read_text(encoding='utf-8')}", encoding="utf-8")
    (answer,) = builds(job(home))
    assert answer["end"] == "changed", answer
    draw_image(home / "data/train/cat/new.png", 99)
    settings = home / "report.toml"
    settings.write_text(settings.read_text(encoding="utf-8").replace('"One"', '"Two"'), encoding="utf-8")
    return home


@pytest.fixture(scope="session")
def undisturbed(
    builds: Build, changed_home: Path, tmp_path_factory: pytest.TempPathFactory
) -> dict[str, str]:
    """What the report of the changed project is, if nothing happens."""
    home = shutil.copytree(changed_home, tmp_path_factory.mktemp("undisturbed") / "home")
    (answer,) = builds(job(home))
    assert answer["end"] == "changed", answer
    assert report(home) != report(changed_home)
    return report(home)


@pytest.fixture
def stricken(changed_home: Path, tmp_path: Path) -> Path:
    return shutil.copytree(changed_home, tmp_path / "home")
