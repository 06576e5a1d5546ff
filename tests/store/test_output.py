"""Files that the user names: written if they are new or our own, and never over anything else."""

from __future__ import annotations

import io
import os
import zipfile
from decimal import Decimal
from pathlib import Path

import pytest

from reportgen.export import is_own_model
from reportgen.grading.exports import Exports, remove_exports, write_exports
from reportgen.grading.score import Case, Criterion, Grades
from reportgen.store.files import StorageError
from reportgen.store.output import TakenError, check_output, is_json_with, is_text_with, write_output

GRADES = Grades("report", (Criterion("a", Decimal(1), (Case("a", "passed"),)),))
OURS = is_json_with("mine")


@pytest.mark.parametrize("before", [None, b"", b'{"mine": 1}'])
def test_a_file_that_is_new_or_our_own_is_written(tmp_path: Path, before: bytes | None) -> None:
    file = tmp_path / "out.json"
    if before is not None:
        file.write_bytes(before)
    write_output(file, b"new", OURS)
    assert file.read_bytes() == b"new"


@pytest.mark.parametrize("before", [b"my thesis", b"[1]", b'{"yours": 1}', b"\xff", b'"mine"', b"[" * 10_000])
def test_anything_else_is_named_and_stays(tmp_path: Path, before: bytes) -> None:
    file = tmp_path / "out.json"
    file.write_bytes(before)
    with pytest.raises(TakenError, match=r"out\.json"):
        write_output(file, b"new", OURS)
    assert file.read_bytes() == before


def test_a_folder_is_named(tmp_path: Path) -> None:
    with pytest.raises(StorageError, match="folder"):
        check_output(tmp_path, OURS)


def test_a_link_is_judged_by_what_it_leads_to(tmp_path: Path) -> None:
    (tmp_path / "mine.txt").write_bytes(b"mine")
    (tmp_path / "out").symlink_to("mine.txt")
    (tmp_path / "lost").symlink_to("nowhere")
    for name in ("out", "lost"):
        with pytest.raises(TakenError, match=name):
            write_output(tmp_path / name, b"new", OURS)
    assert (tmp_path / "mine.txt").read_bytes() == b"mine"


def test_a_stream_is_written_to_and_stays_one(tmp_path: Path) -> None:
    write_output(Path("/dev/null"), b"new", OURS)
    assert Path("/dev/null").is_char_device()
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    reader = os.open(pipe, os.O_RDONLY | os.O_NONBLOCK)
    write_output(pipe, b"new", OURS)
    assert os.read(reader, 10) == b"new"
    os.close(reader)
    assert pipe.is_fifo()


def test_words_count_only_near_the_beginning(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"x" * 30_000 + b"mark")
    with pytest.raises(TakenError):
        check_output(tmp_path / "a", is_text_with("mark"))


def test_grades_are_written_over_grades_of_the_same_kind_only(tmp_path: Path) -> None:
    kinds = ("gradescope", "csv", "json", "markdown")
    write_exports(GRADES, Exports(**{kind: tmp_path / kind for kind in kinds}))
    written = {kind: (tmp_path / kind).read_bytes() for kind in kinds}
    for kind in kinds:
        for other in kinds:
            file = tmp_path / f"{kind} over {other}"
            file.write_bytes(written[other])
            if kind == other:
                remove_exports(Exports(**{kind: file}))
                assert not file.exists()
            else:
                with pytest.raises(TakenError, match=file.name):
                    remove_exports(Exports(**{kind: file}))
                assert file.read_bytes() == written[other]


def test_nothing_is_removed_if_one_of_several_files_is_somebody_s(tmp_path: Path) -> None:
    write_exports(GRADES, Exports(csv=tmp_path / "g.csv"))
    (tmp_path / "g.md").write_text("# My notes")
    with pytest.raises(TakenError, match=r"g\.md"):
        remove_exports(Exports(csv=tmp_path / "g.csv", markdown=tmp_path / "g.md"))
    assert (tmp_path / "g.csv").exists()


@pytest.mark.parametrize(
    ("name", "config", "ours"),
    [
        ("config.json", '{"name": "reportgen_vgg19"}', True),
        ("config.json", '{"name": "mine"}', False),
        ("x", "", False),
    ],
)
def test_a_model_of_somebody_s_is_told_from_an_exported_one(name: str, config: str, ours: bool) -> None:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr(name, config)
    assert is_own_model(io.BytesIO(file.getvalue())) is ours
    assert not is_own_model(io.BytesIO(b"no archive"))
