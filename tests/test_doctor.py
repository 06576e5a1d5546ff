"""What the doctor finds, each in one line."""

from __future__ import annotations

import builtins
import importlib.util
import os
import shutil
import sys
from collections import namedtuple
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from reportgen.doctor import examine
from reportgen.document import fonts
from reportgen.settings import Settings, load_settings
from reportgen.system import confinement, libraries
from reportgen.weights import published


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    """Settings with good data: two classes, one image for each split."""
    for number, split in enumerate(("train", "val", "test")):
        for shift, label in enumerate(("cat", "dog")):
            file = tmp_path / "data" / split / label / "a.png"
            file.parent.mkdir(parents=True)
            Image.new("RGB", (40, 40), (50 * number, 90 * shift, 9)).save(file)
    return load_settings(folder=tmp_path, data=str(tmp_path / "data"), weights="embedded")


class Present:
    """A library that the machine of the tests lacks, as one that has it would open it."""

    def __getattr__(self, _name: str) -> Any:
        def version() -> bytes:
            return b"9.0.0"

        return version


@pytest.fixture(autouse=True)
def _complete(monkeypatch: pytest.MonkeyPatch) -> None:
    """What the machine of the tests lacks is none of the problems that they look for."""
    real = libraries._open
    monkeypatch.setattr(libraries, "_open", lambda library: real(library) or Present())


def problems(settings: Settings) -> list[str]:
    findings = examine(settings)
    assert all("\n" not in finding.line for finding in findings)
    return [finding.line for finding in findings if not finding.ok]


def hide(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    """Make believe that the machine does not have a library."""
    real = libraries._open
    monkeypatch.setattr(libraries, "_open", lambda library: None if library.name == name else real(library))


@pytest.mark.prints
def test_a_machine_that_can_make_the_report_has_no_problem(settings: Settings) -> None:
    assert problems(settings) == []
    said = "\n".join(finding.line for finding in examine(settings))
    assert "6 images of 2 classes" in said
    for word in ("Python 3.", "pango", "Fonts", "embedded", "Disk", str(settings.build)):
        assert word in said


def test_nothing_is_changed(settings: Settings, tmp_path: Path) -> None:
    before = sorted(tmp_path.rglob("*"))
    examine(settings)
    assert sorted(tmp_path.rglob("*")) == before


@pytest.mark.parametrize(
    ("version", "ok"), [((3, 10), False), ((3, 11), True), ((3, 13), True), ((3, 14), False)]
)
def test_python_must_be_one_of_three(
    settings: Settings, monkeypatch: pytest.MonkeyPatch, version: tuple[int, int], ok: bool
) -> None:
    monkeypatch.setattr(sys, "version_info", (*version, 0, "final", 0))
    (finding,) = (finding for finding in examine(settings) if finding.line.startswith("Python 3"))
    assert finding.ok is ok
    assert f"Python {version[0]}.{version[1]}" in finding.line


@pytest.mark.parametrize("library", ["pango-1.0", "fontconfig"])
def test_a_missing_library_is_asked_for_with_the_line_to_type(
    settings: Settings, monkeypatch: pytest.MonkeyPatch, library: str
) -> None:
    hide(monkeypatch, library)
    (problem,) = problems(settings)
    assert library in problem
    assert "nstall" in problem


def test_a_missing_subsetter_is_a_note(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    hide(monkeypatch, "harfbuzz-subset")
    assert problems(settings) == []
    (note,) = (finding.line for finding in examine(settings) if finding.note)
    assert "HarfBuzz-Subset" in note
    assert "fonttools" in note


def test_missing_packages_are_named_and_stop_no_other_look(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    real_import, real_spec = builtins.__import__, importlib.util.find_spec

    def without(name: str, *args: Any, **options: Any) -> Any:
        if name == "weasyprint":
            raise ModuleNotFoundError(f"No module named '{name}'", name=name)
        return real_import(name, *args, **options)

    monkeypatch.delitem(sys.modules, "weasyprint", raising=False)
    monkeypatch.setattr(builtins, "__import__", without)
    monkeypatch.setattr(
        importlib.util, "find_spec", lambda name: None if name == "weasyprint" else real_spec(name)
    )
    first, second = problems(settings)
    assert "missing: weasyprint" in first
    assert "rm -f .venv/.installed; make report" in first, "these tests run in a checkout"
    assert "WeasyPrint" in second
    assert len(examine(settings)) == 9


def test_missing_fonts_are_named(settings: Settings, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    shutil.copytree(
        fonts.font_folder(), tmp_path / "fonts", ignore=shutil.ignore_patterns("STIXGeneralBol.ttf")
    )
    monkeypatch.setattr(fonts, "font_folder", lambda: tmp_path / "fonts")
    (problem,) = problems(settings)
    assert "STIXGeneralBol.ttf" in problem
    assert "STIXGeneralItalic.ttf" not in problem


def test_a_missing_weights_file_is_named(settings: Settings, tmp_path: Path) -> None:
    (problem,) = problems(settings.model_copy(update={"weights": str(tmp_path / "mine.h5")}))
    assert str(tmp_path / "mine.h5") in problem


def test_damaged_weights_are_told(
    settings: Settings, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "damaged.h5").write_bytes(b"not the weights")
    monkeypatch.setattr("reportgen.weights.embedded_path", lambda: tmp_path / "damaged.h5")
    (problem,) = problems(settings)
    assert "damaged.h5 is damaged" in problem
    assert "pip install" in problem


def test_imagenet_weights_that_are_not_here_can_be_fetched(
    settings: Settings, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("KERAS_HOME", str(tmp_path / "keras"))
    (problem,) = problems(settings.model_copy(update={"weights": "imagenet"}))
    assert "reportgen fetch vgg19" in problem


def test_automatic_weights_are_told_and_no_problem(
    settings: Settings, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("KERAS_HOME", str(tmp_path / "keras"))
    findings = examine(settings.model_copy(update={"weights": "auto"}))
    (line,) = [finding.line for finding in findings if finding.ok and finding.line.startswith("Weights")]
    assert line.startswith("Weights: embedded, not ImageNet's")
    assert "reportgen build --weights imagenet (downloads 574 MB)" in line


def test_imagenet_weights_without_the_top_are_told(
    settings: Settings, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("KERAS_HOME", str(tmp_path / "keras"))
    monkeypatch.setattr("reportgen.weights.NOTOP_MD5", "5d41402abc4b2a76b9719d911017c592")  # of hello
    file = published("imagenet-notop").path
    file.parent.mkdir(parents=True)
    file.write_bytes(b"hello")
    findings = examine(settings.model_copy(update={"weights": "auto"}))
    (line,) = [finding.line for finding in findings if finding.ok and finding.line.startswith("Weights")]
    assert "without the classifier part" in line
    assert str(file) in line


def test_a_file_of_another_network_is_a_problem(settings: Settings, tmp_path: Path) -> None:
    (tmp_path / "mine.h5").write_bytes(b"no weights")
    (problem,) = problems(settings.model_copy(update={"weights": str(tmp_path / "mine.h5")}))
    assert "mine.h5: not a Keras weights file" in problem


def test_bad_data_is_told_by_file(settings: Settings) -> None:
    assert settings.data is not None
    (settings.data / "train/cat/a.png").write_bytes(b"")
    (settings.data / "test/dog/a.png").write_bytes(b"GIF")
    (problem,) = problems(settings)
    assert "train/cat/a.png" in problem
    assert "test/dog/a.png" in problem


def test_data_that_is_not_there_is_a_problem_only_if_it_was_asked_for(
    settings: Settings, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (problem,) = problems(settings.model_copy(update={"data": tmp_path / "nowhere"}))
    assert str(tmp_path / "nowhere") in problem
    (tmp_path / "empty").mkdir()
    monkeypatch.chdir(tmp_path / "empty")
    assert problems(settings.model_copy(update={"data": None})) == []


def test_a_build_folder_that_cannot_be_written_is_named(
    settings: Settings, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    asked: list[tuple[Any, int]] = []
    monkeypatch.setattr(os, "access", lambda path, mode: asked.append((path, mode)))
    (problem,) = problems(settings)
    assert asked == [(tmp_path, os.W_OK)], "the nearest folder that is there"
    assert str(tmp_path) in problem


@pytest.mark.parametrize(("free", "ok"), [(999_999_999, False), (1_000_000_000, True)])
def test_a_full_disk_is_told(
    settings: Settings, monkeypatch: pytest.MonkeyPatch, free: int, ok: bool
) -> None:
    usage = namedtuple("usage", "total used free")
    monkeypatch.setattr(shutil, "disk_usage", lambda _: usage(10**12, 10**12 - free, free))
    found = problems(settings)
    assert found == [] if ok else "1.0 GB free; 1 GB is needed" in found[0]


@pytest.mark.parametrize(
    ("version", "machine", "lacking"),
    [
        (7, "x86_64", ""),
        (0, "aarch64", "foreign folders, signals to other programs"),
        # Landlock denies TCP since its version 4, and signals since 6.
        (3, "riscv64", "network, signals to other programs, leaving the process group"),
        (4, "riscv64", "signals to other programs, leaving the process group"),
    ],
)
def test_what_the_kernel_lacks_for_a_class_is_no_problem_of_a_build(
    settings: Settings, monkeypatch: pytest.MonkeyPatch, version: int, machine: str, lacking: str
) -> None:
    monkeypatch.setattr(confinement, "landlock_version", lambda: version)
    monkeypatch.setattr("platform.machine", lambda: machine)
    monkeypatch.setattr(sys, "platform", "linux")
    (finding,) = [each for each in examine(settings) if each.line.startswith("Strangers' reports")]
    assert (finding.ok, finding.note) == (True, bool(lacking))
    assert finding.line.partition("; not of ")[2].partition(". ")[0] == lacking
