"""What an author's ``compute.run`` may return by mistake is told as his, with what it must return."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from reportgen.analysis.computed import Computed, summarise
from reportgen.engine.execution import Execution
from reportgen.engine.plan import Spec, Stage
from reportgen.engine.stages.network import Networks
from reportgen.engine.stages.outcomes import ARRAYS, NUMBERS, pack_section, require_outcome
from reportgen.outline.kind import ReportKind
from reportgen.outline.section import Reads, Section, SectionError
from reportgen.progress import Silent
from reportgen.results.fields import Arrays, Result
from reportgen.settings import Settings
from reportgen.store.cache import Cache

RESULT = """\
from reportgen.results.fields import Arrays, Result

class Edges(Result):
    mean: float
    arrays: Arrays
"""
COMPUTE = """\
from reportgen.analysis.computed import Computed
from edges_elsewhere.result import Edges

def run(context):
    return Computed(Edges(mean=0.5, arrays={}), {})
"""


class Edges(Result):
    """Two edges."""

    mean: float
    arrays: Arrays


class Others(Result):
    """Of another section."""

    count: int


ROWS = {"rows": np.arange(3.0)}


def pack(described: dict[str, Any], stored: dict[str, Any]) -> dict[str, bytes]:
    return pack_section(Computed(Edges(mean=0.5, arrays=summarise("edges", described)), stored))


WHOLE = pack(ROWS, ROWS)


@pytest.fixture
def section(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Section:
    package = tmp_path / "edges_elsewhere"
    package.mkdir()
    for name, text in {"__init__.py": "", "result.py": RESULT, "compute.py": COMPUTE}.items():
        (package / name).write_text(text, encoding="utf-8")
    monkeypatch.syspath_prepend(str(tmp_path))
    return Section("edges", "E", "edges_elsewhere", "Edges", "M.", Reads(), files=("more.bin",))


@pytest.mark.parametrize(
    ("outcome", "words"),
    [
        (Computed(Edges(mean=0.5, arrays={}), {}), ("is a Computed", "return pack_section(Computed(")),
        (None, ("is a NoneType", "return pack_section(")),
        ({**WHOLE, "more.bin": "text"}, ("has a str at 'more.bin'", "bytes")),
        ({ARRAYS: WHOLE[ARRAYS]}, (f"has no '{NUMBERS}'", "return pack_section(")),
        (WHOLE, ("has no 'more.bin'", "files in section.py")),
        (
            {**pack_section(Computed(Others(count=1), {})), "more.bin": b""},
            ("is no Edges", "mean", "Field required"),
        ),
        ({**pack({}, ROWS), "more.bin": b""}, ("has the array 'rows'", "summarise('edges', arrays)")),
        ({**pack(ROWS, {}), "more.bin": b""}, ("describes the array 'rows'", "pack it")),
    ],
)
def test_what_is_no_outcome_of_the_section_is_refused(
    section: Section, outcome: object, words: tuple[str, ...]
) -> None:
    with pytest.raises(SectionError, match=r"section 'edges': .*compute\.py: what run returns ") as caught:
        require_outcome(section, outcome)
    for each in words:
        assert each in caught.value.problem
    assert caught.value.exit_code == 1


def test_what_pack_section_gives_is_an_outcome(section: Section) -> None:
    require_outcome(section, {**WHOLE, "more.bin": b""})


def test_a_build_refuses_it_and_keeps_nothing(section: Section, tmp_path: Path) -> None:
    class MadeUp:
        """The parts of a plan that one stage without inputs is run by."""

        kind = ReportKind("k", "1", (section,))
        stages = {"edges": Stage(Spec("edges", "edges_elsewhere.compute", section="edges"), {})}  # noqa: RUF012
        settings, weights = Settings(), None

    cache = Cache(tmp_path / "cache", 10**6)
    execution = Execution(MadeUp(), cache, Networks(), Silent())  # type: ignore[arg-type]
    with pytest.raises(SectionError, match="is a Computed"):
        execution.obtain("edges")
    assert cache.get(MadeUp.stages["edges"].key) is None
