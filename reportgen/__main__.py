"""Entry point of ``reportgen`` and ``python -m reportgen``. It trusts nothing in its environment."""

from __future__ import annotations

import sys


def main() -> None:
    """Run the command line. Whatever goes wrong, also before it is loaded, ends as the commands promise."""
    from reportgen.faults import telling_faults
    from reportgen.runtime import configure_process

    configure_process()
    with telling_faults():
        from reportgen.cli.program import main as run

        run(own_process=True)


if __name__ == "__main__":
    if not sys.flags.safe_path:
        # The current folder, whose random.py or keras.py would shadow the real one.
        del sys.path[0]
    main()
