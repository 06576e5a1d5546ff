"""Reports are opened whatever form they come in; what is no report is refused by name."""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import sys
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pikepdf
import pytest
from small_results import document

from reportgen import submission
from reportgen.submission import SubmissionError, last_build, open_submission, read_attachments

PNG = b"\x89PNG\r\n\x1a\n first"


def numbers(**changed: Any) -> dict[str, Any]:
    return {"schema_version": "1.0", **document(), **changed}


def write_json(path: Path, content: Any) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(content), encoding="utf-8")
    return path


def write_pdf(path: Path, content: bytes, *, key: str = "results.json", name: str = "results.json") -> Path:
    with pikepdf.new() as paper:
        paper.add_blank_page()
        paper.attachments["notes.txt"] = pikepdf.AttachedFileSpec(paper, b"{}", filename="notes.txt")
        paper.attachments[key] = pikepdf.AttachedFileSpec(paper, content, filename=name)
        paper.save(path)
    return path


def write_stream(path: Path, raw: bytes, **entries: Any) -> Path:
    """A PDF whose attachment is written as told, however untrue."""
    with pikepdf.new() as paper:
        paper.add_blank_page()
        specification = pikepdf.AttachedFileSpec(paper, b"", filename="results.json")
        paper.attachments["results.json"] = specification
        stream = paper.attachments["results.json"].obj.EF.F
        stream.write(raw, filter=entries.pop("filter", None))
        for name, value in entries.items():
            stream.Params[f"/{name}"] = value
        paper.save(path, compress_streams=False, stream_decode_level=pikepdf.StreamDecodeLevel.none)
    return path


def refusal(path: Path) -> SubmissionError:
    with pytest.raises(SubmissionError) as caught:
        open_submission(path)
    assert str(path) in caught.value.problem
    assert caught.value.remedy
    assert caught.value.exit_code == 2
    return caught.value


def test_a_build_folder_gives_its_numbers_and_figures(tmp_path: Path) -> None:
    write_json(tmp_path / "results.json", numbers())
    (tmp_path / "figures").mkdir()
    for name in ("fig-01-a.png", "b.svg", "c.JPG"):
        (tmp_path / "figures" / name).write_bytes(PNG + name.encode())
    (tmp_path / "figures/notes.txt").write_text("no figure")
    opened = open_submission(tmp_path)
    assert opened.name == str(tmp_path)
    assert opened.results == numbers()
    assert opened.figures == {name: PNG + name.encode() for name in ("fig-01-a.png", "b.svg", "c.JPG")}


def test_a_results_file_brings_the_figures_beside_it(tmp_path: Path) -> None:
    file = write_json(tmp_path / "old results.json", numbers())
    assert open_submission(file).figures == {}
    (tmp_path / "figures").mkdir()
    (tmp_path / "figures/a.png").write_bytes(PNG)
    assert open_submission(file).figures == {"a.png": PNG}
    assert open_submission(file).results == numbers()


def test_a_figure_that_leads_elsewhere_is_left_out(tmp_path: Path) -> None:
    write_json(tmp_path / "build/results.json", numbers())
    (tmp_path / "build/figures").mkdir()
    (tmp_path / "secret.png").write_bytes(PNG)
    (tmp_path / "build/figures/a.png").symlink_to(tmp_path / "secret.png")
    assert open_submission(tmp_path / "build").figures == {}
    write_json(tmp_path / "other/results.json", numbers())
    (tmp_path / "other/figures").symlink_to(tmp_path)
    assert open_submission(tmp_path / "other").figures == {}


@pytest.mark.parametrize(
    ("key", "name"), [("results.json", "results.json"), ("attachment0", "results.json")], ids=["key", "name"]
)
def test_a_pdf_gives_its_attachment_and_no_figures(tmp_path: Path, key: str, name: str) -> None:
    file = write_pdf(tmp_path / "report.pdf", json.dumps(numbers()).encode(), key=key, name=name)
    (tmp_path / "figures").mkdir()
    (tmp_path / "figures/a.png").write_bytes(PNG)
    opened = open_submission(file)
    assert opened.results == numbers()
    assert opened.figures == {}


def test_a_pdf_is_known_by_its_content(tmp_path: Path) -> None:
    file = write_pdf(tmp_path / "report.json", json.dumps(numbers()).encode())
    assert open_submission(file).results == numbers()


def test_an_attachment_that_is_not_compressed_is_read(tmp_path: Path) -> None:
    file = write_stream(tmp_path / "a.pdf", json.dumps(numbers()).encode())
    assert open_submission(file).results == numbers()


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "line 1"),
        (b'{"a": }', "line 1, column 7"),
        (b"\xff\xfe{}", "utf-8"),
        (b'{"schema_version": NaN}', "NaN"),
        (b'{"schema_version": 1e999}', "1e999"),
        (b'{"schema_version": ' + b"9" * 400 + b"}", "400 digits"),
        (b"[" * 100_000, "nested"),
        (b"[" * 65 + b"]" * 65, "nested"),
        (b"[" * 64 + b"]" * 64, "no object"),
        (b"[]", "no object"),
        (b'"results"', "no object"),
        (b"{}", "/schema_version"),
        (b'{"schema_version": 1}', "/schema_version"),
    ],
    ids=range(13),
)
def test_what_is_no_results_file_is_refused(tmp_path: Path, content: bytes, said: str) -> None:
    (tmp_path / "results.json").write_bytes(content)
    assert said in refusal(tmp_path / "results.json").problem


@pytest.mark.parametrize("version", ["2.0", "10.0", "1", "", "x" * 9999])
def test_another_major_version_is_refused(tmp_path: Path, version: str) -> None:
    error = refusal(write_json(tmp_path / "results.json", numbers(schema_version=version)))
    assert f"'{version[:40]}'" in error.problem
    assert len(error.problem) < 500


def test_a_newer_minor_version_is_read(tmp_path: Path) -> None:
    file = write_json(tmp_path / "results.json", numbers(schema_version="1.27", more=1))
    assert open_submission(file).results["more"] == 1


@pytest.mark.parametrize(
    ("pointer", "value"),
    [
        ("/dataset", 5),
        ("/dataset/images", {"file": "x"}),
        ("/dataset/images", ["x"]),
        ("/dataset/images", [{"file": "x", "split": "test", "label": "cat"}]),
        ("/dataset/images", [{"file": "x", "split": "test", "label": 7, "sha256": ""}]),
        ("/dataset/images", document()["dataset"]["images"] * 2),
        ("/transfer", None),
        ("/transfer/misclassified", [{"file": "x", "true": "cat"}]),
        ("/transfer/confusion", []),
        ("/transfer/confusion", {"test": [[1, 2]]}),
        ("/transfer/confusion", {"test": [[True]]}),
        ("/transfer/confusion", {"test": [[-1]]}),
        ("/transfer/confusion", {"test": [[0.5]]}),
        ("/checks", [{"passed": True}]),
    ],
)
def test_what_the_comparison_relies_on_is_checked(tmp_path: Path, pointer: str, value: Any) -> None:
    content: Any = numbers()
    *path, last = pointer[1:].split("/")
    for step in path:
        content = content[step]
    content[last] = value
    whole = numbers(**{path[0]: content}) if path else numbers(**{last: value})
    assert pointer in refusal(write_json(tmp_path / "results.json", whole)).problem


@pytest.mark.parametrize("matrix", [None, 5, [[1, 2]], [[-1]], {"test": [[1]]}])
def test_the_matrix_of_an_own_network_is_checked_too(tmp_path: Path, matrix: Any) -> None:
    # What compares reports counts in it.
    whole = numbers(architectures={"test": {"confusion": matrix}})
    assert "/architectures/test/confusion" in refusal(write_json(tmp_path / "r.json", whole)).problem


def test_a_missing_file_and_an_empty_folder_are_named(tmp_path: Path) -> None:
    assert "no file" in refusal(tmp_path / "nothing").problem
    assert "no results.json" in refusal(tmp_path).problem
    (tmp_path / "results.json").mkdir()
    assert "no results.json" in refusal(tmp_path).problem


def test_a_path_through_a_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "a").write_text("x")
    refusal(tmp_path / "a" / "b")
    refusal(tmp_path / ("n" * 5000))


@pytest.mark.parametrize("content", [b"\x89PNG\r\n\x1a\n\x00", b"PK\x03\x04", b"<html></html>"])
def test_another_kind_of_file_is_refused(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "report.html").write_bytes(content)
    assert "not JSON" in refusal(tmp_path / "report.html").problem


def test_a_pdf_without_the_attachment_is_refused(tmp_path: Path) -> None:
    file = write_pdf(tmp_path / "report.pdf", b"{}", key="other.json", name="other.json")
    error = refusal(file)
    assert "has no attachment results.json" in error.problem
    assert "build folder" in error.remedy


def one_more(paper: pikepdf.Pdf) -> None:
    paper.attachments["more"] = pikepdf.AttachedFileSpec(paper, b"{}", filename="results.json")


def one_more_of_the_same_key(paper: pikepdf.Pdf) -> None:
    other = pikepdf.AttachedFileSpec(paper, b"{}", filename="results.json").obj
    tree: Any = paper.Root.Names.EmbeddedFiles
    tree.Names.append(pikepdf.String("results.json"))
    tree.Names.append(paper.make_indirect(other))


def one_more_beside_the_tree(paper: pikepdf.Pdf) -> None:
    other = pikepdf.AttachedFileSpec(paper, b"{}", filename="results.json").obj
    paper.Root.AF = pikepdf.Array([paper.make_indirect(other)])


@pytest.mark.parametrize("add", [one_more, one_more_of_the_same_key, one_more_beside_the_tree])
def test_two_attachments_of_one_name_are_refused(tmp_path: Path, add: Callable[[pikepdf.Pdf], None]) -> None:
    with pikepdf.open(write_pdf(tmp_path / "one.pdf", json.dumps(numbers()).encode())) as paper:
        add(paper)
        paper.save(tmp_path / "two.pdf")
    assert "two attachments results.json" in refusal(tmp_path / "two.pdf").problem


def test_one_attachment_by_its_key_and_one_by_its_file_name_are_two(tmp_path: Path) -> None:
    file = write_pdf(tmp_path / "one.pdf", json.dumps(numbers()).encode(), key="attachment0")
    with pikepdf.open(file) as paper:
        paper.attachments["results.json"] = pikepdf.AttachedFileSpec(paper, b"{}", filename="other.json")
        paper.save(tmp_path / "two.pdf")
    assert "two attachments results.json" in refusal(tmp_path / "two.pdf").problem


def test_a_list_of_attachments_that_leads_in_a_circle_comes_to_an_end(tmp_path: Path) -> None:
    with pikepdf.open(write_pdf(tmp_path / "one.pdf", json.dumps(numbers()).encode())) as paper:
        tree: Any = paper.make_indirect(pikepdf.Dictionary())
        tree.Kids = pikepdf.Array([tree, tree])
        paper.Root.Names.EmbeddedFiles = tree
        paper.save(tmp_path / "circle.pdf")
    refusal(tmp_path / "circle.pdf")


def test_attachments_are_read_by_name_and_the_others_told(tmp_path: Path) -> None:
    file = write_pdf(tmp_path / "a.pdf", b"[1]", key="../../evil", name="/etc/passwd")
    found = read_attachments(file, ("notes.txt", "report.toml"))
    assert found.read == {"notes.txt": b"{}"}
    assert found.others == ("/etc/passwd",)
    assert [path.name for path in tmp_path.rglob("*")] == ["a.pdf"]


def test_an_encrypted_pdf_is_refused(tmp_path: Path) -> None:
    plain = write_pdf(tmp_path / "plain.pdf", json.dumps(numbers()).encode())
    with pikepdf.open(plain) as paper:
        paper.save(tmp_path / "locked.pdf", encryption=pikepdf.Encryption(owner="o", user="u"))
        paper.save(tmp_path / "open.pdf", encryption=pikepdf.Encryption(owner="o", user=""))
    assert "the password is not known" in refusal(tmp_path / "locked.pdf").problem
    assert open_submission(tmp_path / "open.pdf").results == numbers()


@pytest.mark.parametrize("content", [b"%PDF-1.7\n", b"%PDF-1.7\n" + b"x" * 5000, b"", b"hello"])
def test_a_damaged_pdf_is_refused(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "report.pdf").write_bytes(content)
    assert "damaged" in refusal(tmp_path / "report.pdf").problem


def test_a_pdf_with_any_damage_is_read_or_refused(tmp_path: Path) -> None:
    """Every eighth byte, and each end, of a small PDF is spoilt; nothing else than a refusal comes of it."""
    whole = write_pdf(tmp_path / "whole.pdf", json.dumps(numbers()).encode()).read_bytes()
    file = tmp_path / "spoilt.pdf"
    spoilt = [whole[:location] + b"\xff" + whole[location + 1 :] for location in range(0, len(whole), 8)]
    for content in [*spoilt, *(whole[:location] for location in range(0, len(whole), 32))]:
        file.write_bytes(content)
        with contextlib.suppress(SubmissionError):
            assert open_submission(file).results == numbers()


@pytest.mark.parametrize("spoil", ["Names", "EF", "Kids"])
def test_attachments_of_a_wrong_type_are_refused(tmp_path: Path, spoil: str) -> None:
    whole = write_pdf(tmp_path / "whole.pdf", json.dumps(numbers()).encode())
    with pikepdf.open(whole) as paper:
        names: Any = paper.Root.Names
        if spoil == "Names":
            names.EmbeddedFiles.Names = pikepdf.Array([1, 2, 3])
        elif spoil == "EF":
            for specification in paper.attachments.values():
                specification.obj.EF = pikepdf.Name("/Nothing")
        else:
            names.EmbeddedFiles = pikepdf.Dictionary(Kids=[pikepdf.Name("/X"), 1])
        paper.save(tmp_path / "spoilt.pdf")
    refusal(tmp_path / "spoilt.pdf")


def test_a_small_limit_holds_for_files_and_attachments(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    content = json.dumps(numbers()).encode()
    files = [
        write_json(tmp_path / "results.json", numbers()),
        write_pdf(tmp_path / "packed.pdf", content),
        write_stream(tmp_path / "plain.pdf", content),
    ]
    monkeypatch.setattr(submission, "MAX_BYTES", len(content))
    for file in files:
        assert open_submission(file).results == numbers()
    monkeypatch.setattr(submission, "MAX_BYTES", len(content) - 1)
    for file in files:
        assert f"more than the {len(content) - 1}" in refusal(file).problem


def test_an_attachment_that_declares_too_much_is_refused_unread(tmp_path: Path) -> None:
    packed = zlib.compress(b"{}")
    file = write_stream(tmp_path / "a.pdf", packed, filter=pikepdf.Name("/FlateDecode"), Size=50 * 2**20 + 1)
    assert "52428801 bytes" in refusal(file).problem


BOMB = """
import resource, sys
resource.setrlimit(resource.RLIMIT_AS, (450 * 2**20, 450 * 2**20))
from pathlib import Path
from reportgen.submission import SubmissionError, open_submission
try:
    open_submission(Path(sys.argv[1]))
except SubmissionError as error:
    print(error.problem)
"""


@pytest.mark.long
@pytest.mark.skipif(sys.platform != "linux", reason="only Linux limits the address space of a process")
def test_a_bomb_that_lies_about_its_size_takes_little_memory(tmp_path: Path) -> None:
    """512 MiB of zeros, packed to half a megabyte and declared as two bytes, in 450 MiB of address space."""
    packed = zlib.compress(bytes(2**29))
    file = write_stream(tmp_path / "bomb.pdf", packed, filter=pikepdf.Name("/FlateDecode"), Size=2)
    command = [sys.executable, "-c", BOMB, str(file)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60)
    assert "52428801 bytes, more than the 52428800" in done.stdout, done.stderr


@pytest.mark.parametrize(
    ("raw", "filter", "said"),
    [
        (b"nonsense", "/FlateDecode", "damaged"),
        (zlib.compress(b"{" * 999)[:-8], "/FlateDecode", "end is missing"),
        (b"7b7d>", "/ASCIIHexDecode", "/ASCIIHexDecode"),
    ],
)
def test_an_attachment_that_cannot_be_unpacked_is_refused(
    tmp_path: Path, raw: bytes, filter: str, said: str
) -> None:
    file = write_stream(tmp_path / "a.pdf", raw, filter=pikepdf.Name(filter))
    assert said in refusal(file).problem


def test_opening_leaves_no_trace(tmp_path: Path) -> None:
    write_json(tmp_path / "results.json", numbers())
    write_pdf(tmp_path / "report.pdf", json.dumps(numbers()).encode())
    before = {path: path.stat().st_mtime_ns for path in tmp_path.rglob("*")}
    open_submission(tmp_path)
    open_submission(tmp_path / "report.pdf")
    assert {path: path.stat().st_mtime_ns for path in tmp_path.rglob("*")} == before


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_a_file_that_may_not_be_read_is_named(tmp_path: Path) -> None:
    file = write_json(tmp_path / "results.json", numbers())
    file.chmod(0)
    assert "Permission denied" in refusal(file).problem


def test_the_last_build_is_that_of_the_largest_number(tmp_path: Path) -> None:
    assert last_build(tmp_path) is None
    (tmp_path / "previous").mkdir()
    assert last_build(tmp_path) is None
    for name in ("2", "10", "9", "x", "11.tmp", "-12", "²", "٩٩"):
        (tmp_path / "previous" / name).mkdir()
    (tmp_path / "previous/99").write_text("a file")
    assert last_build(tmp_path) == tmp_path / "previous" / "10"
