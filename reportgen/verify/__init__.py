"""Verifies that the numbers of a submitted report were computed from its data."""

from reportgen.verify.description import describe as describe
from reportgen.verify.description import write_json as write_json
from reportgen.verify.finding import Finding as Finding
from reportgen.verify.finding import Verification as Verification
from reportgen.verify.verification import verify as verify
