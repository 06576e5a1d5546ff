"""Sets up a uniform process environment before any library is imported.

Libraries read dozens of environment variables when they are imported. Some of these change numbers, break the
program or garble names. Whatever is not left to the user is decided here, once, for every command. Keras and
TensorFlow are configured after their import in :mod:`reportgen.models.backend`.
"""

from __future__ import annotations

import codecs
import contextlib
import gc
import os
import sys
from collections.abc import Iterator, MutableMapping
from types import MappingProxyType

THREADS_VARIABLE = "TF_NUM_INTRAOP_THREADS"
THREADS = 8
"""Threads that a sum is shared among, whatever the number of processors."""

_SET = MappingProxyType(
    {
        # Else TensorFlow fills the terminal with notes of its own.
        "TF_CPP_MIN_LOG_LEVEL": "3",
        # Left to itself, TensorFlow takes oneDNN's kernels on some processors and Eigen's on others.
        "TF_ENABLE_ONEDNN_OPTS": "0",
        # As many on every machine, since the sums of a convolution are cut by their number.
        THREADS_VARIABLE: str(THREADS),
        "KERAS_BACKEND": "tensorflow",
        # Numbers are those of the processor, also where there is a graphics card: other machines have none.
        "CUDA_VISIBLE_DEVICES": "-1",
        "MPLBACKEND": "agg",
        # An empty file instead of the user's matplotlibrc.
        "MATPLOTLIBRC": os.devnull,
        # Keeps the font subsetter from writing the time of day into the PDF.
        "SOURCE_DATE_EPOCH": "0",
        # Else weights cannot be read or kept where the file system has no locks. Each file has one writer.
        "HDF5_USE_FILE_LOCKING": "FALSE",
        # The language chooses fonts; programs that are started read and write UTF-8.
        "LC_ALL": "C.UTF-8",
        "PYTHONUTF8": "1",
    }
)
# FC_, HB_ and G_ are read by fontconfig, HarfBuzz and GLib, which print the PDF.
_DROPPED_PREFIXES = (
    *("TF_", "TF2_", "XLA_", "KERAS_", "ONEDNN_", "DNNL_", "MKLDNN_"),
    *("NPY_", "SCIPY_", "SKLEARN_", "NVIDIA_", "LC_", "FC_", "HB_", "G_"),
)
_DROPPED = frozenset(
    {
        # The first three choose the kernels of matrix products, and with them how sums are rounded; the
        # next two how glyphs are drawn, and by which language fonts are chosen.
        *(
            "OPENBLAS_CORETYPE",
            "MKL_CBWR",
            "MKL_ENABLE_INSTRUCTIONS",
            "FREETYPE_PROPERTIES",
            "PANGO_LANGUAGE",
        ),
        *("LANG", "LANGUAGE", "PYTHONWARNINGS", "PYTHONOPTIMIZE", "PYTHONIOENCODING", "PYTHONDEVMODE"),
    }
)
_KEPT = frozenset({"KERAS_HOME"})
"""Where the user keeps weights."""

_INSTRUCTION_SETS = ("sse4", "avx", "fma", "f16c", "amx", "asimd", "sve", "bf16", "i8mm")
_NOWHERE = "/nonexistent"
_READABLE_ASCII = "reportgen-ascii"
_LOOK_ALIKES = MappingProxyType(
    {
        **dict.fromkeys("‘’′", "'"),
        **dict.fromkeys("“”″", '"'),
        **dict.fromkeys("‐‑‒–—−", "-"),
        **{"→": "->", "←": "<-", "×": "x", "…": "...", "≤": "<=", "≥": ">=", "≈": "~", "·": "*", "•": "*"},
        **dict.fromkeys("\N{NO-BREAK SPACE}\N{NARROW NO-BREAK SPACE}\N{THIN SPACE}", " "),
    }
)


def configure_environment(environment: MutableMapping[str, str] = os.environ) -> None:
    """Set and drop the variables that libraries would take their behaviour from.

    It must run before NumPy, TensorFlow, Keras, matplotlib or WeasyPrint is imported; processes that are
    started later inherit what it leaves. Running it twice is running it once.
    """
    for name in list(environment):
        if name in _DROPPED or (name.startswith(_DROPPED_PREFIXES) and name not in _KEPT):
            del environment[name]
    environment.update(_SET)
    if not environment.get("HOME"):
        # An empty one would mean the root folder; without one the system's own list of users is asked.
        environment.pop("HOME", None)
        if not _has_account():
            environment["HOME"] = _NOWHERE


def configure_process() -> None:
    """Make this process, which runs a command, one that reads any file name and can print any text.

    Restarts Python if something that it decides at start-up can no longer be changed: file names that are
    not UTF-8, or assertions left out, with which a rubric's helpers would let everything pass.
    """
    _open_missing_streams()
    optimised = bool(os.environ.get("PYTHONOPTIMIZE")) and sys.flags.optimize > 0
    encoding = getattr(sys.stdout, "encoding", None) or "utf-8"
    configure_environment()
    foreign = codecs.lookup(sys.getfilesystemencoding()).name != "utf-8" and not sys.flags.utf8_mode
    if (optimised or foreign) and sys.executable:
        # The terminal goes on getting what it can show.
        os.environ["PYTHONIOENCODING"] = encoding
        os.execv(sys.executable, [sys.executable, "-X", "utf8", *sys.orig_argv[1:]])  # noqa: S606
    # Python's own threshold of 700 is for programs with few objects; beside TensorFlow's million each search
    # for garbage takes half a second, and a page is rendered in 2.4 s instead of 1.2 s, with as much memory.
    gc.set_threshold(*GARBAGE)
    _configure_locale()
    _reset_warnings()
    for stream in (sys.stdout, sys.stderr):
        _make_printable(stream)


GARBAGE = 50_000, 20, 50
"""So many new objects are looked through for garbage at a time, and how often those are that were left."""


@contextlib.contextmanager
def collecting_no_garbage() -> Iterator[None]:
    """Leave cycles of objects that nothing refers to any more where they are, until the end of this."""
    # Boxes, styles and TensorFlow's modules are some million objects, all of them in use, which the search
    # for garbage goes through 1,400 times while 22 pages are printed: 19 % of the time, for 31 MB.
    enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if enabled:
            gc.enable()


def processor() -> str:
    """The processor features that decide how sums are rounded, as far as the system reports them.

    Its architecture and, on Linux, the instruction sets that libraries choose their code by, and the size of
    its first cache, by which Eigen cuts matrices into blocks.
    """
    flags = _read("/proc/cpuinfo")  # of the first processor; of all it takes long where there are hundreds
    lines = (line.partition(":") for line in flags.splitlines())
    listed = next((value for key, _, value in lines if key.strip() in ("flags", "Features")), "")
    sets = sorted({flag for flag in listed.split() if flag.startswith(_INSTRUCTION_SETS)})
    cache = _read("/sys/devices/system/cpu/cpu0/cache/index0/size").strip()
    parts = (os.uname().machine, " ".join(sets), f"first cache {cache}" if cache else "")
    return ", ".join(filter(None, parts))


def _read(file: str) -> str:
    """The beginning of a file, "" if there is none."""
    try:
        with open(file, "rb") as stream:  # noqa: PTH123 - pathlib would have to be imported for it
            return stream.read(8192).decode("ascii", "replace")
    except OSError:
        return ""


def _has_account() -> bool:
    import pwd

    try:
        pwd.getpwuid(os.getuid())
    # In a container a user may have a number and no name.
    except KeyError:
        return False
    return True


def _open_missing_streams() -> None:
    """Replace closed standard streams, whose descriptors the next opened files would get."""
    while (handle := os.open(os.devnull, os.O_RDWR)) <= 2:
        os.set_inheritable(handle, True)
    os.close(handle)
    for name, mode in (("stdin", "r"), ("stdout", "w"), ("stderr", "w")):
        if getattr(sys, name) is None:
            setattr(sys, name, open(os.devnull, mode, encoding="utf-8"))  # noqa: PTH123, SIM115


def _configure_locale() -> None:
    import locale

    # Not every system has C.UTF-8.
    for name in (os.environ["LC_ALL"], "C"):
        with contextlib.suppress(locale.Error):
            locale.setlocale(locale.LC_ALL, name)
            return


def _reset_warnings() -> None:
    """Undo ``-W`` and PYTHONWARNINGS, under which a library's hint to its developers ends the program."""
    if sys.warnoptions or sys.flags.dev_mode:
        import warnings

        warnings.resetwarnings()
        for category in (DeprecationWarning, PendingDeprecationWarning, ImportWarning, ResourceWarning):
            warnings.simplefilter("ignore", category)
        sys.warnoptions.clear()


def _make_printable(stream: object) -> None:
    """Let a stream print every text: what its encoding lacks by a look-alike, else by its number."""
    if not hasattr(stream, "reconfigure"):
        return
    name = codecs.lookup(getattr(stream, "encoding", None) or "ascii").name
    if name == "utf-8":
        # The name of a file may have halves of surrogate pairs, which nobody could print.
        stream.reconfigure(errors="backslashreplace")
        return
    codecs.register_error("reportgen", _replace)
    codecs.register(_find_ascii)
    # Typer takes a stream that is called ASCII for one that nobody has set up, and writes UTF-8 to it.
    stream.reconfigure(encoding=_READABLE_ASCII if name == "ascii" else None, errors="reportgen")


def _replace(error: UnicodeError) -> tuple[str, int]:
    if not isinstance(error, UnicodeEncodeError):
        raise error
    lacking = error.object[error.start : error.end]
    pieces = [
        _LOOK_ALIKES.get(letter) or letter.encode("ascii", "backslashreplace").decode() for letter in lacking
    ]
    return "".join(pieces), error.end


def _find_ascii(name: str) -> codecs.CodecInfo | None:
    # Python returns names with underscores.
    if name.replace("_", "-") != _READABLE_ASCII:
        return None
    found = codecs.lookup("ascii")
    return codecs.CodecInfo(
        found.encode,
        found.decode,
        streamreader=found.streamreader,
        streamwriter=found.streamwriter,
        incrementalencoder=found.incrementalencoder,
        incrementaldecoder=found.incrementaldecoder,
        name=_READABLE_ASCII,
    )
