"""The result types common to every report. Each section adds a result type of its own.

Counts and numbers only; rates are derived. Arrays stay in ``build/arrays/<section>.npz`` and are
summarised here by name. Boxes are half-open ``[start, stop)`` in pixels of the 224 × 224 image.
Each field says what it means and in which unit: the JSON Schema and the list of pointers
(:mod:`reportgen.contract`) are made from these types.
"""

from reportgen.results.base import SPLITS as SPLITS
from reportgen.results.base import Arrays as Arrays
from reportgen.results.base import ArraySummary as ArraySummary
from reportgen.results.base import Box as Box
from reportgen.results.base import Matrix as Matrix
from reportgen.results.base import Position as Position
from reportgen.results.base import Result as Result
from reportgen.results.base import Split as Split
from reportgen.results.document import SCHEMA_VERSION as SCHEMA_VERSION
from reportgen.results.document import Author as Author
from reportgen.results.document import Check as Check
from reportgen.results.document import Dataset as Dataset
from reportgen.results.document import Duplicate as Duplicate
from reportgen.results.document import Font as Font
from reportgen.results.document import ImageFile as ImageFile
from reportgen.results.document import Kind as Kind
from reportgen.results.document import Provenance as Provenance
from reportgen.results.document import Report as Report
from reportgen.results.document import Results as Results
from reportgen.results.fields import FieldGeometry as FieldGeometry
from reportgen.results.fields import InitCheck as InitCheck
from reportgen.results.fields import Patch as Patch
