"""Of a forged report the forged place is named."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import h5py
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
from stand_in import draw_image

from reportgen.models.vgg_files import CONVOLUTIONS
from reportgen.verify import verify
from reportgen.weights import WeightsFile, describe_weights, imagenet_path, locate_weights

pytestmark = [pytest.mark.slow, pytest.mark.prints]

ACCURACY = "/transfer/accuracy/val"


@pytest.fixture(scope="module")
def home(make_once: MakeOnce) -> Home:
    return honest_home(make_once)


@pytest.fixture(scope="module")
def flattered(home: Home, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A build that says in text and results alike that every validation image was recognised."""
    assert home.results()["transfer"]["accuracy"]["val"] < 1
    return home.rebuild(tmp_path_factory.mktemp("flattered"), flatter)


def flatter(document: Any) -> None:
    transfer = document["transfer"]
    transfer["confusion"]["val"] = [[2, 0], [0, 2]]
    transfer["correct"]["val"], transfer["accuracy"]["val"] = 4, 1.0
    for score in transfer["per_class"]["val"].values():
        score["precision"] = score["recall"] = 1.0


@pytest.fixture(autouse=True)
def _nothing_is_written(home: Home, tmp_path: Path) -> Iterator[None]:
    """Whatever is verified stays as it is, and nothing appears around it."""
    before = snapshot(home.folder)
    yield
    assert snapshot(home.folder) == before


def test_a_number_changed_in_the_text_only_is_found(home: Home, flattered: Path, tmp_path: Path) -> None:
    own = {"results.json": as_json(home.results())}
    found = home.verify(attach(flattered / "report.pdf", tmp_path / "a.pdf", own))
    assert ACCURACY in pointers(found, "text")
    assert found.of("differs")[-1].subject == "pages"
    assert pointers(found, "numbers") == set()


def test_a_number_changed_in_the_attachment_only_is_found(home: Home, tmp_path: Path) -> None:
    document = home.results()
    document["transfer"]["accuracy"]["val"] = 1.0
    forged = attach(home.pdf, tmp_path / "a.pdf", {"results.json": as_json(document)})
    found = home.verify(forged, printing=False)
    assert ACCURACY in pointers(found, "numbers")
    assert ACCURACY in pointers(found, "text")


@pytest.mark.long
def test_a_number_changed_in_text_and_attachment_is_found(home: Home, flattered: Path) -> None:
    for submission in (flattered / "report.pdf", flattered):
        found = home.verify(submission)
        assert "/transfer/confusion/val" in pointers(found, "numbers")
        assert pointers(found, "text") == set()


@pytest.mark.long
def test_a_result_that_was_made_up_beside_an_honest_document_is_found(home: Home, tmp_path: Path) -> None:
    folder = copy_build(home, tmp_path / "build")
    document = home.results()
    document["neurons"]["top"]["cat"][0]["value"] *= 1.01
    (folder / "results.json").write_bytes(as_json(document))
    found = home.verify(folder)
    assert "/neurons/top/cat/0/value" in pointers(found, "numbers")
    assert "/neurons/top/cat/0/value" in pointers(found, "attachment")


def test_derived_values_must_follow(home: Home, tmp_path: Path) -> None:
    document = home.results()
    document["guided_backprop"]["zero_neurons_blank"] += 1
    document["transfer"]["per_class"]["test"]["dog"]["recall"] = 0.123
    document["checks"][0]["passed"] = not document["checks"][0]["passed"]
    forged = attach(home.pdf, tmp_path / "a.pdf", {"results.json": as_json(document)})
    assert pointers(home.verify(forged, printing=False), "numbers") == {
        "/guided_backprop/zero_neurons_blank",
        "/transfer/per_class/test/dog/recall",
        "/checks/0/passed",
    }


@pytest.mark.long
def test_exchanged_pictures_are_found(home: Home, tmp_path: Path) -> None:
    with pikepdf.open(home.pdf) as pdf:
        pictures = [
            (page, name)
            for page in pdf.pages
            for name, obj in page.obj.Resources.get("/XObject", {}).items()
            if obj.get("/Subtype") == "/Image"
        ]
        (page, name), (other_page, other_name) = pictures[0], pictures[-1]
        first, last = page.obj.Resources.XObject[name], other_page.obj.Resources.XObject[other_name]
        page.obj.Resources.XObject[name] = last
        other_page.obj.Resources.XObject[other_name] = first
        pdf.save(tmp_path / "a.pdf")
    found = home.verify(tmp_path / "a.pdf")
    assert {row.subject for row in found.of("differs")} == {"pages"}
    assert any("it shows picture" in row.reason for row in found.of("differs"))


@pytest.mark.long
def test_exchanged_figure_files_and_arrays_are_found(home: Home, tmp_path: Path) -> None:
    folder = copy_build(home, tmp_path / "build")
    one, other = (folder / f"figures/gradient-{i}-1.png" for i in (0, 1))
    content = one.read_bytes()
    one.write_bytes(other.read_bytes())
    other.write_bytes(content)
    with np.load(folder / "arrays/neurons.npz") as arrays:
        changed = {name: arrays[name].copy() for name in arrays.files}
    changed["activations_1"][3, 4, 5] += 0.1
    np.savez(folder / "arrays/neurons.npz", **changed)
    found = home.verify(folder)
    assert pointers(found) == {one.name, other.name, "/neurons/arrays/activations_1"}


@pytest.mark.long
def test_an_array_changed_so_that_its_summary_stays_is_found(home: Home, tmp_path: Path) -> None:
    folder = copy_build(home, tmp_path / "build")
    with np.load(folder / "arrays/transfer.npz") as arrays:
        changed = {name: arrays[name].copy() for name in arrays.files}
    array = changed["probabilities_test"]
    array[0] = array[0, ::-1]
    np.savez(folder / "arrays/transfer.npz", **changed)
    assert "/transfer/arrays/probabilities_test" in pointers(home.verify(folder), "arrays")


@pytest.mark.long
def test_images_exchanged_between_classes_are_named(home: Home, tmp_path: Path) -> None:
    data = shutil.copytree(home.data, tmp_path / "data")
    one, other = data / "test/cat/0.png", data / "test/dog/1.png"
    content = one.read_bytes()
    one.write_bytes(other.read_bytes())
    other.write_bytes(content)
    found = home.verify(home.pdf, data, printing=False)
    assert pointers(found, "images") == {"test/cat/0.png", "test/dog/1.png"}


@pytest.mark.long
def test_missing_and_additional_images_are_named(home: Home, tmp_path: Path) -> None:
    data = shutil.copytree(home.data, tmp_path / "data")
    (data / "train/cat/1.png").unlink()
    draw_image(data / "val/dog/new.png", 99)
    found = home.verify(home.pdf, data, printing=False)
    rows = {row.pointer: row.reason for row in found.of("differs")}
    assert "no such image" in rows["train/cat/1.png"]
    assert "does not name it" in rows["val/dog/new.png"]


@pytest.mark.long
def test_data_without_a_class_are_no_crash(home: Home, tmp_path: Path) -> None:
    data = shutil.copytree(home.data, tmp_path / "data")
    shutil.rmtree(data / "test/dog")
    found = home.verify(home.pdf, data)
    assert {"test/dog/0.png", "test/dog/1.png"} <= pointers(found, "images")
    assert "/neurons" in {row.pointer for row in found.of("not recomputable")}


@pytest.mark.long
def test_another_seed_is_found(home: Home, tmp_path: Path) -> None:
    document = home.results()
    document["provenance"]["seed"] = 5
    only = attach(home.pdf, tmp_path / "a.pdf", {"results.json": as_json(document)})
    found = home.verify(only, printing=False)
    assert "report.toml: seed" in pointers(found, "settings")
    assert "/convolution/filter/0/0" in pointers(found, "numbers")
    settings = settings_of(home.pdf).replace("seed = 671", "seed = 5", 1).encode()
    found = home.verify(attach(only, tmp_path / "b.pdf", {"report.toml": settings}), printing=False)
    assert pointers(found, "settings") == set()
    assert "/convolution/filter/0/0" in pointers(found, "numbers")


@pytest.mark.long
def test_the_results_of_another_group_are_found(home: Home, tmp_path: Path) -> None:
    data = tmp_path / "data"
    for number, file in enumerate(sorted(home.data.rglob("*.png"))):
        draw_image(data / file.relative_to(home.data), 1000 + number)
    found = home.verify(home.pdf, data, printing=False)
    assert len(pointers(found, "images")) == len(list(home.data.rglob("*.png")))
    assert any(location.startswith("/transfer/arrays/features") for location in pointers(found, "numbers"))


def name_imagenet(document: Any) -> None:
    theirs = WeightsFile("imagenet", imagenet_path(), "1" * 64)
    document["provenance"]["weights"] = describe_weights(theirs, with_top=True).model_dump()


@pytest.mark.long
@pytest.mark.parametrize("state", ["missing", "damaged"])
def test_a_report_whose_weights_are_not_here_is_not_checkable(
    home: Home, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, state: str
) -> None:
    monkeypatch.setenv("KERAS_HOME", str(tmp_path / "keras"))
    if state == "damaged":
        imagenet_path().parent.mkdir(parents=True)
        imagenet_path().write_bytes(b"half of it")
    submission = home.rebuild(tmp_path / "handed-in", name_imagenet, printing=False)
    found = home.verify(submission)
    assert pointers(found, "numbers") == set()
    reasons = {row.pointer: row.reason for row in found.of("not recomputable")}
    assert {"/transfer", "/neurons", "/guided_backprop", "/provenance/weights/source"} <= reasons.keys()
    assert "reportgen fetch vgg19" in reasons["/transfer"]


@pytest.mark.long
def test_a_graders_copy_of_a_groups_own_weights_may_have_another_name(
    home: Home, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    copy = tmp_path / "copy.h5"
    for name in CONVOLUTIONS:
        with h5py.File(copy, "a") as file:
            file[f"{name}/kernel"], file[f"{name}/bias"] = np.zeros((3, 3, 1, 1), "f4"), np.zeros(1, "f4")
    theirs = describe_weights(replace(locate_weights(str(copy)), path=Path("theirs.h5")), with_top=False)
    submission = home.rebuild(
        tmp_path / "handed-in",
        lambda document: document["provenance"].update(weights=theirs.model_dump()),
        printing=False,
    )
    here = describe_weights(locate_weights(str(copy)), with_top=False)
    monkeypatch.setattr(
        "stand_in.describe_weights", lambda *_, **__: here
    )  # the small network says that it was read from the copy
    settings = home.settings.model_copy(update={"weights": str(copy), "cache": tmp_path / "cache"})
    with small_network(home.print_once):
        found = verify(submission, home.data, settings=settings)
    assert [row for row in found.of("differs") if row.pointer.startswith("/provenance")] == []
    assert "/provenance/weights/sha256" in {row.pointer for row in found.of("confirmed")}


def cut_links(pdf: pikepdf.Pdf) -> None:
    for page in pdf.pages:
        kept = [link for link in page.obj.get("/Annots", []) if ACCURACY not in str(link.get("/Contents"))]
        page.obj.Annots = pikepdf.Array(kept)


def redirect_links(pdf: pikepdf.Pdf) -> None:
    for page in pdf.pages:
        for link in page.obj.get("/Annots", []):
            if ACCURACY in str(link.get("/Contents")):
                link.Dest = pikepdf.String("s1")


@pytest.mark.parametrize("forge", [cut_links, pytest.param(redirect_links, marks=pytest.mark.long)])
def test_links_that_are_gone_or_lead_elsewhere_are_found(home: Home, tmp_path: Path, forge: Any) -> None:
    with pikepdf.open(home.pdf) as pdf:
        forge(pdf)
        pdf.save(tmp_path / "a.pdf")
    assert ACCURACY in pointers(home.verify(tmp_path / "a.pdf"), "text")


@pytest.mark.long
def test_what_is_painted_over_a_page_is_found(home: Home, tmp_path: Path) -> None:
    with pikepdf.open(home.pdf) as pdf:
        pdf.pages[0].contents_add(b"q 0 g 200 300 60 20 re f Q")
        pdf.save(tmp_path / "a.pdf")
    rows = home.verify(tmp_path / "a.pdf").of("differs")
    assert rows[0].pointer.startswith("page 1, filled shape")
    assert [row.pointer for row in rows[1:]] == ["page 1"]
    assert "looks other" in rows[1].reason


def test_a_commentary_that_the_templates_refuse_is_no_way_out(home: Home, tmp_path: Path) -> None:
    settings = settings_of(home.pdf).replace("These words are mine.", "{{ nothing.of.this }}")
    assert settings != settings_of(home.pdf)
    found = home.verify(attach(home.pdf, tmp_path / "a.pdf", {"report.toml": settings.encode()}))
    assert "report.pdf" in pointers(found, "pages")
