"""TensorFlow, imported when the first stage needs it."""

from __future__ import annotations

import importlib
import sys

from reportgen.console import muffled
from reportgen.progress import Progress


def load_tensorflow(progress: Progress) -> None:
    """Import TensorFlow and Keras, which takes seconds and is then a stage of its own for the listener."""
    if "keras" in sys.modules:
        return
    # TensorFlow writes notes of its own past every setting while it is imported.
    with progress.stage("Loading TensorFlow"), muffled():
        importlib.import_module("keras")
