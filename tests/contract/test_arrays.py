"""Arrays that somebody handed in: the ones that the numbers describe, or an error that says what they are."""

from __future__ import annotations

import io
import json
import os
import tracemalloc
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pikepdf
import pytest
from numpy.typing import NDArray
from whole_document import written

from reportgen import load_results
from reportgen.contract import arrays
from reportgen.contract.reader import LoadedResults
from reportgen.pointer import PointerError

RNG = np.random.default_rng(3)
FILTER = RNG.normal(size=(3, 3)).astype(np.float32)
POINTER = "/convolution/arrays/filter"


def describe(array: NDArray[Any], key: str = "filter") -> dict[str, Any]:
    """The summary of an array, by the plainest means."""
    values = [float(value) for value in array.ravel()]
    return {
        "file": "arrays/convolution.npz", "key": key, "shape": list(array.shape), "dtype": str(array.dtype),
        "min": min(values), "max": max(values), "mean": sum(values) / len(values),
        "norm": sum(value * value for value in values) ** 0.5,
    }  # fmt: skip


def as_npz(named: Mapping[str, NDArray[Any]]) -> bytes:
    buffer = io.BytesIO()
    np.savez(buffer, **named)  # type: ignore[arg-type]
    return buffer.getvalue()


def as_npy(array: NDArray[Any]) -> bytes:
    buffer = io.BytesIO()
    np.save(buffer, array)
    return buffer.getvalue()


def as_zip(*members: tuple[str, bytes], method: int = zipfile.ZIP_STORED) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", method) as archive:
        for name, data in members:
            archive.writestr(name, data)
    return buffer.getvalue()


def hand_in(folder: Path, archive: bytes | None = None, **summaries: dict[str, Any]) -> LoadedResults:
    """A build folder whose convolution section describes ``summaries``, with ``archive`` for its arrays."""
    content = written()
    content["convolution"]["arrays"] = summaries or {"filter": describe(FILTER)}
    (folder / "arrays").mkdir(parents=True, exist_ok=True)
    (folder / "results.json").write_text(json.dumps(content), encoding="utf-8")
    if archive is not None:
        (folder / "arrays/convolution.npz").write_bytes(archive)
    return load_results(folder)


def refusal(results: LoadedResults, key: str = "filter") -> str:
    with pytest.raises(PointerError) as caught:
        results.array("convolution", key)
    assert f"/convolution/arrays/{key}" in caught.value.problem
    assert caught.value.remedy
    return caught.value.problem


ARRAYS: dict[str, NDArray[Any]] = {
    "floats": RNG.normal(size=(40, 30)).astype(np.float32),
    "doubles": RNG.normal(size=(7,)) * 1e-8,
    "halves": RNG.normal(size=(5, 5)).astype(np.float16),
    "pixels": RNG.integers(0, 256, (2, 224, 224, 3), dtype=np.uint8),
    "truth": RNG.integers(0, 2, (9, 2)).astype(bool),
    "integers": RNG.integers(-5, 2**40, (4, 3)),
    "columns first": np.asfortranarray(RNG.normal(size=(12, 5, 3))),
    "many": RNG.normal(size=(3, 500_000)).astype(np.float32) + 100,
    "zeros": np.zeros((4, 4), np.float32),
    "a/b~c": np.ones((2, 2), np.float32),
}


@pytest.fixture(scope="module")
def honest(tmp_path_factory: pytest.TempPathFactory) -> LoadedResults:
    folder = tmp_path_factory.mktemp("honest")
    return hand_in(folder, as_npz(ARRAYS), **{key: describe(array, key) for key, array in ARRAYS.items()})


@pytest.mark.parametrize("key", ARRAYS)
def test_arrays_come_as_they_were_written(honest: LoadedResults, key: str) -> None:
    array = honest.array("convolution", key)
    assert array.dtype == ARRAYS[key].dtype
    np.testing.assert_array_equal(array, ARRAYS[key], strict=True)
    assert not array.flags.writeable


def test_a_compressed_archive_is_read_too(tmp_path: Path) -> None:
    buffer = io.BytesIO()
    np.savez_compressed(buffer, filter=FILTER)
    np.testing.assert_array_equal(hand_in(tmp_path, buffer.getvalue()).array("convolution", "filter"), FILTER)


def test_the_path_that_is_named_is_not_followed(tmp_path: Path) -> None:
    other = tmp_path / "other.npz"
    other.write_bytes(as_npz({"filter": np.full((3, 3), 9, np.float32)}))
    summary = {**describe(FILTER), "file": str(other), "key": "../../other"}
    results = hand_in(tmp_path / "build", as_npz({"filter": FILTER}), filter=summary)
    np.testing.assert_array_equal(results.array("convolution", "filter"), FILTER)


def test_a_section_is_one_of_five(honest: LoadedResults) -> None:
    for section in ("dataset", "../convolution", "checks", "", "arrays"):
        with pytest.raises(PointerError, match="no section with arrays") as caught:
            honest.array(section, "filter")
        assert "guided_backprop" in caught.value.remedy


def test_an_array_that_no_summary_names_is_not_there(honest: LoadedResults) -> None:
    with pytest.raises(PointerError, match=r"nothing at /convolution/arrays/filter"):
        honest.array("convolution", "filter")
    with pytest.raises(PointerError, match=r"nothing at /convolution/arrays/\.\.~1x"):
        honest.array("convolution", "../x")


def test_a_pdf_and_a_single_file_have_no_arrays(tmp_path: Path) -> None:
    hand_in(tmp_path, as_npz({"filter": FILTER}))
    with pikepdf.new() as paper:
        paper.add_blank_page()
        data = (tmp_path / "results.json").read_bytes()
        paper.attachments["results.json"] = pikepdf.AttachedFileSpec(paper, data, filename="results.json")
        paper.save(tmp_path / "report.pdf")
    (tmp_path / "alone").mkdir()
    (tmp_path / "alone/results.json").write_bytes(data)
    for path in (tmp_path / "report.pdf", tmp_path / "alone/results.json"):
        assert "did not come along" in refusal(load_results(path))


def changed(location: tuple[int, int], value: float) -> NDArray[Any]:
    array = FILTER.copy()
    array[location] = value
    return array


MIDDLE = divmod(int(FILTER.ravel().argsort()[4]), 3)
LIES = {
    "one number changed": (as_npz({"filter": changed(MIDDLE, FILTER[MIDDLE] + 1e-4)}), "its mean is"),
    "another largest": (as_npz({"filter": changed((0, 0), 100)}), "its max is"),
    "another smallest": (as_npz({"filter": changed((0, 0), -100)}), "its min is"),
    "no number": (as_npz({"filter": changed((0, 0), np.nan)}), "nan"),
    "another shape": (as_npz({"filter": FILTER.reshape(1, 9)}), "it is float32 of shape [1, 9], not float32"),
    "another type": (as_npz({"filter": FILTER.view(np.int32)}), "it is int32 of shape [3, 3], not float32"),
    "another byte order": (as_npz({"filter": FILTER.astype(">f4")}), "it is >f4"),
    "fewer rows": (as_npz({"filter": FILTER[:2]}), "it is float32 of shape [2, 3]"),
    "much more": (as_npz({"filter": np.zeros((10_000,), np.float32)}), "bytes; what is described has"),
    "another name": (as_npz({"map_0": FILTER}), "holds 0 arrays of this name"),
    "twice": (
        # Put in under another name, since the library that writes it warns.
        as_zip(("filter.npy", as_npy(FILTER)), ("gilter.npy", as_npy(FILTER))).replace(b"gilter", b"filter"),
        "holds 2 arrays of this name",
    ),
    "packed otherwise": (as_zip(("filter.npy", as_npy(FILTER)), method=zipfile.ZIP_BZIP2), "by method 12"),
    "no archive": (b"no archive", "is damaged"),
    "nothing": (b"", "is damaged"),
    "one array without an archive": (as_npy(FILTER), "is damaged"),
    "half an archive": (as_npz({"filter": FILTER})[:150], "is damaged"),
    "a broken byte": (as_npz({"filter": FILTER}).replace(FILTER.tobytes()[:8], b"\0" * 8), "Bad CRC-32"),
    "no header": (as_zip(("filter.npy", b"x" * 170)), "is damaged"),
    "a header that is code": (
        as_zip(("filter.npy", as_npy(FILTER).replace(b"'descr': '<f4'", b"'descr': exit() "))),
        "is damaged",
    ),
    "a header of brackets": (
        as_zip(("filter.npy", b"\x93NUMPY\x01\x00" + (9000).to_bytes(2, "little") + b"(" * 9000)),
        "is damaged",
    ),
    "a header of a newer form": (
        as_zip(("filter.npy", as_npy(FILTER).replace(b"Y\x01", b"Y\x03"))),
        "version (3, 0)",
    ),
    "a header that promises more": (
        as_zip(("filter.npy", as_npy(FILTER).replace(b"(3, 3), ", b"(3, 3**9"))),
        "is damaged",
    ),
    "numbers cut off": (as_zip(("filter.npy", as_npy(FILTER)[:-4] )), "has 32 bytes of numbers"),
    "numbers added": (as_zip(("filter.npy", as_npy(FILTER) + b"1234")), "has 37 bytes of numbers"),
}  # fmt: skip


@pytest.mark.parametrize(("archive", "said"), LIES.values(), ids=LIES)
def test_what_is_not_as_described_is_refused(tmp_path: Path, archive: bytes, said: str) -> None:
    assert said in refusal(hand_in(tmp_path, archive))


def test_numbers_moved_against_each_other_are_noticed(tmp_path: Path) -> None:
    described, kept = (np.array([1, *pair, 9], np.float32) for pair in ((6, 6), (5, 7)))
    results = hand_in(tmp_path, as_npz({"filter": kept}), filter=describe(described))
    assert "its norm is" in refusal(results)


@pytest.mark.parametrize("name", ["min", "max", "mean", "norm"])
@pytest.mark.parametrize("error", [1e-6, -1e-6])
def test_every_number_of_the_summary_counts(tmp_path: Path, name: str, error: float) -> None:
    summary = describe(FILTER)
    summary[name] += error
    assert f"its {name} is" in refusal(hand_in(tmp_path, as_npz({"filter": FILTER}), filter=summary))


def test_another_order_of_summation_does_no_harm(tmp_path: Path) -> None:
    array = (np.random.default_rng(0).normal(size=200_000) * 1000).astype(np.float32)
    summary = describe(array)
    summary["mean"] = float(np.float64(array[::-1].astype(np.float64).cumsum()[-1] / array.size))
    summary["norm"] = float(np.linalg.norm(array.astype(np.float64)))
    results = hand_in(tmp_path, as_npz({"filter": array}), filter=summary)
    np.testing.assert_array_equal(results.array("convolution", "filter"), array)


class Trap:
    def __reduce__(self) -> Any:
        return (os.mkdir, ("sprung",))


def test_objects_are_never_made(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    trap = np.array([Trap()], dtype=object)
    data = io.BytesIO()
    np.save(data, trap, allow_pickle=True)
    archive = as_zip(("filter.npy", data.getvalue()))
    size = len(data.getvalue())
    shape = [(size - 60) // 4]
    refusal(hand_in(tmp_path / "a", archive, filter={**describe(FILTER), "shape": shape}))
    refusal(hand_in(tmp_path / "b", as_zip(("filter.npy", data.getvalue()[128:]))))
    with pytest.raises(PointerError, match="/convolution/arrays/filter/dtype"):
        hand_in(tmp_path / "c", archive, filter={**describe(FILTER), "dtype": "object"})
    assert not (tmp_path / "sprung").exists()


def test_links_are_not_followed(tmp_path: Path) -> None:
    hand_in(tmp_path / "real", as_npz({"filter": FILTER}))
    results = hand_in(tmp_path / "file")
    (tmp_path / "file/arrays/convolution.npz").symlink_to(tmp_path / "real/arrays/convolution.npz")
    assert "symbolic link" in refusal(results)
    results = hand_in(tmp_path / "folder")
    (tmp_path / "folder/arrays").rmdir()
    (tmp_path / "folder/arrays").symlink_to(tmp_path / "real/arrays")
    assert "symbolic link" in refusal(results)
    results = hand_in(tmp_path / "dangling")
    (tmp_path / "dangling/arrays/convolution.npz").symlink_to(tmp_path / "nothing")
    assert "symbolic link" in refusal(results)


def test_what_is_no_file_is_refused_at_once(tmp_path: Path) -> None:
    results = hand_in(tmp_path / "pipe")
    os.mkfifo(tmp_path / "pipe/arrays/convolution.npz")
    assert "no regular file" in refusal(results)
    results = hand_in(tmp_path / "folder")
    (tmp_path / "folder/arrays/convolution.npz").mkdir()
    assert "Is a directory" in refusal(results)
    assert "No such file" in refusal(hand_in(tmp_path / "none"))


def bomb(declared: int) -> bytes:
    """An archive of little size with 64 MB of zeros in it, of which its directory admits ``declared``."""
    header = as_npy(FILTER)[:128]
    data = bytearray(as_zip(("filter.npy", header + bytes(2**26)), method=zipfile.ZIP_DEFLATED))
    true = (2**26 + 128).to_bytes(4, "little")
    return bytes(data.replace(true, declared.to_bytes(4, "little")))


LARGE = {**describe(FILTER), "shape": [2**20]}
"""With another array as large as this, the file itself is not too large."""


def peak_of_refusal(results: LoadedResults) -> int:
    """The most bytes that were in use while an array was refused."""
    tracemalloc.start()
    try:
        refusal(results)
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize(
    ("declared", "shape"),
    [
        (2**26 + 128, [3, 3]),  # seen from the directory
        (36 + 128, [3, 3]),  # the directory lies
        (2**26 + 128, [2**24]),  # the summary lies along, the header does not
        (2**26 + 128, [2**40, 2**40]),  # more than is ever read
    ],
)
def test_a_bomb_does_not_go_off(tmp_path: Path, declared: int, shape: list[int]) -> None:
    results = hand_in(tmp_path, bomb(declared), filter={**describe(FILTER), "shape": shape}, other=LARGE)
    assert peak_of_refusal(results) < 2**22


def test_a_header_that_is_a_bomb_does_not_go_off(tmp_path: Path) -> None:
    # In this form a header may have 4 GB.
    data = b"\x93NUMPY\x02\x00" + (2**26).to_bytes(4, "little") + b" " * 2**26
    archive = as_zip(("filter.npy", data), method=zipfile.ZIP_DEFLATED)
    results = hand_in(tmp_path, archive, filter=describe(FILTER), other=LARGE)
    assert peak_of_refusal(results) < 2**22


def test_more_than_the_limit_is_not_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    results = hand_in(tmp_path, as_npz({"filter": FILTER}))
    monkeypatch.setattr(arrays, "MAX_BYTES", 36)
    np.testing.assert_array_equal(results.array("convolution", "filter"), FILTER)
    monkeypatch.setattr(arrays, "MAX_BYTES", 35)
    assert "more than the 35 bytes that are read" in refusal(results)


def test_a_shape_too_large_to_count_is_still_too_large(tmp_path: Path) -> None:
    # 2**64 elements, which is 0 for whom counts in 64 bits.
    summary = {**describe(FILTER), "shape": [2**32, 2**32]}
    assert "bytes that are read" in refusal(hand_in(tmp_path, as_npz({"filter": FILTER}), filter=summary))


def test_a_promise_of_the_header_takes_no_memory(tmp_path: Path) -> None:
    header = as_npy(FILTER)[:128].replace(b"(3, 3), }" + b" " * 8, b"(999999999,), }  ")
    assert len(header) == 128
    problem = refusal(hand_in(tmp_path, as_zip(("filter.npy", header + FILTER.tobytes()))))
    assert "float32 of shape [999999999], not" in problem
