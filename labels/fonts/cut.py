#!/usr/bin/env python3
"""Cuts the label fonts out of Debian's Noto packages; see README.md beside this file.

Usage: cut.py [FOLDER OF THE CJK COLLECTIONS] [FOLDER OF NOTO SANS]
"""

import hashlib
import pathlib
import sys

from fontTools import subset
from fontTools.ttLib import TTCollection, TTFont

HERE = pathlib.Path(__file__).parent
CJK = pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else "/usr/share/fonts/opentype/noto")
LATIN = pathlib.Path(sys.argv[2] if len(sys.argv) > 2 else "/usr/share/fonts/truetype/noto")


def double_bytes(codec):
    """Every character that a double-byte code page holds."""
    for lead in range(0x81, 0xFF):
        for trail in range(0x40, 0xFF):
            try:
                yield from (ord(c) for c in bytes([lead, trail]).decode(codec))
            except UnicodeDecodeError:
                pass


def spans(*pairs):
    for first, last in pairs:
        yield from range(first, last + 1)


def cjk_characters():
    chosen = set(spans(
        (0x20, 0x7E), (0xA0, 0x17F), (0x1CD, 0x1DC), (0x1EA0, 0x1EF9),  # Latin, pinyin, Vietnamese
        (0x370, 0x3FF), (0x400, 0x45F),  # Greek, Cyrillic
        (0x2000, 0x206F), (0x20A0, 0x20BF), (0x2100, 0x218F), (0x2190, 0x21FF), (0x2200, 0x22FF),
        (0x2460, 0x27BF),  # enclosed numbers, boxes, shapes, signs
        (0x3000, 0x33FF),  # CJK punctuation, kana, bopomofo, Hangul letters, enclosed, units
        (0x3400, 0x4DBF), (0x4E00, 0x9FFF),  # Extension A and the whole first block: names need them
        (0xAC00, 0xD7A3), (0xF900, 0xFAFF), (0xFE30, 0xFE4F), (0xFF01, 0xFFEE),
    ))
    for codec in ("gb2312", "gbk", "big5"):
        chosen.update(double_bytes(codec))
    chosen.update(ord(c) for c in "𠮷𡋾𡔖𡘙𡚒𡶛𢊬𢥧𣇈𣏌𣗋𣘸𣘺𣜜𣜿𣝣𣳾𤇆𤭖𤴔𥆩𥒎𥔎𥙊𥧄𥱋𥸮𥹖𥹢𥻘𦰩𦱳𧝒𨫤𨫝𨺉𩵋𩸕𩸽𩹉𪀯𪀚𪃹")
    # Not drawn as they are by a label: private use is what the vendor of a code page made of it.
    return {c for c in chosen if not 0xE000 <= c <= 0xF8FF}


def latin_characters():
    """What the CJK face lacks, and what stands beside it in a word."""
    return set(spans((0x20, 0x7E), (0xA0, 0x24F), (0x370, 0x3FF), (0x400, 0x52F), (0x1E00, 0x1EFF),
                     (0x2010, 0x2027), (0x2030, 0x203A), (0x20AC, 0x20AC), (0x2116, 0x2116)))


def face(collection, name):
    """A face by its name: packages order the faces of a collection each in its own way."""
    for font in TTCollection(collection, lazy=True).fonts:
        if font["name"].getDebugName(4) == name:
            return font
    sys.exit(f"{collection} holds no face named {name}")


def cut(font, characters, target):
    font.recalcTimestamp = False  # the same input gives the same bytes
    options = subset.Options()
    options.layout_features = []
    options.hinting = False
    options.notdef_outline = True
    options.name_IDs = ["*"]
    options.name_languages = [0x409]
    options.drop_tables += ["vhea", "vmtx", "VORG", "BASE", "GSUB", "GPOS", "GDEF", "DSIG", "gasp"]
    cutter = subset.Subsetter(options)
    cutter.populate(unicodes=characters)
    cutter.subset(font)
    subset.save_font(font, str(target), options)


def main():
    sums = []
    for weight in ("Regular", "Bold"):
        jobs = (
            (face(CJK / f"NotoSansCJK-{weight}.ttc", "Noto Sans CJK SC" + ("" if weight == "Regular" else " Bold")),
             cjk_characters(), HERE / f"NotoSansCJKsc-{weight}-cut.otf"),
            (TTFont(LATIN / f"NotoSans-{weight}.ttf"), latin_characters(), HERE / f"NotoSans-{weight}-cut.ttf"),
        )
        for font, characters, target in jobs:
            cut(font, characters, target)
            data = target.read_bytes()
            sums.append(f"{hashlib.sha256(data).hexdigest()}  {target.name}\n")
            print(f"{target.name}: {len(data)} bytes")
    (HERE / "SHA256SUMS").write_text("".join(sorted(sums, key=lambda line: line.split()[1])))


main()
