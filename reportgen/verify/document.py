"""A verification as JSON."""

from __future__ import annotations

import json
from dataclasses import asdict

from reportgen.verify.finding import Verification

FORMAT = 1


def write_json(verification: Verification) -> str:
    """The verdict, a list of all rows, the notes, and the points if there are any."""
    content = {
        "format": FORMAT,
        "submission": verification.submission,
        "data": verification.data,
        "confirmed": verification.confirmed,
        "complete": verification.complete,
        "rows": [asdict(row) for row in verification.rows],
        "notes": list(verification.notes),
    }
    if verification.grades is not None:
        grades = verification.grades
        content["grades"] = {"score": f"{grades.score:f}", "points": f"{grades.points:f}"}
    return json.dumps(content, ensure_ascii=False, indent=2) + "\n"
