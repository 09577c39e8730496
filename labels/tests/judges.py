#!/usr/bin/env python3
"""Reads labels with decoders and renderers that Tallyman did not write.

Usage: judges.py FOLDER. The folder holds, for each label, NAME.png, NAME.pdf and NAME.json with `waybill_number` (or null),
`dots_per_m` and `texts`. Prints a line for each fault and ends with 1 if there was one.
"""

import json
import pathlib
import subprocess
import sys
import unicodedata

import zxingcpp
from PIL import Image, ImageChops

faults = []


def run(*command):
    return subprocess.run([str(part) for part in command], capture_output=True, text=True)


def decode(name, what, picture, wanted):
    """Both codes of the waybill, by both decoders."""
    image = Image.open(picture).convert("L")
    texts = [code.text for code in zxingcpp.read_barcodes(image, formats=zxingcpp.BarcodeFormat.Code128)]
    if sorted(texts) != [wanted, wanted]:
        faults.append(f"{name}: zxing reads {texts} in the {what}, not {wanted} twice")
    # zbar reports equal codes of one picture once: each half is shown to it alone.
    width, height = image.size
    for half, box in (("upper", (0, 0, width, height // 2)), ("lower", (0, height // 2, width, height))):
        part = picture.with_name(f"{picture.stem}-{half}.png")
        image.crop(box).save(part)
        texts = run("zbarimg", "-q", "--raw", part).stdout.split()
        if texts != [wanted]:
            faults.append(f"{name}: zbar reads {texts} in the {half} half of the {what}, not {wanted}")


def bars_differ(one, other, boxes):
    """Whether a dot of a barcode differs between two pictures."""
    return [box for box in boxes if ImageChops.difference(one.crop(box), other.crop(box)).getbbox()]


def judge(folder, name):
    facts = json.loads((folder / f"{name}.json").read_text())
    waybill = facts["waybill_number"]
    png, pdf = folder / f"{name}.png", folder / f"{name}.pdf"
    if waybill:
        decode(name, "PNG", png, waybill)

    checked = run("qpdf", "--check", pdf)
    if checked.returncode != 0:
        faults.append(f"{name}: qpdf: {checked.stdout}{checked.stderr}")

    # Rendered dot for dot, so that the bars can be compared with the printer's picture.
    preview = Image.open(png).convert("L")
    raster = folder / f"{name}-pdf"
    made = run("pdftoppm", "-r", facts["dots_per_m"] * 0.0254, "-scale-to-x", preview.width, "-scale-to-y",
               preview.height, "-gray", "-aa", "no", "-aaVector", "no", "-png", "-singlefile", pdf, raster)
    if made.returncode != 0:
        faults.append(f"{name}: pdftoppm: {made.stderr}")
        return
    raster = raster.with_suffix(".png")
    if waybill:
        decode(name, "PDF", raster, waybill)
    rendered = Image.open(raster).convert("L")
    for box in bars_differ(preview, rendered, facts["bars"]):
        faults.append(f"{name}: the bars at {box} differ between PNG and PDF")

    # The text can be searched: every line comes back, spaces apart.
    bare = lambda text: "".join(unicodedata.normalize("NFKC", text).split())
    found = bare(run("pdftotext", "-raw", pdf, "-").stdout)
    for text in facts["texts"]:
        if bare(text) not in found:
            faults.append(f"{name}: pdftotext does not find {text!r}")


def ean13(folder):
    """The symbols of products, with what each must say."""
    for picture in sorted(folder.glob("ean13-*.png")):
        wanted = picture.stem.removeprefix("ean13-")
        texts = [code.text for code in zxingcpp.read_barcodes(Image.open(picture).convert("L"))]
        if texts != [wanted]:
            faults.append(f"{picture.name}: zxing reads {texts}")


folder = pathlib.Path(sys.argv[1])
names = sorted(path.stem for path in folder.glob("*.json"))
for name in names:
    judge(folder, name)
ean13(folder)
for fault in faults:
    print(fault)
print(f"{len(names)} labels judged, {len(faults)} faults")
sys.exit(bool(faults) or not names)
