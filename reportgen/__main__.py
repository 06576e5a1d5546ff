"""Entry point of ``reportgen`` and ``python -m reportgen``. It trusts nothing in its environment."""

from __future__ import annotations

import gc
import sys


def main() -> None:
    """Run the command line. Whatever goes wrong, also before it is loaded, ends as the commands promise."""
    from reportgen.faults import telling_faults
    from reportgen.runtime import configure_process

    configure_process()
    try:
        with telling_faults():
            from reportgen.cli.program import main as run

            run(own_process=True)
    finally:
        # At its end Python looks for garbage among all objects that are left: beside TensorFlow two seconds,
        # for memory that the system takes back anyway. What must be done at the end is registered, and done.
        gc.freeze()


if __name__ == "__main__":
    if not sys.flags.safe_path:
        # The current folder, whose random.py or keras.py would shadow the real one.
        del sys.path[0]
    main()
