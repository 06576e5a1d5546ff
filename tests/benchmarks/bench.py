"""What measures: cold builds with their floor, commands and workloads, saying what is running."""

from __future__ import annotations

import json
import shutil
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from comparison import Comparison
from home import Home, size_of
from measurement import Run, measure, measure_command
from rich.console import Console

BUILD = (sys.executable, "-m", "reportgen", "build", "--quiet")
"""What a user types."""

_HASHING = Path(__file__).with_name("hashing.py")


class Bench:
    """The runs of one benchmark: in a temporary folder, each of the long ones ``repeat`` times."""

    def __init__(self, folder: Path, repeat: int, console: Console) -> None:
        self._folder = folder
        self.repeat = repeat
        self._console = console

    def fresh_folder(self) -> Path:
        return Path(tempfile.mkdtemp(dir=self._folder))

    def measure(self, what: str, workload: str, *arguments: object) -> Run:
        self._say(what)
        return measure(workload, *arguments)

    def ask(self, what: str, workload: str, *arguments: object) -> tuple[Run, Any]:
        """Run a workload that writes JSON to the file that is its last argument; returns that too."""
        answer = self.fresh_folder() / "answer.json"
        run = self.measure(what, workload, *arguments, answer)
        return run, json.loads(answer.read_bytes())

    def build(self, what: str, home: Home) -> Run:
        """``reportgen build`` as a user runs it."""
        self._say(what)
        return measure_command(BUILD, home.folder)

    def command(self, what: str, command: Sequence[object], folder: Path, stage: str = "") -> Run:
        """Any command, see ``measure_command``."""
        self._say(what)
        return measure_command(command, folder, stage)

    def hash_files(self, what: str, files: Sequence[Path]) -> Run:
        """Floor: bare Python that hashes files, its start included."""
        self._say(what)
        names = self.fresh_folder() / "names.txt"
        names.write_text("\n".join(map(str, files)) + "\n", encoding="utf-8")
        return measure_command((sys.executable, _HASHING, names), self._folder, "Bare Python, hashing")

    def compare(self, name: str, data: Path) -> Comparison:
        """Cold build, warm build and floor of a data set, in turns, so that all see the same machine."""
        empty = Comparison(name, 0, [])
        rounds = [self._compare_once(empty, data) for _ in range(self.repeat)]
        return replace(
            rounds[-1],
            cold=[each.cold[0] for each in rounds],
            warm=[each.warm[0] for each in rounds],
            floor=[[part[0] for part in same] for same in zip(*(each.floor for each in rounds), strict=True)],
        )

    def _compare_once(self, empty: Comparison, data: Path) -> Comparison:
        imports = self.measure("importing TensorFlow", "import_tensorflow")
        home, built = self._build_cold(empty, data)
        forward = self.measure(f"bare forward, {built.images} images", "forward", built.images)
        printing = self.measure(f"bare printing, {empty.name}", "print_document", home.html)
        shutil.rmtree(home.build)
        warm = self.measure(f"warm build, {empty.name}", "build", data, home.folder)
        return replace(built, warm=[warm], floor=[[imports], [forward], [printing]])

    def build_only(self, name: str, data: Path) -> Comparison:
        """Cold builds of a data set, without a floor."""
        empty = Comparison(name, 0, [])
        rounds = [self._build_cold(empty, data)[1] for _ in range(self.repeat)]
        return replace(rounds[-1], cold=[each.cold[0] for each in rounds])

    def _build_cold(self, empty: Comparison, data: Path) -> tuple[Home, Comparison]:
        home = Home(self.fresh_folder())
        run = self.measure(f"cold build, {empty.name}", "build", data, home.folder)
        cache = size_of(home.folder / "cache")
        return home, replace(empty, images=home.images, cold=[run], cache=cache)

    def _say(self, what: str) -> None:
        self._console.print(f"Measuring: {what} …", highlight=False)
