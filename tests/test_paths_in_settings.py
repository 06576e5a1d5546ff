"""``~`` and variables in paths."""

from __future__ import annotations

from pathlib import Path

import pytest

from reportgen.settings import expand_path


@pytest.fixture(autouse=True)
def _environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", "/home/ada")
    monkeypatch.setenv("SCRATCH_1", "/scratch/x y")
    monkeypatch.setenv("EMPTY", "")
    monkeypatch.delenv("NOWHERE", raising=False)


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("~/data", "/home/ada/data"),
        ("~", "/home/ada"),
        ("$HOME/data", "/home/ada/data"),
        ("${HOME}data", "/home/adadata"),
        ("$SCRATCH_1/a/${SCRATCH_1}", "/scratch/x y/a//scratch/x y"),
        ("a$EMPTY/b", "a/b"),
        ("$$HOME/5$$", "$HOME/5$"),
        ("a~/b", "a~/b"),
        ("5$/x", "5$/x"),
        ("data/ü ñ", "data/ü ñ"),
    ],
)
def test_home_and_variables_are_replaced(written: str, meant: str) -> None:
    assert expand_path(written) == meant


@pytest.mark.parametrize(
    ("written", "said"),
    [
        ("$NOWHERE/x", "the variable $NOWHERE is not set"),
        ("a/${NOWHERE}", "the variable $NOWHERE is not set"),
        ("~nobody-of-that-name/x", "no home folder for ~nobody-of-that-name"),
        ("C:\temp", "backslash"),
        ("C:\new", "backslash"),
    ],
)
def test_what_means_nothing_is_an_error(written: str, said: str) -> None:
    with pytest.raises(ValueError, match=r".") as caught:
        expand_path(written)
    assert said in str(caught.value)


@pytest.mark.parametrize("value", [3, None, Path("~/x")])
def test_what_is_no_text_stays(value: object) -> None:
    assert expand_path(value) is value
