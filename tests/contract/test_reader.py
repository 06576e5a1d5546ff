"""Reports as graders read them."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pikepdf
import pytest
from small_results import document, small_results
from whole_document import change, remove, written

import reportgen
from reportgen import load_results
from reportgen.contract.reader import LoadedResults
from reportgen.errors import UserError
from reportgen.pointer import PointerError
from reportgen.submission import SubmissionError


def write(folder: Path, content: Any) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    file = folder / "results.json"
    file.write_text(json.dumps(content), encoding="utf-8")
    return file


def read(folder: Path, content: Any) -> LoadedResults:
    return load_results(write(folder, content))


def refusal(folder: Path, content: Any) -> PointerError:
    with pytest.raises(PointerError) as caught:
        read(folder, content)
    assert "schema" in caught.value.remedy
    return caught.value


def plain(results: LoadedResults) -> Any:
    return json.loads(results.model_dump_json())


def test_a_folder_a_file_and_a_pdf_say_the_same(tmp_path: Path) -> None:
    file = write(tmp_path / "build", written())
    with pikepdf.new() as paper:
        paper.add_blank_page()
        paper.attachments["results.json"] = pikepdf.AttachedFileSpec(
            paper, file.read_bytes(), filename="results.json"
        )
        paper.save(tmp_path / "report.pdf")
    for path in (tmp_path / "build", str(tmp_path / "build"), file, tmp_path / "report.pdf"):
        results = load_results(path)
        assert results.name == str(path)
        assert plain(results) == written()
        assert results.document == written()
        assert results.transfer == small_results().transfer
        assert results.transfer.accuracy["test"] == 0.625
        assert results.at("/transfer/accuracy/test") == 0.625


def test_the_arrays_are_looked_for_beside_the_numbers(tmp_path: Path) -> None:
    file = write(tmp_path / "build", written())
    assert load_results(tmp_path / "build").folder == tmp_path / "build"
    assert load_results(file).folder is None
    (tmp_path / "build/arrays").mkdir()
    assert load_results(file).folder == tmp_path / "build"
    assert load_results(str(tmp_path / "build")).folder == tmp_path / "build"


def test_a_file_that_says_otherwise_is_quoted_but_not_believed(tmp_path: Path) -> None:
    results = read(tmp_path, change(written(), "/transfer/accuracy/test", 1.0))
    assert results.at("/transfer/accuracy/test") == 1.0
    assert results.transfer.accuracy["test"] == 0.625


def test_what_a_newer_version_has_more_is_passed_over(tmp_path: Path) -> None:
    changed = change(change(written(), "/schema_version", "1.9"), "/transfer/more", {"a": 1})
    results = read(tmp_path, changed)
    assert results.schema_version == "1.9"
    assert results.at("/transfer/more/a") == 1
    with pytest.raises(SubmissionError, match=r"schema_version is '2\.0'"):
        read(tmp_path, change(written(), "/schema_version", "2.0"))


def test_what_derives_from_other_values_need_not_be_there(tmp_path: Path) -> None:
    results = read(tmp_path, {"schema_version": "1.0", **document()})
    assert results.transfer.total == {"train": 8, "val": 8, "test": 8}
    with pytest.raises(PointerError, match="there is nothing at /transfer/total"):
        results.at("/transfer/total")


WRONG = {
    "/transfer/feature_size": ("512", 'is "512"; it should be a valid integer'),
    "/convolution/stride": (True, "is true; it should be a valid integer"),
    "/guided_backprop/rows/cat/0/blank": (1, "is 1; it should be a valid boolean"),
    "/transfer/history/loss/0": (None, "is null; it should be a valid number"),
    "/neurons/positive_share/cat": (1.2, "is 1.2; it should be less than or equal to 1"),
    "/conv_stack/layers/1/filters": (-3, "is -3; it should be greater than or equal to 1"),
    "/dataset/images/0/sha256": ("1" * 63, "String should match pattern"),
    "/dataset/layout": ("other", "it should be 'split' or 'unsplit'"),
    "/neurons/top/dog/0/position": ([1, 2], "is missing"),
    "/neurons/geometry": ([], "is a list of 0 items; it should be"),
    "/convolution/filter/1/1": ("x", 'is "x"; it should be a valid number, or it should be a valid array'),
    "/report/date": ("today", "String should match pattern"),
}


@pytest.mark.parametrize(("pointer", "value", "said"), [(key, *value) for key, value in WRONG.items()])
def test_what_is_wrong_is_named_with_what_is_there(
    tmp_path: Path, pointer: str, value: Any, said: str
) -> None:
    problem = refusal(tmp_path, change(written(), pointer, value)).problem
    assert problem.startswith(f"{tmp_path / 'results.json'}: {pointer}")
    assert said in problem


def test_what_is_missing_is_named(tmp_path: Path) -> None:
    content = written()
    for pointer in ("/neurons/top/cat/0/patch/rows", "/provenance/weights", "/convolution/init_check/n"):
        remove(content, pointer)
    lines = refusal(tmp_path, content).problem.splitlines()
    file = tmp_path / "results.json"
    assert sorted(lines) == sorted(
        f"{file}: {pointer} is missing."
        for pointer in ("/neurons/top/cat/0/patch/rows", "/provenance/weights", "/convolution/init_check/n")
    )


def test_a_class_with_a_slash_is_named_as_a_pointer_would(tmp_path: Path) -> None:
    content = written()
    content["neurons"]["positive_share"]["a/b~c"] = 7
    assert "/neurons/positive_share/a~1b~0c is 7;" in refusal(tmp_path, content).problem


def test_many_faults_are_cut_short(tmp_path: Path) -> None:
    content = change(written(), "/transfer/history/loss", ["no"] * 1000)
    problem = refusal(tmp_path, content).problem
    assert "/transfer/history/loss/0 is" in problem
    assert "… and 980 more." in problem
    assert len(problem.splitlines()) == 21


def test_long_and_strange_texts_are_refused_in_short(tmp_path: Path) -> None:
    content = change(written(), "/transfer/feature_size", "x" * 100_000)
    assert len(refusal(tmp_path, content).problem) < 500
    with pytest.raises(UserError):
        read(tmp_path, change(written(), "/report/course", "\ud800"))


@pytest.mark.parametrize("content", ["", "{", "[]", "{}", '{"schema_version": "1.0"}', "%PDF-1.7", "\x00"])
def test_what_is_no_report_is_refused(tmp_path: Path, content: str) -> None:
    file = tmp_path / "results.json"
    file.write_text(content)
    with pytest.raises(UserError) as caught:
        load_results(file)
    assert str(file) in caught.value.problem


def test_a_folder_without_a_report_is_refused(tmp_path: Path) -> None:
    for path in (tmp_path, tmp_path / "none", tmp_path / "none.json"):
        with pytest.raises(SubmissionError) as caught:
            load_results(path)
        assert str(path) in caught.value.problem


def test_figures_are_not_read(tmp_path: Path) -> None:
    write(tmp_path, written())
    (tmp_path / "figures").mkdir()
    with (tmp_path / "figures/large.png").open("wb") as stream:
        stream.truncate(60 * 2**20)
    assert load_results(tmp_path).transfer.feature_size == 512


def test_results_are_shown_in_short_and_cannot_be_changed(tmp_path: Path) -> None:
    results = read(tmp_path, written())
    assert f"{tmp_path / 'results.json'}" in repr(results)
    assert len(repr(results)) < 2000
    with pytest.raises(ValueError, match="frozen"):
        results.transfer.feature_size = 1


def test_the_package_itself_loads_nothing() -> None:
    code = (
        "import sys, reportgen\n"
        "assert not {'pydantic', 'numpy', 'json', 'pikepdf'} & set(sys.modules)\n"
        "from reportgen import load_results\n"
        "assert load_results is reportgen.load_results\n"
        "assert not {'numpy', 'pikepdf', 'jsonschema'} & set(sys.modules)\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True, timeout=60)
    with pytest.raises(AttributeError, match="no attribute 'load_result'"):
        reportgen.load_result  # noqa: B018
