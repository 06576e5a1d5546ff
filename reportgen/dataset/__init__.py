"""The image folder: from files to a checked manifest, and from one file to its pixels."""

from reportgen.dataset.annotations import Annotations
from reportgen.dataset.decode import SIDE, decode, grey
from reportgen.dataset.examples import choose_examples
from reportgen.dataset.layout import default_data_folder
from reportgen.dataset.manifest import Manifest
from reportgen.dataset.scan import scan

__all__ = [
    "SIDE",
    "Annotations",
    "Manifest",
    "choose_examples",
    "decode",
    "default_data_folder",
    "grey",
    "scan",
]
