"""Honest reports are confirmed, whoever made them; of what a stranger hands in, nothing is believed."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pikepdf
import pytest
from forging import (
    Home,
    as_json,
    attach,
    copy_build,
    honest_home,
    pointers,
    settings_of,
    small_network,
    snapshot,
)
from sharing import MakeOnce

from reportgen.errors import UserError
from reportgen.grading.run import grade
from reportgen.grading.shipped import shipped_rubrics
from reportgen.submission import SubmissionError
from reportgen.verify import describe, verify, write_json

pytestmark = [pytest.mark.slow, pytest.mark.prints]

RUBRIC = """
import pytest

@pytest.mark.points(3)
def test_seed(results):
    assert results.provenance.seed == 671
"""


@pytest.fixture(scope="module")
def home(make_once: MakeOnce) -> Home:
    return honest_home(make_once)


@pytest.fixture(autouse=True)
def _nothing_is_written(home: Home, tmp_path: Path) -> Iterator[None]:
    """Whatever is verified stays as it is, and nothing appears around it."""
    before = snapshot(home.folder)
    yield
    assert snapshot(home.folder) == before


def test_an_honest_pdf_is_confirmed_on_a_copy_of_the_data(home: Home, tmp_path: Path) -> None:
    pdf = Path(shutil.copy(home.pdf, tmp_path / "handed in.pdf"))
    data = shutil.copytree(home.data, tmp_path / "elsewhere/images")
    found = home.verify(pdf, data)
    assert found.of("differs") == found.of("not recomputable") == []
    assert {row.subject for row in found.rows} == {
        "attachment", "settings", "images", "numbers", "text", "pages",
    }  # fmt: skip
    assert "CONFIRMED" in describe(found)[0]
    with pikepdf.open(pdf) as pdf:
        assert len([row for row in found.rows if row.subject == "pages"]) == len(pdf.pages)


@pytest.mark.long
def test_an_honest_build_folder_is_confirmed(home: Home) -> None:
    found = home.verify(home.build)
    assert found.of("differs") == found.of("not recomputable") == []
    arrays = [np.load(file).files for file in (home.build / "arrays").iterdir()]
    assert (
        sum(row.subject == "arrays" for row in found.rows) == sum(map(len, arrays)) + 1
    )  # the head's weights
    figures = list((home.build / "figures").iterdir())
    assert sum(row.subject == "figures" for row in found.rows) == len(figures)
    assert "page" in {row.subject for row in found.rows}


@pytest.mark.long
def test_the_report_of_another_machine_is_confirmed(home: Home, tmp_path: Path) -> None:
    found = home.verify(home.rebuild(tmp_path / "build", round_otherwise) / "report.pdf")
    assert pointers(found) == set()
    assert "numpy 1.0" in found.notes[0]
    assert "numpy 1.0" in "\n".join(describe(found))


@pytest.mark.long
def test_weights_that_were_handed_in_are_compared_but_not_opened(home: Home, tmp_path: Path) -> None:
    folder = copy_build(home, tmp_path / "build")
    (folder / "head.weights.h5").write_bytes(b"other bytes, which are no weights at all")
    found = home.verify(folder)
    assert found.confirmed
    assert found.complete
    assert [note for note in found.notes if "head.weights.h5 has other bytes" in note]
    assert not any(row.pointer == "head.weights.h5" for row in found.rows)
    trained = "VGG19 with a new output layer: Its new layer comes from training here"
    assert [note for note in found.notes if note.startswith(trained)]
    assert not any("head.weights.h5" in note for note in home.verify(home.build).notes)


def round_otherwise(document: Any) -> None:
    """What another processor and other packages would do to the numbers, within the tolerances."""
    document["provenance"]["versions"]["numpy"] = "1.0"
    for table in ("top", "top_distinct"):
        for neurons in document["neurons"][table].values():
            for neuron in neurons:
                neuron["value"] *= 1 + 3e-5
                neuron["patch"]["cols"][1] -= 1
    for rows in document["guided_backprop"]["rows"].values():
        for row in rows:
            row["gradient_max_abs"] *= 1 + 3e-4
            row["scale_limit"] *= 1 - 3e-4
    history = document["transfer"]["history"]
    history["val_loss"] = [loss * 1.003 for loss in history["val_loss"]]
    for item in document["transfer"]["misclassified"]:
        first, *_ = item["probabilities"]
        item["probabilities"][first] += 0.002
    for section, names in (("neurons", ("activations_0",)), ("transfer", ("features_train",))):
        for name in names:
            summary = document[section]["arrays"][name]
            summary["mean"] *= 1 + 2e-5
            summary["norm"] *= 1 - 2e-5
            summary["max"] *= 1 + 2e-5


@pytest.mark.long
def test_the_json_has_every_row(home: Home, tmp_path: Path) -> None:
    document = home.results()
    document["provenance"]["seed"] = 5
    forged = attach(home.pdf, tmp_path / "a.pdf", {"results.json": as_json(document)})
    found = home.verify(forged, printing=False)
    content = json.loads(write_json(found))
    assert not content["confirmed"]
    assert len(content["rows"]) == len(found.rows)
    assert content["rows"][0].keys() == {"subject", "pointer", "status", "submitted", "recomputed", "reason"}
    assert describe(found)[0].startswith("NOT CONFIRMED")


def test_files_that_do_not_belong_to_the_report_are_named_and_left_alone(home: Home, tmp_path: Path) -> None:
    names = ["../../evil", "/etc/cron.d/evil", "C:\\evil.exe", "notes.txt"]
    (tmp_path / "in").mkdir()
    forged = attach(home.pdf, tmp_path / "in/a.pdf", dict.fromkeys(names, b"evil"))
    assert pointers(home.verify(forged, printing=False), "attachment") == set(names)
    assert [path.name for path in tmp_path.rglob("*")] == ["in", "a.pdf"]


@pytest.mark.long
def test_attached_paths_are_not_followed(home: Home, tmp_path: Path) -> None:
    settings = "\n".join(
        [
            f'templates = "{tmp_path}/templates"', f'build = "{tmp_path}/evil"', f'cache = "{tmp_path}/evil"',
            f'data = "{tmp_path}"', settings_of(home.pdf).replace("embedded", f"{tmp_path}/weights.h5"),
        ]
    )  # fmt: skip
    found = home.verify(attach(home.pdf, tmp_path / "a.pdf", {"report.toml": settings.encode()}))
    assert found.confirmed
    assert [path.name for path in tmp_path.iterdir()] == ["a.pdf"]


@pytest.mark.long
def test_a_report_that_is_built_again_meanwhile_is_not_accused(home: Home, tmp_path: Path) -> None:
    folder = copy_build(home, tmp_path / "build")

    def print_and_build(html: str) -> bytes:
        (folder / "report.html").write_text("<p>The page of the next build.</p>", encoding="utf-8")
        return home.print_once(html)

    with small_network(print_and_build), pytest.raises(SubmissionError, match=r"report\.html changed while"):
        verify(folder, home.data, settings=home.settings)


@pytest.mark.long
def test_settings_that_are_none_are_named(home: Home, tmp_path: Path) -> None:
    for content in (b"seed = " + b"[" * 5000, None):
        forged = attach(home.pdf, tmp_path / "a.pdf", {"report.toml": content})
        found = home.verify(forged, printing=False)
        assert "report.toml" in pointers(found, "attachment")


def test_weights_of_a_file_come_from_the_grader_only(home: Home, tmp_path: Path) -> None:
    document = home.results()
    secret = tmp_path / "weights.h5"
    secret.write_bytes(b"weights")
    document["provenance"]["weights"] |= {"source": "file", "name": str(secret)}
    forged = attach(home.pdf, tmp_path / "a.pdf", {"results.json": as_json(document)})
    found = home.verify(forged, printing=False)
    missing = {row.pointer: row.reason for row in found.of("not recomputable")}
    assert {"/transfer", "/neurons", "/guided_backprop"} <= missing.keys()
    assert "--weights" in missing["/transfer"]
    assert not any(row.subject == "numbers" and "/convolution" in row.pointer for row in found.of("differs"))


def refused(home: Home, submission: Path, data: Path | None = None) -> str:
    with pytest.raises(UserError) as caught:
        home.verify(submission, data)
    assert caught.value.exit_code == 2
    return caught.value.problem


def test_what_cannot_be_read_is_refused_by_name(home: Home, tmp_path: Path) -> None:
    whole = home.pdf.read_bytes()
    broken = tmp_path / "a.pdf"
    for size in (len(whole) // 100, 1000, 9):
        broken.write_bytes(whole[:size])
        assert str(broken) in refused(home, broken)
    with pikepdf.open(home.pdf) as pdf:
        pdf.save(broken, encryption=pikepdf.Encryption(owner="o", user="u"))
    assert "encrypted" in refused(home, broken)
    results = as_json(home.results())
    for content, said in (
        (None, "no attachment results.json"),
        (b"[" * 100_000, "nested"),
        (b" " * (50 * 2**20 + 1), "more than"),
    ):
        attach(home.pdf, broken, {"results.json": content})
        assert said in refused(home, broken)
    with pikepdf.open(home.pdf) as pdf:
        pdf.attachments["more"] = pikepdf.AttachedFileSpec(pdf, results, filename="results.json")
        pdf.save(broken)
    assert "two attachments" in refused(home, broken)


def test_a_pdf_that_lost_its_end_is_refused_or_looked_at_to_the_end(home: Home, tmp_path: Path) -> None:
    whole = home.pdf.read_bytes()
    for size in (len(whole) - 10, len(whole) - 3000, len(whole) // 2):
        (tmp_path / "a.pdf").write_bytes(whole[:size])
        with contextlib.suppress(UserError):
            assert home.verify(tmp_path / "a.pdf", printing=False).rows


def test_links_in_data_or_build_are_refused(home: Home, tmp_path: Path) -> None:
    data = shutil.copytree(home.data, tmp_path / "data")
    (data / "train/cat/9.png").symlink_to(home.data / "train/cat/1.png")
    assert "symbolic link" in refused(home, home.pdf, data)
    folder = copy_build(home, tmp_path / "build")
    (folder / "arrays/more").symlink_to(tmp_path)
    assert "symbolic link" in refused(home, folder)
    os.mkfifo(copy_build(home, tmp_path / "other") / "arrays/pipe")
    assert "neither a file nor a folder" in refused(home, tmp_path / "other")


def test_the_command_says_so_by_its_exit_code(home: Home, tmp_path: Path) -> None:
    (tmp_path / "rubric.py").write_text(RUBRIC)
    given = ["--data", str(home.data), "--cache", str(home.settings.cache), "--quiet"]
    done = home.run(["verify", str(home.pdf), *given, "--rubric", str(tmp_path / "rubric.py")])
    assert (done.exit_code, done.output.split(":")[0]) == (0, "CONFIRMED")
    assert "Seed            3   3  passed" in done.output
    document = home.results()
    document["provenance"]["seed"] = 5
    forged = str(attach(home.pdf, tmp_path / "a.pdf", {"results.json": as_json(document)}))
    done = home.run(["verify", forged, *given, "--json", str(tmp_path / "a.json")], printing=False)
    assert (done.exit_code, done.output.split(":")[0]) == (1, "NOT CONFIRMED")
    assert json.loads((tmp_path / "a.json").read_bytes())["confirmed"] is False
    (tmp_path / "a.pdf").write_bytes(b"%PDF-1.7")
    done = home.run(["verify", forged, *given])
    assert isinstance(done.exception, UserError)
    assert done.exception.exit_code == 2


def test_what_could_not_be_looked_at_has_an_exit_code_of_its_own(home: Home) -> None:
    given = ["--data", str(home.data), "--cache", str(home.settings.cache), "--quiet"]
    done = home.run(["verify", str(home.build / "results.json"), *given])
    assert (done.exit_code, done.output.split(":")[0]) == (3, "NOTHING DIFFERS")


@pytest.mark.long
def test_settings_and_cache_of_the_current_folder_may_be_a_strangers(
    home: Home, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "report.toml").write_text('cache = "trap"\nweights = "trap.h5"\n')
    monkeypatch.chdir(tmp_path)
    done = home.run(["verify", str(home.pdf), "--data", str(home.data), "--quiet"])
    assert done.exit_code == 0
    assert [path.name for path in tmp_path.iterdir()] == ["report.toml"]


@pytest.mark.long
def test_an_honest_pdf_has_the_points_of_its_build_folder(home: Home, tmp_path: Path) -> None:
    out = tmp_path / "a.json"
    given = ["--data", str(home.data), "--cache", str(home.settings.cache), "--quiet", "--json", str(out)]
    done = home.run(["grade", str(home.pdf), *given])
    assert done.output.startswith("CONFIRMED")
    graded = json.loads(out.read_bytes())
    assert (graded["points"], graded["checked"], graded["not_checkable"]) == ("100", "100", "0")
    # The folder has all that the checks look at. The small network has too few channels for some of them.
    folder = grade(home.build, shipped_rubrics(), show=False)
    expected = [(item.name, f"{item.score:f}", item.status) for item in folder.criteria]
    assert [(item["name"], item["score"], item["status"]) for item in graded["criteria"]] == expected
    alone = grade(home.pdf, shipped_rubrics(), show=False)
    assert alone.not_checkable > 30


@pytest.mark.long
def test_of_a_report_that_differs_nothing_is_taken_from_the_recomputation(home: Home, tmp_path: Path) -> None:
    document = home.results()
    document["neurons"]["top"]["cat"][0]["value"] *= 2
    forged = attach(home.pdf, tmp_path / "a.pdf", {"results.json": as_json(document)})
    out = tmp_path / "a.json"
    given = ["--data", str(home.data), "--cache", str(home.settings.cache), "--quiet", "--json", str(out)]
    done = home.run(["grade", str(forged), *given], printing=False)
    assert done.exit_code == 1
    assert done.output.startswith("NOT CONFIRMED")
    graded = json.loads(out.read_bytes())
    status = {item["name"]: item["status"] for item in graded["criteria"]}
    assert status["Q4 Neurons are the largest"] == status["Q6 Weights named"] == "not checkable"
    assert "/neurons/top/cat/0/value" in graded["criteria"][3]["cases"][0]["message"]
    without = grade(forged, shipped_rubrics(), show=False)
    assert (graded["score"], graded["checked"]) == (f"{without.score:f}", f"{without.checked:f}")
