"""Every result type: the public contract of ``build/results.json``.

Counts and numbers only; rates are derived. Arrays stay in ``build/arrays/<section>.npz`` and are
summarised here by name. Boxes are half-open ``[start, stop)`` in pixels of the 224 × 224 image.
Each field says what it means and in which unit: the JSON Schema and the list of pointers
(:mod:`reportgen.contract`) are made from these types.
"""

from reportgen.results.base import (
    SPLITS as SPLITS,
)
from reportgen.results.base import (
    Arrays as Arrays,
)
from reportgen.results.base import (
    ArraySummary as ArraySummary,
)
from reportgen.results.base import (
    Box as Box,
)
from reportgen.results.base import (
    Matrix as Matrix,
)
from reportgen.results.base import (
    Position as Position,
)
from reportgen.results.base import (
    Result as Result,
)
from reportgen.results.base import (
    Split as Split,
)
from reportgen.results.convolution import (
    ConvLayer as ConvLayer,
)
from reportgen.results.convolution import (
    Convolution as Convolution,
)
from reportgen.results.convolution import (
    ConvolutionClass as ConvolutionClass,
)
from reportgen.results.convolution import (
    ConvStack as ConvStack,
)
from reportgen.results.convolution import (
    InitCheck as InitCheck,
)
from reportgen.results.dataset import (
    Dataset as Dataset,
)
from reportgen.results.dataset import (
    Duplicate as Duplicate,
)
from reportgen.results.dataset import (
    ImageFile as ImageFile,
)
from reportgen.results.document import (
    SCHEMA_VERSION as SCHEMA_VERSION,
)
from reportgen.results.document import (
    SECTIONS as SECTIONS,
)
from reportgen.results.document import (
    Check as Check,
)
from reportgen.results.document import (
    Results as Results,
)
from reportgen.results.guided_backprop import (
    BoxShares as BoxShares,
)
from reportgen.results.guided_backprop import (
    GuidedBackprop as GuidedBackprop,
)
from reportgen.results.guided_backprop import (
    GuidedRow as GuidedRow,
)
from reportgen.results.neurons import (
    FieldGeometry as FieldGeometry,
)
from reportgen.results.neurons import (
    HeadOverlap as HeadOverlap,
)
from reportgen.results.neurons import (
    Neuron as Neuron,
)
from reportgen.results.neurons import (
    Neurons as Neurons,
)
from reportgen.results.neurons import (
    Patch as Patch,
)
from reportgen.results.report import (
    Author as Author,
)
from reportgen.results.report import (
    Font as Font,
)
from reportgen.results.report import (
    Provenance as Provenance,
)
from reportgen.results.report import (
    Report as Report,
)
from reportgen.results.transfer import (
    BeforeAfter as BeforeAfter,
)
from reportgen.results.transfer import (
    ClassScore as ClassScore,
)
from reportgen.results.transfer import (
    History as History,
)
from reportgen.results.transfer import (
    Misclassified as Misclassified,
)
from reportgen.results.transfer import (
    Training as Training,
)
from reportgen.results.transfer import (
    Transfer as Transfer,
)
