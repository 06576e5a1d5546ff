"""Verifies that the numbers of a submitted report were computed from its data."""

from reportgen.verify.description import describe as describe
from reportgen.verify.description import render_findings as render_findings
from reportgen.verify.description import write_json as write_json
from reportgen.verify.rebuild import open_rebuild as open_rebuild
from reportgen.verify.tolerances import Finding as Finding
from reportgen.verify.tolerances import Verification as Verification
from reportgen.verify.verification import verify as verify
