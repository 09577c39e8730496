#!/usr/bin/env python3
"""Draws what we send to printers with renderers that Tallyman did not write, and compares dot for dot.

Usage: renderers.py FOLDER RENDERERS. FOLDER holds, for each label, NAME.png with our own dots, NAME.pdf, NAME.svg, the
label in forms of printer languages, and NAME.json with `width`, `height`, `dots_per_m`, `bars`, `matrices` and
`forms`. RENDERERS holds the programs.
Prints a line for each fault and ends with 1 if there was one.
"""

import collections
import concurrent.futures
import functools
import json
import pathlib
import subprocess
import sys

import zxingcpp
from PIL import Image, ImageChops

folder, programs = (pathlib.Path(path).resolve() for path in sys.argv[1:])
here = pathlib.Path(__file__).parent
names = sorted(path.stem for path in folder.glob("*.json"))
facts = {name: json.loads((folder / f"{name}.json").read_text()) for name in names}
ZPL = ["hex.zpl", "acs.zpl", "z64.zpl", "mixed.zpl", "resident.zpl", "turned.zpl"]


@functools.lru_cache(maxsize=8)
def ours(name):
    return Image.open(folder / f"{name}.png").convert("L")


# Each renderer: how it is started, what it is told of the density, and what it can read.
RENDERERS = {
    "labelize": ([programs / "debug/render-labelize"], "dpmm", ZPL + ["tspl", "turned.tspl", "epl", "cpcl"]),
    "zpl": ([programs / "debug/render-zpl"], "dpi", ZPL),
    "zpl-renderer-js": (["node", here / "renderers/render.mjs", programs], "dpmm", ZPL),
}
DENSITY = {8_000: {"dpmm": 8, "dpi": 203}, 11_811: {"dpmm": 12, "dpi": 300}, 23_622: {"dpmm": 24, "dpi": 600}}

# What these renderers are known to do wrong: (renderer, form, label or *) and why. Each is looked for, so that a fault
# that was mended leaves the list.
KNOWN = {
    ("labelize", "mixed.zpl", "barcodes"): "takes >0, the sign >, for a change to set A",
    ("labelize", "mixed codes", "barcodes"): "takes >0, the sign >, for a change to set A",
    ("labelize", "resident.zpl", "barcodes"): "takes >0, the sign >, for a change to set A",
    ("zpl-renderer-js", "turned.zpl", "*"): "draws nothing turned: it ignores ^PO",
    ("zpl-renderer-js", "resident.zpl", "*"): "stays in set A at >5; its GS1-128, EAN-8 and UPC-A differ",
    ("zpl-renderer-js", "mixed.zpl", "*"): "stays in set A at >5; its GS1-128, EAN-8 and UPC-A differ",
    ("zpl-renderer-js", "mixed codes", "*"): "stays in set A at >5; its GS1-128, EAN-8 and UPC-A differ",
}

# labelize draws GW with black and white exchanged; Zebra says that 1 is white.
INVERTED = {("labelize", "epl")}

faults = []
counts = collections.Counter()
known_seen = set()


def known(renderer, form, name):
    for key in ((renderer, form, name), (renderer, form, name.rsplit("-", 1)[0]), (renderer, form, "*")):
        if key in KNOWN:
            known_seen.add(key)
            return True
    return False


def difference(one, other):
    if one.size != other.size:
        return f"{other.size} dots, not {one.size}"
    count = sum(ImageChops.difference(one, other).point(lambda dot: 255 if dot else 0).histogram()[1:])
    return f"{count} dots differ" if count else None


def bars_wrong(name, drawn):
    """Symbols whose columns differ, in the row through their middle: printers may give an EAN longer guard bars."""
    if drawn.size != ours(name).size:
        return f"{drawn.size} dots, not {ours(name).size}"
    wrong = []
    for bars in facts[name]["bars"]:
        left, top, right, bottom = bars["box"]
        row = (left, (top + bottom) // 2, right, (top + bottom) // 2 + 1)
        if difference(ours(name).crop(row), drawn.crop(row)):
            wrong.append(bars["symbology"])
    return f"columns of {', '.join(wrong)}" if wrong else None


def render(renderer):
    command, unit, forms = RENDERERS[renderer]
    jobs, lines = [], []
    for name in names:
        # The slow one draws labels in all forms only.
        slow = renderer == "zpl-renderer-js" and "hex.zpl" not in facts[name]["forms"]
        for form in [] if slow else (form for form in forms if form in facts[name]["forms"]):
            picture = folder / f"{name}.{form}.{renderer}.png"
            density = DENSITY[facts[name]["dots_per_m"]][unit]
            language = form.rsplit(".")[-1]
            size = (facts[name]["width"], facts[name]["height"])
            lines.append(f"{language} {size[0]} {size[1]} {density} {folder / f'{name}.{form}'} {picture}\n")
            jobs.append((name, form, picture))
    made = subprocess.run([str(part) for part in command], input="".join(lines), capture_output=True, text=True)
    reasons = {line.split(" ")[5].split(": ")[0].rstrip(":"): line for line in made.stdout.splitlines() if line.count(" ") > 4}
    if made.returncode != 0:
        faults.append(f"{renderer}: {made.stderr}")
    for name, form, picture in jobs:
        if picture.exists():
            drawn = Image.open(picture).convert("L")
            if (renderer, form) in INVERTED:
                drawn = ImageChops.invert(drawn)
            if form.startswith("turned"):
                drawn = drawn.transpose(Image.Transpose.ROTATE_180)
            wrong = difference(ours(name), drawn)
            if form == "resident.zpl":
                wrong = bars_wrong(name, drawn)
            if form == "mixed.zpl":
                if not wrong:
                    counts[f"{renderer}, mixed.zpl, all dots"] += 1
                    all_dots.add(name)
                wrong = bars_wrong(name, drawn)
        else:
            wrong = "not drawn: " + reasons.get(str(picture), "")
        if not wrong:
            counts[f"{renderer}, {form}"] += 1
        elif not known(renderer, form, name):
            faults.append(f"{renderer}: {name}.{form}: {wrong}")


def codes(picture):
    """What both decoders read; zbar is told nothing of FNC1."""
    zxing = sorted(code.text for code in zxingcpp.read_barcodes(picture))
    path = folder / "zbar.png"
    picture.save(path)
    zbar = subprocess.run(["zbarimg", "-q", "--raw", path], capture_output=True, text=True).stdout.split("\n")
    return zxing, sorted(filter(None, zbar))


def mixed_reads_as_the_picture(renderer):
    for name in names:
        drawn = folder / f"{name}.mixed.zpl.{renderer}.png"
        if not drawn.exists():
            continue
        picture, mixed = codes(ours(name)), codes(Image.open(drawn).convert("L"))
        if not picture[0] or picture != mixed:
            if not known(renderer, "mixed codes", name):
                faults.append(f"{renderer}: {name}.mixed.zpl reads {mixed}, the picture {picture}")
        else:
            counts[f"{renderer}, mixed read as the picture"] += 1


def pdf(name):
    """The bars of a PDF, to the pixel, by three renderers."""
    source, dpi = folder / f"{name}.pdf", facts[name]["dots_per_m"] * 0.0254
    width, height = ours(name).size
    commands = {
        "poppler": ["pdftoppm", "-r", dpi, "-scale-to-x", width, "-scale-to-y", height, "-gray", "-aa", "no",
                    "-aaVector", "no", "-png", "-singlefile", source],
        "mupdf": ["mutool", "draw", "-q", "-c", "gray", "-r", dpi, "-w", width, "-h", height, "-f", "-o"],
        "ghostscript": ["gs", "-q", "-dNOPAUSE", "-dBATCH", "-sDEVICE=pnggray", "-dTextAlphaBits=1",
                        "-dGraphicsAlphaBits=1", f"-r{dpi}", f"-g{width}x{height}"],
    }
    for renderer, command in commands.items():
        picture = folder / f"{name}.pdf.{renderer}.png"
        end = {"poppler": [picture.with_suffix("")], "mupdf": [picture, source],
               "ghostscript": [f"-sOutputFile={picture}", source]}[renderer]
        made = subprocess.run([str(part) for part in command + end], capture_output=True, text=True)
        if not picture.exists():
            faults.append(f"{renderer}: {name}.pdf is not drawn: {made.stderr}")
            continue
        # mupdf has no way to draw without grey: more than half is black.
        drawn = Image.open(picture).convert("L").point(lambda grey: 255 if grey >= 128 else 0)
        wrong = f"{drawn.size} dots, not {ours(name).size}" if drawn.size != ours(name).size else None
        for box in [bars["box"] for bars in facts[name]["bars"]] + facts[name]["matrices"]:
            wrong = wrong or difference(ours(name).crop(box), drawn.crop(box))
        if not wrong:
            counts[f"{renderer}, bars of PDF"] += 1
        elif not known(renderer, "pdf", name):
            faults.append(f"{renderer}: {name}.pdf: {wrong}")


def svg(name):
    picture = folder / f"{name}.svg.png"
    width, height = ours(name).size
    command = ["rsvg-convert", "-w", width, "-h", height, "-b", "white", "-o", picture, folder / f"{name}.svg"]
    made = subprocess.run([str(part) for part in command], capture_output=True, text=True)
    wrong = difference(ours(name), Image.open(picture).convert("L")) if picture.exists() else made.stderr
    if not wrong:
        counts["librsvg, svg"] += 1
    else:
        faults.append(f"librsvg: {name}.svg: {wrong}")


all_dots = set()
all_forms = [name for name in names if "mixed.zpl" in facts[name]["forms"]]
for renderer in RENDERERS:
    render(renderer)
for name in sorted(name for name in set(all_forms) - all_dots if not name.startswith("barcodes")):
    faults.append(f"{name}.mixed.zpl is our picture in no renderer")
for renderer in RENDERERS:
    mixed_reads_as_the_picture(renderer)
with concurrent.futures.ThreadPoolExecutor(2) as pool:
    list(pool.map(pdf, names))
    list(pool.map(svg, names))
for key in KNOWN.keys() - known_seen if all_forms else []:
    faults.append(f"{key} is no longer wrong: {KNOWN[key]}")
for fault in faults:
    print(fault)
for what, count in sorted(counts.items()):
    print(f"{count} of {len(names)} exact: {what}")
print(f"{len(names)} labels, {len(known_seen)} known faults of renderers, {len(faults)} faults")
sys.exit(bool(faults) or not names)
