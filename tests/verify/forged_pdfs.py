"""Forgeries of report.pdf, and what honest machines and programs make of it."""

from __future__ import annotations

import io
import re
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

import numpy as np
import pikepdf
from fontTools.ttLib import TTFont
from pikepdf import Array, Dictionary, Name, Pdf, String
from PIL import Image

from reportgen.verify.content_streams import read_font

Forge = Callable[[Pdf, int], None]
"""Changes an opened PDF in one of two places, 0 or 1."""


def changed(data: bytes, forge: Callable[[Pdf], object], **saving: Any) -> bytes:
    """A PDF after a change."""
    target = io.BytesIO()
    with pikepdf.open(io.BytesIO(data)) as pdf:
        forge(pdf)
        pdf.save(target, **saving)
    return target.getvalue()


def page_of(pdf: Pdf, position: int) -> Any:
    """The page that is forged: the second, or one with sources."""
    return pdf.pages[(1, -2)[position]]


def edit(pdf: Pdf, position: int, pattern: bytes, new: bytes, start: int = 0) -> None:
    """Rewrite the first match in what a page draws."""
    page = page_of(pdf, position)
    content = page.obj.Contents.read_bytes()
    index = len(content) // 2 if position else start
    after, count = re.subn(pattern, new, content[index:], count=1, flags=re.DOTALL)
    assert count
    assert after != content[index:]
    page.obj.Contents.write(content[:index] + after)


def painted(what: bytes, pdf: Pdf, position: int) -> None:
    """Something painted over a page."""
    page_of(pdf, position).contents_add(b"q " + what + b" Q")


def beneath(what: bytes, pdf: Pdf, position: int) -> None:
    """Something painted before a page."""
    page_of(pdf, position).contents_add(b"q " + what + b" Q", prepend=True)


def _form(pdf: Pdf, content: bytes) -> Any:
    form = pdf.make_stream(content, Type=Name.XObject, Subtype=Name.Form)
    form.BBox = Array([0, 0, 90, 12])
    return form


def annotate(pdf: Pdf, position: int, **entries: Any) -> Any:
    """Something more to click on a page."""
    page = page_of(pdf, position).obj
    note = pdf.make_indirect(Dictionary(Type=Name.Annot, Rect=Array([100, 300, 190, 312]), F=4, **entries))
    page.Annots = Array([*page.get("/Annots", []), note])
    return note


def field(pdf: Pdf, position: int) -> None:
    """A form field with another number, over the page."""
    form = _form(pdf, b"1 1 1 rg 0 0 90 12 re f")
    note = annotate(pdf, position, Subtype=Name.Widget, FT=Name.Tx, T=String("a"), V=String("100 %"))
    note.AP = Dictionary(N=form)
    pdf.Root.AcroForm = Dictionary(Fields=Array([note]))


def whole_field(pdf: Pdf, position: int) -> None:
    field(pdf, position)
    page_of(pdf, position).obj.Annots[-1].Rect = Array([0, 0, 600, 850])


def stamp(pdf: Pdf, position: int) -> None:
    note = annotate(pdf, position, Subtype=Name.Stamp)
    note.AP = Dictionary(N=_form(pdf, b"0 g 0 0 90 12 re f"))


def printed_only(pdf: Pdf, position: int) -> None:
    """A note that is drawn on paper and nowhere else."""
    stamp(pdf, position)
    page_of(pdf, position).obj.Annots[-1].F = 4 | 32


def text_note(pdf: Pdf, position: int) -> None:
    annotate(pdf, position, Subtype=Name.FreeText, Contents=String("100 %"), DA=String("/Helv 12 Tf"))


def file_note(pdf: Pdf, position: int) -> None:
    file = pikepdf.AttachedFileSpec(pdf, b"MZ", filename="a.exe")
    annotate(pdf, position, Subtype=Name.FileAttachment, FS=file.obj)


def launch(pdf: Pdf, position: int) -> None:
    annotate(pdf, position, Subtype=Name.Link, A=Dictionary(S=Name.Launch, F=String("a.exe")))


def submit(pdf: Pdf, position: int) -> None:
    annotate(
        pdf, position, Subtype=Name.Link, A=Dictionary(S=Name.SubmitForm, F=String("https://example.org"))
    )


def other_document(pdf: Pdf, position: int) -> None:
    link = _links(pdf, position)[0]
    del link["/Dest"]
    link.A = Dictionary(S=Name.GoToR, F=String("b.pdf"), D=String("s1"))


def program(pdf: Pdf, position: int) -> None:
    action = Dictionary(S=Name.JavaScript, JS=String("app.alert(1)"))
    if position:
        pdf.Root.Names.JavaScript = Dictionary(Names=Array([String("a"), action]))
    else:
        annotate(pdf, position, Subtype=Name.Link, A=action)


def opening(pdf: Pdf, position: int) -> None:
    action = Dictionary(S=Name.Named, N=Name.Print)
    if position:
        page_of(pdf, position).obj.AA = Dictionary(O=action)
    else:
        pdf.Root.OpenAction = action


def hidden_layer(pdf: Pdf, position: int) -> None:
    """A layer that is switched off on screens and on for printing."""
    layer = pdf.make_indirect(Dictionary(Type=Name.OCG, Name=String("a")))
    pdf.Root.OCProperties = Dictionary(OCGs=Array([layer]), D=Dictionary(OFF=Array([layer])))
    page_of(pdf, position).obj.Resources.Properties = Dictionary(L0=layer)
    painted(b"/OC /L0 BDC 0 g 90 400 90 30 re f EMC", pdf, position)


def _links(pdf: Pdf, position: int) -> list[Any]:
    found = [link for page in pdf.pages for link in page.obj.get("/Annots", [])]
    return found[len(found) // 2 :] if position else found


def other_target(pdf: Pdf, position: int) -> None:
    links = _links(pdf, position)
    links[0].Dest = next(link.Dest for link in reversed(links) if str(link.Dest) != str(links[0].Dest))


def other_description(pdf: Pdf, position: int) -> None:
    _links(pdf, position)[0].Contents = String("Source of 1.00: /transfer/accuracy/test")


def web_link(pdf: Pdf, position: int) -> None:
    link = _links(pdf, position)[0]
    del link["/Dest"]
    link.A = Dictionary(S=Name.URI, URI=String("https://example.org"))


def moved_link(pdf: Pdf, position: int) -> None:
    _links(pdf, position)[0].Rect = Array([0, 0, 600, 800])


def missing_link(pdf: Pdf, position: int) -> None:
    page = page_of(pdf, position).obj
    page.Annots = Array(list(page.Annots)[1:])


def moved_target(pdf: Pdf, position: int) -> None:
    targets = pdf.Root.Names.Dests.Names
    targets[2 * position + 1] = Array([pdf.pages[3].obj, Name.XYZ, 0, 400, 0])


def _elements(pdf: Pdf, key: str) -> list[Any]:
    return [obj for obj in pdf.objects if isinstance(obj, Dictionary) and key in obj and "/S" in obj]


def alt(pdf: Pdf, position: int) -> None:
    _elements(pdf, "/Alt")[-position].Alt = String("The accuracy is 1.00.")


def actual_text(pdf: Pdf, position: int) -> None:
    _elements(pdf, "/Pg")[-position].ActualText = String("100 %")


def actual_text_in_content(pdf: Pdf, position: int) -> None:
    edit(pdf, position, rb"<</MCID (\d+)>>", rb"<</MCID \1/ActualText(100)>>")


def reading_order(pdf: Pdf, position: int) -> None:
    parents = [obj for obj in _elements(pdf, "/K") if isinstance(obj.K, Array) and len(obj.K) > 2]
    parents[-position].K = Array(list(parents[-position].K)[::-1])


def role(pdf: Pdf, position: int) -> None:
    element = _elements(pdf, "/Pg")[-position]
    element.S = Name.Artifact


def _bookmarks(pdf: Pdf) -> list[Any]:
    return [obj for obj in pdf.objects if isinstance(obj, Dictionary) and "/Title" in obj and "/Dest" in obj]


def bookmark(pdf: Pdf, position: int) -> None:
    _bookmarks(pdf)[-position].Title = String("Accuracy 1.00")


def bookmark_target(pdf: Pdf, position: int) -> None:
    _bookmarks(pdf)[-position].Dest = Array([pdf.pages[0].obj, Name.XYZ, 0, 0, 0])


def info(pdf: Pdf, position: int) -> None:
    pdf.docinfo[("/Title", "/Author")[position]] = "Another group"


def xmp(pdf: Pdf, position: int) -> None:
    data = pdf.Root.Metadata.read_bytes()
    old, new = ((b"</dc:title>", b"</dc:title><dc:creator>X</dc:creator>"), (b">Report on", b">Proof of"))[
        position
    ]
    assert old in data
    pdf.Root.Metadata.write(data.replace(old, new))


def executable(pdf: Pdf, position: int) -> None:
    name = ("setup.exe", "results.json.exe")[position]
    pdf.attachments[name] = pikepdf.AttachedFileSpec(pdf, b"MZ\x90", filename=name)


def two_faced_file(pdf: Pdf, position: int) -> None:
    """An attached file that is another one for other systems."""
    file = pdf.attachments[("results.json", "report.toml")[position]].obj
    file.EF.UF = pdf.make_stream(b"{}", Type=Name.EmbeddedFile)


def described_file(pdf: Pdf, position: int) -> None:
    pdf.attachments[("results.json", "report.toml")[position]].obj.Desc = String(
        "Checked by the course staff"
    )


def other_text(pdf: Pdf, position: int) -> None:
    """One glyph in the place of another, different one that the same font has."""
    edit(pdf, position, rb"\[<([0-9a-f]{4})(?!\1)([0-9a-f]{4})", rb"[<\2\1")


def text_size(pdf: Pdf, position: int) -> None:
    edit(pdf, position, rb"(/\w+) (\d+)(\.\d+)? Tf", rb"\1 22 Tf")


def text_mode(pdf: Pdf, position: int) -> None:
    edit(pdf, position, rb"BT\n", rb"BT\n3 Tr\n")


def light_text(pdf: Pdf, position: int) -> None:
    edit(pdf, position, rb"\n[\d.]+ [\d.]+ [\d.]+ rg\nBT", rb"\n0.97 0.97 0.97 rg\nBT")


def removed_text(pdf: Pdf, position: int) -> None:
    edit(pdf, position, rb"BT\n[^T]*Tm\n/\w+ [\d.]+ Tf\n\[[^\]]*\] TJ\nET", rb"")


def moved_text(pdf: Pdf, position: int) -> None:
    edit(pdf, position, rb"1 0 0 -1 ([\d.]+) ([\d.]+) Tm", rb"1 0 0 -1 3\1 \2 Tm")


def glyphs_over(pdf: Pdf, position: int) -> None:
    """The glyphs of a text drawn once more, beside themselves."""
    edit(pdf, position, rb"(\[<[0-9a-f]+>[^\]]*\] TJ)", rb"\1 1 0 0 1 2 0 cm \1")


def removed_clip(pdf: Pdf, position: int) -> None:
    edit(pdf, position, rb"\nre?\n?W\n|\nW\n", rb"\n")


def unicode_map(pdf: Pdf, position: int) -> None:
    """What is copied or read aloud is another digit than the one that is seen."""
    font = _fonts(pdf)[-position]
    data = font.ToUnicode.read_bytes()
    codes = re.findall(rb"<[0-9a-f]{4}> <([0-9a-f]{4})>\n", data)[1:]  # after the range of all codes
    for one, other in zip(codes, codes[1:] + codes[:1], strict=True):
        data = data.replace(b"> <" + one + b">\n", b"> (" + other + b">\n")
    font.ToUnicode.write(data.replace(b"> (", b"> <"))


def unicode_range(pdf: Pdf, position: int) -> None:
    """No code leads to a character any more."""
    font = _fonts(pdf)[-position]
    font.ToUnicode.write(font.ToUnicode.read_bytes().replace(b"<ffff>", b"<0001>"))


def glyph_shapes(pdf: Pdf, position: int) -> None:
    """What is seen is another letter than the one that is copied."""
    font = _fonts(pdf)[-position]
    stream = font.DescendantFonts[0].FontDescriptor.FontFile2
    program = TTFont(io.BytesIO(stream.read_bytes()))
    order = [name for name in program.getGlyphOrder() if program["glyf"][name].numberOfContours > 0]
    shapes = [program["glyf"][name] for name in order]
    for name, shape in zip(order, shapes[1:] + shapes[:1], strict=True):
        program["glyf"][name] = shape
    target = io.BytesIO()
    program.save(target)
    stream.write(target.getvalue())


def _swap_digits(digits: str, program: TTFont, font: Any) -> None:
    """Two digits drawn as each other."""
    codes = {text: code for code, text in read_font(font).texts.items()}
    one, other = (program.getGlyphName(codes[digit]) for digit in digits)
    glyf, hmtx = program["glyf"], program["hmtx"]
    glyf[one], glyf[other] = glyf[other], glyf[one]
    hmtx[one], hmtx[other] = hmtx[other], hmtx[one]


def swapped_digits(pdf: Pdf, position: int) -> None:
    """One digit that is seen as another one, in the font that most of the text is in."""
    font = max(_fonts(pdf), key=lambda each: len(read_font(each).texts))
    stream = font.DescendantFonts[0].FontDescriptor.FontFile2
    program = TTFont(io.BytesIO(stream.read_bytes()))
    _swap_digits(("19", "23")[position], program, font)
    target = io.BytesIO()
    program.save(target)
    stream.write(target.getvalue())


def other_glyphs(pdf: Pdf, position: int) -> None:
    """A map that chooses other glyphs of the same font."""
    descendant = _fonts(pdf)[-position].DescendantFonts[0]
    glyphs = [code ^ 1 for code in range(2000)]
    descendant.CIDToGIDMap = pdf.make_stream(b"".join(code.to_bytes(2, "big") for code in glyphs))


def other_width(pdf: Pdf, position: int) -> None:
    """A letter after which the next one stands elsewhere."""
    descendant = _fonts(pdf)[-position].DescendantFonts[0]
    del descendant["/W"]
    descendant.DW = 300


def other_encoding(pdf: Pdf, position: int) -> None:
    """Codes that stand for other glyphs, by a map of the forger's."""
    _fonts(pdf)[-position].Encoding = pdf.make_stream(
        b"begincmap 1 begincodespacerange <0000> <ffff> endcodespacerange "
        b"1 begincidrange <0000> <ffff> 1 endcidrange endcmap",
        Type=Name.CMap, CMapName=Name.A, CIDSystemInfo=Dictionary(),
    )  # fmt: skip


def _fonts(pdf: Pdf) -> list[Any]:
    return [obj for obj in pdf.objects if isinstance(obj, Dictionary) and obj.get("/Subtype") == "/Type0"]


def _images(pdf: Pdf) -> list[Any]:
    return [obj for obj in pdf.objects if isinstance(obj, pikepdf.Stream) and obj.get("/Subtype") == "/Image"]


def other_picture(pdf: Pdf, position: int) -> None:
    image = _images(pdf)[-position]
    target = io.BytesIO()
    Image.new("RGB", (int(image.Width), int(image.Height)), (90, 0, 0)).save(target, "JPEG")
    image.write(target.getvalue(), filter=Name.DCTDecode)


def swapped_pictures(pdf: Pdf, position: int) -> None:
    images = _images(pdf)
    one, other = ((images[0], images[1]), (images[-1], images[0]))[position]
    first, second = one.read_raw_bytes(), other.read_raw_bytes()
    one.write(second, filter=Name.DCTDecode)
    other.write(first, filter=Name.DCTDecode)


def printed_picture(pdf: Pdf, position: int) -> None:
    """Another picture for printers."""
    image = _images(pdf)[-position]
    other = pdf.make_stream(bytes(3), Type=Name.XObject, Subtype=Name.Image, Width=1, Height=1)
    other.ColorSpace, other.BitsPerComponent = Name.DeviceRGB, 8
    image.Alternates = Array([Dictionary(Image=other, DefaultForPrinting=True)])


def form_object(pdf: Pdf, position: int) -> None:
    page = page_of(pdf, position)
    page.obj.Resources.XObject = Dictionary(
        {**dict(page.obj.Resources.get("/XObject", {}).items()), "/Fx": _form(pdf, b"0 g 0 0 90 12 re f")}
    )
    painted(b"1 0 0 1 90 500 cm /Fx Do", pdf, position)


def rotated(pdf: Pdf, position: int) -> None:
    if position:
        pdf.Root.Pages.Rotate = 180
    else:
        page_of(pdf, position).obj.Rotate = 180


def cropped(pdf: Pdf, position: int) -> None:
    page_of(pdf, position).obj.CropBox = Array([0, 300, 595, 842])


def page_too_many(pdf: Pdf, position: int) -> None:
    pdf.pages.insert((1, len(pdf.pages) - 1)[position], pdf.pages[2])


def page_missing(pdf: Pdf, position: int) -> None:
    del pdf.pages[(2, -1)[position]]


def pages_swapped(pdf: Pdf, position: int) -> None:
    index = (1, len(pdf.pages) - 2)[position]
    first = pdf.pages[index]
    del pdf.pages[index]
    pdf.pages.insert(index + 1, first)


def viewer(pdf: Pdf, position: int) -> None:
    if position:
        pdf.Root.PageMode = Name.FullScreen
    else:
        pdf.Root.ViewerPreferences.HideMenubar = True


def language(pdf: Pdf, position: int) -> None:
    if position:
        del pdf.Root["/Lang"]
    else:
        pdf.Root.Lang = String("de")


def everything(pdf: Pdf, position: int) -> None:
    for forge in (alt, bookmark, info, field, text_size, actual_text):
        forge(pdf, position)


FORGERIES: Mapping[str, Forge] = {
    forge.__name__: forge
    for forge in (
        field, whole_field, stamp, printed_only, text_note, file_note, launch, submit,
        other_document, program, opening, hidden_layer, other_target, other_description, web_link,
        moved_link, missing_link, moved_target, alt, actual_text, actual_text_in_content,
        reading_order, role, bookmark, bookmark_target, info, xmp, executable, two_faced_file,
        described_file, other_text, text_size, text_mode, light_text, removed_text, moved_text,
        glyphs_over, unicode_map,
        unicode_range, glyph_shapes, swapped_digits, other_glyphs, other_width, other_encoding,
        other_picture, swapped_pictures, printed_picture,
        form_object, rotated, cropped, page_too_many, page_missing, pages_swapped, viewer, language,
        everything,
    )
} | {
    "bar": partial(painted, b"0 g 200 300 60 20 re f"),
    "white page": partial(painted, b"1 g 0 0 600 900 re f"),
    "white line": partial(painted, b"1 G 6 w 60 400 m 500 400 l S"),
    "beneath": partial(beneath, b"0.97 g 0 0 600 900 re f"),
    "inline picture": partial(painted, b"90 0 0 20 90 500 cm BI /W 1 /H 1 /CS /G /BPC 8 ID \xff EI"),
    "transparent": partial(painted, b"/a0.0 gs 0 g 200 300 60 20 re f"),
}  # fmt: skip


def tiny_shift(pdf: Pdf) -> None:
    """Positions and distances of letters rounded in another way."""
    for page in pdf.pages:
        content = page.obj.Contents.read_bytes()
        content = re.sub(rb"(\d+\.\d\d)\d+ Tm", rb"\g<1> Tm", content)
        page.obj.Contents.write(re.sub(rb">(-?[1-9]\d*)<", lambda m: b">%d<" % (int(m[1]) + 1), content))


def other_prefixes(pdf: Pdf) -> None:
    """The six letters that a program makes up for a part of a font."""
    for obj in pdf.objects:
        for key in ("/BaseFont", "/FontName"):
            if isinstance(obj, Dictionary) and key in obj:
                obj[key] = Name(re.sub(r"/[A-Z]{6}\+", "/ABCDEF+", str(obj[key])))


def other_subsetter(pdf: Pdf) -> None:
    for font in _fonts(pdf):
        stream = font.DescendantFonts[0].FontDescriptor.FontFile2
        program = TTFont(io.BytesIO(stream.read_bytes()))
        target = io.BytesIO()
        program.save(target, reorderTables=False)
        stream.write(target.getvalue())


def near_pictures(pdf: Pdf) -> None:
    """JPEGs as another library writes them; what was packed without loss stays as it is."""
    for image in _images(pdf):
        if image.Filter != Name.DCTDecode:
            continue
        target = io.BytesIO()
        pikepdf.PdfImage(image).as_pil_image().convert("RGB").save(target, "JPEG", quality=96)
        image.write(target.getvalue(), filter=Name.DCTDecode)


def rounded_pictures(pdf: Pdf) -> None:
    """Pictures with other rounding, packed without loss."""
    for image in _images(pdf):
        # Grey or in colour, as it says itself.
        pixels = np.asarray(pikepdf.PdfImage(image).as_pil_image()).copy()
        # One value in nine, not one row: a scale has one row. White stays white, whose next level is black.
        values = pixels.reshape(-1)
        values[::9] = np.minimum(values[::9], 254) + 1
        image.write(pixels.tobytes())


def smoothed_pictures(pdf: Pdf) -> None:
    """As reports were printed before PDF/A was heeded."""
    for image in _images(pdf):
        image.Interpolate = True


def divided_contents(pdf: Pdf) -> None:
    for page in pdf.pages:
        page.contents_add(b"", prepend=True)


def rebuilt_names(pdf: Pdf) -> None:
    """The tree of names with a branch, as some programs write it."""
    names = list(pdf.Root.Names.Dests.Names)
    leaf = pdf.make_indirect(Dictionary(Names=Array(names), Limits=Array([names[0], names[-2]])))
    pdf.Root.Names.Dests = Dictionary(Kids=Array([leaf]))


def attached_again(pdf: Pdf) -> None:
    """The same files, attached by another program."""
    for name in ("results.json", "report.toml"):
        data = pdf.attachments[name].get_file().read_bytes()
        del pdf.attachments[name]
        pdf.attachments[name] = pikepdf.AttachedFileSpec(pdf, data, filename=name)
    del pdf.Root["/AF"]


def nothing(_pdf: Pdf) -> None:
    pass


GENERATE, DISABLE = pikepdf.ObjectStreamMode.generate, pikepdf.ObjectStreamMode.disable

_CHANGES: dict[str, Callable[[bytes], bytes]] = {
    change.__name__: partial(changed, forge=change)
    for change in (
        tiny_shift, other_prefixes, other_subsetter, near_pictures, rounded_pictures, smoothed_pictures,
        divided_contents, rebuilt_names, attached_again,
    )
}  # fmt: skip


def _saved_again(change: Callable[[bytes], bytes], saving: Mapping[str, Any], data: bytes) -> bytes:
    """What another machine makes of a report, and a program that saves it again after that."""
    return changed(change(data), nothing, **saving)


HONEST: Mapping[str, Callable[[bytes], bytes]] = {
    "as it is": lambda data: data,
    "saved": partial(changed, forge=nothing),
    "linearised": partial(changed, forge=nothing, linearize=True),
    "object streams": partial(changed, forge=nothing, object_stream_mode=GENERATE),
    "linearised object streams": partial(changed, forge=nothing, linearize=True, object_stream_mode=GENERATE),
    "unpacked": partial(changed, forge=nothing, qdf=True, object_stream_mode=DISABLE),
    "packed again": partial(changed, forge=nothing, recompress_flate=True),
    "normalised": partial(changed, forge=nothing, normalize_content=True),
    "white space at the end": lambda data: data + b"\r\n",
    **_CHANGES,
    **{
        f"{name}, {how}": partial(_saved_again, _CHANGES[name], saving)
        for name, how, saving in (
            ("tiny_shift", "linearised", {"linearize": True}),
            ("other_subsetter", "object streams", {"object_stream_mode": GENERATE}),
            ("near_pictures", "unpacked", {"qdf": True, "object_stream_mode": DISABLE}),
            ("rounded_pictures", "packed again", {"recompress_flate": True}),
            ("divided_contents", "normalised", {"normalize_content": True}),
            ("rebuilt_names", "linearised", {"linearize": True}),
            ("attached_again", "object streams", {"object_stream_mode": GENERATE}),
            ("other_prefixes", "unpacked", {"qdf": True, "object_stream_mode": DISABLE}),
        )
    },
}
