"""Disks that are full, folders that cannot be written, a cache full of garbage."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from survivors import Build, job, report

pytestmark = pytest.mark.slow


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A disk of its own of 40 MB."""
    location = tmp_path / "disk"
    location.mkdir()
    done = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=40m", "tmpfs", str(location)], capture_output=True
    )
    if done.returncode:
        pytest.skip(f"no disk can be mounted here: {done.stderr.decode().strip()}")
    yield location
    subprocess.run(["umount", "--lazy", str(location)], check=True)


def set_folder(home: Path, name: str, folder: Path) -> None:
    settings = home / "report.toml"
    settings.write_text(f'{name} = "{folder}"\n' + settings.read_text(encoding="utf-8"), encoding="utf-8")


def fill(disk: Path, *, leaving: int) -> None:
    free = shutil.disk_usage(disk).free
    (disk / "filler").write_bytes(bytes(max(0, free - leaving)))


@pytest.mark.long
def test_a_full_disk_is_told_and_the_last_report_stays(
    builds: Build, stricken: Path, undisturbed: dict[str, str], small_disk: Path
) -> None:
    shutil.move(stricken / "build", small_disk / "build")
    (stricken / "build").symlink_to(small_disk / "build")
    before = report(stricken)
    fill(small_disk, leaving=200_000)
    (answer,) = builds(job(stricken))
    assert answer["end"] == "error", answer
    assert "No space left" in answer["problem"]
    assert str(stricken / "build") in answer["problem"]
    assert "room" in answer["remedy"]
    assert report(stricken) == before
    assert not list((stricken / "build").glob(".next-*"))
    (small_disk / "filler").unlink()
    (answer,) = builds(job(stricken))
    assert answer["end"] == "changed", answer
    assert report(stricken) == undisturbed


@pytest.mark.long
def test_a_full_disk_under_the_cache_is_no_error(
    builds: Build, stricken: Path, undisturbed: dict[str, str], small_disk: Path
) -> None:
    fill(small_disk, leaving=20_000)
    set_folder(stricken, "cache", small_disk / "cache")
    (answer,) = builds(job(stricken))
    assert answer["end"] == "changed", answer
    (line,) = (line for line in answer["said"] if "cache cannot be written" in line)
    assert "No space left" in line
    assert report(stricken) == undisturbed


@pytest.mark.long
def test_a_cache_full_of_garbage_is_made_again(
    builds: Build, stricken: Path, undisturbed: dict[str, str]
) -> None:
    entries = [path for path in (stricken / ".cache").rglob("*") if path.is_file()]
    for number, path in enumerate(entries):
        path.write_bytes([b"", b"garbage", os.urandom(5000)][number % 3])
    (answer,) = builds(job(stricken))
    assert answer["end"] == "changed", answer
    (line,) = (line for line in answer["said"] if "damaged" in line)
    assert int(line.removeprefix("Warning: ").split(" ")[0]) > 10
    assert report(stricken) == undisturbed


@pytest.mark.long
def test_one_damaged_outcome_is_made_again_from_the_rest(
    builds: Build, stricken: Path, undisturbed: dict[str, str]
) -> None:
    entries = (path for path in (stricken / ".cache").rglob("*") if path.is_file())
    (outcome,) = (path for path in entries if b"maps_2_0.npy" in path.read_bytes())
    content = outcome.read_bytes()
    outcome.write_bytes(content[:-1] + bytes([content[-1] ^ 1]))
    (answer,) = builds(job(stricken))
    assert any(line.startswith("Warning: 1 damaged entry") for line in answer["said"])
    assert answer["passes"] == {"features": 1}
    assert report(stricken) == undisturbed


@pytest.fixture
def make_unwritable() -> Iterator[Callable[[Path], None]]:
    """Let nobody write in a folder, not even root, to whom permissions do not apply."""
    mounted: list[Path] = []

    def make(folder: Path) -> None:
        if os.geteuid() != 0:
            for path in (folder, *folder.rglob("*")):
                path.chmod(0o555 if path.is_dir() else 0o444)
            return
        for options in (["--bind", str(folder)], ["-o", "remount,ro,bind"]):
            done = subprocess.run(["mount", *options, str(folder)], capture_output=True)
            if done.returncode:
                pytest.skip(f"no folder can be mounted here: {done.stderr.decode().strip()}")
        mounted.append(folder)

    yield make
    for folder in mounted:
        subprocess.run(["umount", "--lazy", str(folder)], check=True)


def test_a_build_folder_that_cannot_be_written_is_named(
    builds: Build, stricken: Path, make_unwritable: Callable[[Path], None]
) -> None:
    before = report(stricken)
    make_unwritable(stricken / "build")
    (answer,) = builds(job(stricken))
    assert answer["end"] == "error", answer
    assert str(stricken / "build") in answer["problem"]
    assert "cannot be written" in answer["problem"]
    assert answer["remedy"]
    assert report(stricken) == before


@pytest.mark.long
def test_a_cache_that_cannot_be_written_is_told(
    builds: Build, stricken: Path, undisturbed: dict[str, str], make_unwritable: Callable[[Path], None]
) -> None:
    make_unwritable(stricken / ".cache")
    (answer,) = builds(job(stricken))
    assert answer["end"] == "changed", answer
    (line,) = (line for line in answer["said"] if "cache cannot be written" in line)
    assert str(stricken / ".cache") in line
    assert report(stricken) == undisturbed
