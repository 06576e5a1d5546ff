"""The formats of images that are opened: the usual of anybody, all that Pillow decodes of one's own."""

from __future__ import annotations

from contextlib import suppress

USUAL = ("JPEG", "PNG", "BMP", "WEBP", "GIF", "TIFF")
"""What is opened in folders of strangers too; in Pillow's names, as all below."""

_FURTHER = (
    *("AVIF", "HEIF", "JPEG2000", "PPM", "ICO", "ICNS", "CUR", "DIB", "PSD", "QOI", "DDS", "SGI", "SUN"),
    *("PCX", "DCX", "XBM", "XPM", "MSP", "BLP", "FTEX", "FLI", "PIXAR", "GBR", "XVTHUMB"),
    *("TGA", "SPIDER"),
)
"""What is opened of one's own too. Pillow knows more: EPS, which it hands to another program, Ghostscript;
WMF, which Windows draws; FITS, MCIDAS and the like, measurements without a known white; MPEG, GRIB, BUFR and
HDF5, which it recognises and cannot decode. The last two bear no mark of their own and are tried last."""

IMAGE_SUFFIXES = frozenset(
    {
        *(".jpg", ".jpeg", ".jpe", ".jfif", ".png", ".apng", ".bmp", ".dib", ".webp", ".gif"),
        *(".tif", ".tiff", ".avif", ".heic", ".heif", ".hif"),
        *(".jp2", ".j2k", ".jpf", ".jpx", ".j2c", ".jpc", ".ppm", ".pgm", ".pbm", ".pnm", ".pfm"),
        *(".ico", ".icns", ".cur", ".psd", ".qoi", ".dds", ".sgi", ".ras", ".pcx", ".dcx"),
        *(".xbm", ".xpm", ".msp", ".tga"),
    }
)
"""How names of images end, in small letters."""


def list_further_formats() -> tuple[str, ...]:
    """What can be opened on this machine beside the usual, in Pillow's names, in the order in which to try.

    HEIC and HEIF are among them if the package ``pillow-heif`` is installed.
    """
    from PIL import Image

    Image.init()
    with suppress(ImportError):
        import pillow_heif

        pillow_heif.register_heif_opener()
    return tuple(name for name in _FURTHER if name in Image.OPEN)
