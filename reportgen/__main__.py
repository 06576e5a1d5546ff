"""``python -m reportgen`` is the same as the command ``reportgen``."""

from reportgen.cli.program import main

if __name__ == "__main__":
    main()
