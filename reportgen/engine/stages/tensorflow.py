"""TensorFlow, imported when the first stage needs it."""

from __future__ import annotations

import sys

from reportgen.console import muffled
from reportgen.models.backend import load_keras, settle_backend
from reportgen.progress import Progress


def load_tensorflow(progress: Progress) -> None:
    """Have TensorFlow and Keras set as the numbers need them.

    Importing them takes seconds and is then a stage of its own for the listener. Raises ``BackendError`` if
    somebody else has imported them in a way that would change the numbers.
    """
    if "keras" in sys.modules:
        settle_backend()
        return
    # TensorFlow writes notes of its own past every setting while it is imported.
    with progress.stage("Loading TensorFlow"), muffled():
        load_keras()
