"""What changed from one report to another: numbers, images, predictions and figures."""

from reportgen.diff.difference import Difference as Difference
from reportgen.diff.difference import compare as compare
from reportgen.diff.summary import describe as describe
