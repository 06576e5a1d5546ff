"""Named byte strings and arrays as one."""

from __future__ import annotations

import io
import zipfile
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from reportgen.store.packing import pack, pack_arrays, unpack, unpack_arrays


def test_packed_arrays_are_read_back_as_they_were() -> None:
    arrays: dict[str, NDArray[Any]] = {
        "b": np.arange(6, dtype=np.float32).reshape(2, 3),
        "a": np.array([[1, 255]], np.uint8),
    }
    with np.load(io.BytesIO(pack_arrays(arrays)), allow_pickle=False) as packed:
        assert set(packed.files) == {"a", "b"}
        for name, array in arrays.items():
            assert packed[name].dtype == array.dtype
            np.testing.assert_array_equal(packed[name], array)


def test_equal_arrays_give_equal_bytes_at_any_time(monkeypatch: pytest.MonkeyPatch) -> None:
    arrays = {"a": np.arange(5.0)}
    first = pack_arrays(arrays)
    with monkeypatch.context() as patch:
        patch.setattr("time.time", lambda: 2e9)
        second = pack_arrays(arrays)
    assert second == first
    (entry,) = zipfile.ZipFile(io.BytesIO(first)).infolist()
    assert entry.date_time == (1980, 1, 1, 0, 0, 0)


def test_an_array_of_python_objects_is_refused() -> None:
    with pytest.raises(ValueError, match="allow_pickle"):
        pack_arrays({"a": np.array([{}], dtype=object)})


def test_arrays_come_back(tmp_path: object) -> None:
    arrays = {"a": np.arange(6, dtype=np.float32).reshape(2, 3), "b": np.array(7)}
    back = unpack_arrays(pack_arrays(arrays))
    assert list(back) == ["a", "b"]
    for name, array in arrays.items():
        assert back[name].dtype == array.dtype
        np.testing.assert_array_equal(back[name], array)


@given(st.dictionaries(st.sampled_from(["a.json", "b/c.npz", "x", "ä"]), st.binary(max_size=50)))
def test_what_was_packed_comes_back_in_order(files: dict[str, bytes]) -> None:
    packed = pack(files)
    assert list(unpack(packed).items()) == list(files.items())
    assert pack(files) == packed
