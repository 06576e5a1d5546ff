"""TensorFlow and Keras configured as every number of the report requires, whatever the user has set."""

from __future__ import annotations

import importlib
import logging
import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from reportgen.errors import UserError
from reportgen.runtime import THREADS, THREADS_VARIABLE, configure_environment

BACKEND = "tensorflow"
# Keras's own, written down since a keras.json may have set others.
FLOAT, EPSILON, IMAGE_FORMAT = "float32", 1e-7, "channels_last"
_REMEDY = "Start a fresh Python, or use the command: reportgen build"


class BackendError(UserError):
    """Keras or TensorFlow were loaded, by somebody else, in a way in which the numbers would be others."""


def load_keras() -> Any:
    """Import Keras and TensorFlow, set them, and return Keras.

    A ``keras.json`` is neither read nor written. Raises ``BackendError`` if they were imported before, and
    in a way that cannot be changed any more.
    """
    configure_environment()
    with _without_configuration():
        keras = importlib.import_module("keras")
    configure_backend()
    return keras


def configure_backend() -> None:
    """Set all that decides a number: Keras's types, epsilon and image format, TensorFlow's devices.

    It is quick, and every stage that computes calls it: this process may not be ours alone. Raises as
    :func:`load_keras`.
    """
    import keras

    # A backend is chosen when Keras is imported, and stays.
    if keras.config.backend() != BACKEND:
        raise BackendError(
            f"This process has loaded Keras with the backend '{keras.config.backend()}', not '{BACKEND}'.",
            _REMEDY,
        )
    keras.config.set_floatx(FLOAT)
    keras.config.set_dtype_policy(FLOAT)
    keras.config.set_epsilon(EPSILON)
    keras.config.set_image_data_format(IMAGE_FORMAT)
    _configure_tensorflow()


def _configure_tensorflow() -> None:
    import tensorflow as tf

    # What it has to say of retracing, with each example image once more, is for whoever writes the program.
    tf.get_logger().setLevel(logging.ERROR)
    if not tf.executing_eagerly():
        raise BackendError("This process has switched TensorFlow's eager execution off.", _REMEDY)
    # The guided rule overrides operations of a graph, and there is none in eager mode.
    tf.config.run_functions_eagerly(False)
    # XLA fuses operations and so rounds sums otherwise; VGG19 was 30 % slower with it, too.
    tf.config.optimizer.set_jit(False)
    _configure_threads(tf.config.threading)
    # It would cut the factors of products to 10 bits of mantissa where a device can do so.
    tf.config.experimental.enable_tensor_float_32_execution(False)
    if tf.config.get_visible_devices("GPU"):
        try:
            tf.config.set_visible_devices([], "GPU")
        # TensorFlow raises it once its devices are in use.
        except RuntimeError:
            raise BackendError(
                "This process has begun to compute on a graphics card, and the report's numbers are those "
                "of the processor.",
                _REMEDY,
            ) from None


def _configure_threads(threading: Any) -> None:
    if threading.get_intra_op_parallelism_threads() == THREADS:
        return
    try:
        threading.set_intra_op_parallelism_threads(THREADS)
    except RuntimeError:
        # TensorFlow already runs, with the number of threads that the environment sets.
        if os.environ.get(THREADS_VARIABLE) != str(THREADS):
            raise BackendError(
                "This process has begun to compute with TensorFlow's usual number of threads, which differs "
                "from machine to machine, and the sums with it.",
                _REMEDY,
            ) from None


@contextmanager
def _without_configuration() -> Iterator[None]:
    """Let Keras look for its ``keras.json`` where there cannot be one, while it is imported.

    A wrong one would end the import, and settings of it that are not known here would stay.
    """
    before = os.environ.get("KERAS_HOME")
    os.environ["KERAS_HOME"] = os.devnull
    try:
        yield
    finally:
        if before is None:
            del os.environ["KERAS_HOME"]
        else:
            os.environ["KERAS_HOME"] = before
