"""Builds after the first: of changed words, a failing one, one without Pango; and the exported model."""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

import numpy as np
import pytest
from finished_report import snapshot
from imports import HEAVY, RUN_AND_LIST, imported_by
from PIL import Image
from stand_in import print_nothing
from tiny_data import CLASSES

from reportgen.cli import program as cli
from reportgen.engine import pipeline
from reportgen.errors import RenderError
from reportgen.export import export
from reportgen.progress import Silent
from reportgen.settings import load_settings
from reportgen.system import libraries

pytestmark = pytest.mark.slow


def run_cli(monkeypatch: pytest.MonkeyPatch, folder: Path, *arguments: str) -> object:
    """Run the command line in this process, in ``folder``; returns the exit code."""
    monkeypatch.chdir(folder)
    monkeypatch.setattr(sys, "argv", ["reportgen", *arguments])
    with pytest.raises(SystemExit) as stopped:
        cli.main()
    return stopped.value.code


def test_with_nothing_changed_nothing_heavy_is_imported(copied: Path) -> None:
    before = snapshot(copied / "build")
    names = imported_by(RUN_AND_LIST, "build", "--quiet", cwd=copied)
    assert "pydantic" in names
    assert names & HEAVY == set()
    assert snapshot(copied / "build") == before


NUMERIC = {"tensorflow", "keras", "sklearn", "scipy", "h5py"}


def test_the_page_of_all_sections_needs_no_tensorflow(copied: Path) -> None:
    change_group(copied, "Group 98")
    names = imported_by(RUN_AND_LIST, "build", "--quiet", "--only", "html", cwd=copied)
    assert "jinja2" in names
    assert names & NUMERIC == set()


def test_other_words_and_authors_need_no_tensorflow(windows: Path, tmp_path: Path) -> None:
    home = shutil.copytree(windows.parent, tmp_path / "home")
    words = '\n[commentary]\nconvolution = "My *own* layer."\n'
    settings = (home / "report.toml").read_text(encoding="utf-8")
    (home / "report.toml").write_text(f'group = "Group 98"\n{settings}{words}', encoding="utf-8")
    names = imported_by(RUN_AND_LIST, "build", "--quiet", cwd=home)
    assert {"weasyprint", "jinja2"} <= names
    assert names & NUMERIC == set()
    page = (home / "build/report.html").read_text(encoding="utf-8")
    assert "Group 98" in page
    assert "My <em>own</em> layer" in page


def change_group(folder: Path, group: str) -> None:
    file = folder / "report.toml"
    settings = file.read_text(encoding="utf-8")
    file.write_text(settings.replace("Group <12> & co", group), encoding="utf-8")


def test_a_broken_image_is_named_and_the_last_report_stays(
    copied: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    before = snapshot(copied / "build")
    broken = next((copied / "data/val/зебра").iterdir())
    broken.write_bytes(broken.read_bytes()[:400])
    assert run_cli(monkeypatch, copied, "build", "--quiet") == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert f"val/зебра/{broken.name}" in err
    assert snapshot(copied / "build") == before


def test_a_page_that_cannot_be_printed_leaves_the_last_report(
    copied: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = snapshot(copied / "build")

    def refuse(_html: str, _attached: object, _note: object, **_options: object) -> bytes:
        raise RenderError("A picture is missing.", "Correct the template.")

    monkeypatch.setattr("reportgen.engine.stages.pdf.print_pdf", refuse)
    with pytest.raises(RenderError):
        pipeline.build(load_settings(folder=copied, group="another"), copied / "data")
    assert snapshot(copied / "build") == before


def test_without_pango_the_page_is_new_and_the_older_pdf_is_set_aside(
    copied: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    real = libraries._open
    old = (copied / "build/report.pdf").read_bytes()
    change_group(copied, "Group 99")
    monkeypatch.setattr(libraries, "_open", lambda one: None if "pango" in one.name else real(one))
    assert run_cli(monkeypatch, copied, "build") == 1
    out, err = capsys.readouterr()
    assert err.count(": pango-1.0, ") == err.count("Install") == 2, "at once, and once more at the end"
    assert '"pango"' not in (copied / "build/results.json").read_text(encoding="utf-8")
    assert "report.html" in out
    assert "report.pdf" not in out
    folder = copied / "build"
    assert not (folder / "report.pdf").exists()
    assert (folder / "previous/report.pdf").read_bytes() == old
    assert "Group 99" in (folder / "report.html").read_text(encoding="utf-8")
    monkeypatch.undo()
    monkeypatch.setattr("reportgen.engine.stages.pdf.print_pdf", print_nothing)
    assert run_cli(monkeypatch, copied, "build") == 0, "once there is Pango, the PDF is made"
    assert (folder / "report.pdf").read_bytes() not in (b"", old)


@pytest.mark.long
def test_the_exported_model_predicts_what_the_results_say(copied: Path, tmp_path: Path) -> None:
    import keras

    file = export(load_settings(folder=copied), tmp_path / "model.keras", Silent())
    model = keras.models.load_model(file, compile=False, safe_mode=True)
    with np.load(copied / "build/arrays/transfer.npz", allow_pickle=False) as arrays:
        said = arrays["probabilities_test"]
    pixels = []
    for label in CLASSES:
        for path in sorted((copied / "data/test" / label).iterdir()):
            with Image.open(path) as image:
                small = image.convert("RGB").resize((224, 224), Image.Resampling.BILINEAR)
            bgr = np.asarray(small, np.float32)[..., ::-1]
            pixels.append(bgr - np.array([103.939, 116.779, 123.68], np.float32))
    predicted = np.asarray(model(np.stack(pixels), training=False))
    np.testing.assert_allclose(predicted, said, atol=1e-5)


def test_only_a_finished_build_can_be_exported(tmp_path: Path) -> None:
    with pytest.raises(Exception, match="no results of a build") as caught:
        export(load_settings(folder=tmp_path), None)
    assert str(tmp_path / "build/results.json") in str(caught.value)
