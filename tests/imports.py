"""What a program has imported when it ends."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

HEAVY = {
    "tensorflow",
    "keras",
    "numpy",
    "matplotlib",
    "weasyprint",
    "jinja2",
    "sklearn",
    "scipy",
    "PIL",
    "h5py",
    "jsonschema",
}

RUN_AND_LIST = """
import json, sys
sys.argv = ["reportgen", *sys.argv[1:]]
from reportgen.cli.program import main
try:
    main()
except SystemExit as end:
    assert not end.code, end.code
finally:
    print("\\n" + json.dumps(sorted({name.split(".")[0] for name in sys.modules})))
"""


def imported_by(code: str, *arguments: str, cwd: Path | None = None) -> set[str]:
    """Top-level names of what a fresh Python has imported after ``code``, which prints them last."""
    command = [sys.executable, "-c", code, *arguments]
    done = subprocess.run(command, capture_output=True, text=True, timeout=200, check=True, cwd=cwd)
    return set(json.loads(done.stdout.splitlines()[-1]))
