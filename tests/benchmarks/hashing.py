"""Floor of a build that has nothing to do: hash the files that a list names, one a line, and no more."""

import hashlib
import sys

# open(), since importing pathlib would take as long as hashing many a file.
with open(sys.argv[1], encoding="utf-8") as names:  # noqa: PTH123
    for name in names.read().splitlines():
        with open(name, "rb") as stream:  # noqa: PTH123
            hashlib.sha256(stream.read()).hexdigest()
