"""The result types common to every report. Each section adds a result type of its own.

Counts and numbers only; rates are derived. Arrays stay in ``build/arrays/<section>.npz`` and are
summarised here by name. Boxes are half-open ``[start, stop)`` in pixels of the 224 × 224 image.
Each field says what it means and in which unit: the JSON Schema and the list of pointers
(:mod:`reportgen.contract`) are made from these types.
"""

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
from reportgen.results.fields import SPLITS as SPLITS
from reportgen.results.fields import Arrays as Arrays
from reportgen.results.fields import ArraySummary as ArraySummary
from reportgen.results.fields import Box as Box
from reportgen.results.fields import FieldGeometry as FieldGeometry
from reportgen.results.fields import InitCheck as InitCheck
from reportgen.results.fields import Matrix as Matrix
from reportgen.results.fields import Patch as Patch
from reportgen.results.fields import Position as Position
from reportgen.results.fields import Result as Result
from reportgen.results.fields import Split as Split
