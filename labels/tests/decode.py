#!/usr/bin/env python3
"""Reads every code of many labels with zxing-cpp and a second decoder: zbar, libdmtx for Data Matrix, pdf417decoder.

Usage: decode.py FOLDER. Its index.json lists pictures, and for each the codes: box, symbology, data. Prints a table
of what was read, a line for each fault, and ends with 1 if there was one.
"""

import collections
import ctypes
import ctypes.util
import json
import multiprocessing
import pathlib
import sys

import zxingcpp
from PIL import Image
from pdf417decoder import PDF417Decoder
from pylibdmtx.pylibdmtx import decode as read_data_matrix

F = zxingcpp.BarcodeFormat
FORMATS = {
    "code128": F.Code128, "gs1_128": F.Code128, "ean13": F.EAN13, "ean8": F.EAN8, "upc_a": F.UPCA, "itf14": F.ITF,
    "code39": F.Code39Std, "code93": F.Code93, "codabar": F.Codabar, "qr": F.QRCode, "data_matrix": F.DataMatrix,
    "gs1_data_matrix": F.DataMatrix, "pdf417": F.PDF417,
}
# What zbar reads, by its own numbers; it has no Data Matrix and no PDF417 worth the name.
ZBAR = {
    "code128": 128, "gs1_128": 128, "ean13": 13, "ean8": 8, "upc_a": 13, "itf14": 25, "code39": 39, "code93": 93,
    "codabar": 38, "qr": 64,
}


class Zbar:
    """zbar by its C library: a process for each of a thousand codes would take minutes."""

    def __init__(self):
        name = ctypes.util.find_library("zbar")
        if name is None:
            sys.exit("libzbar is missing")
        self.lib = ctypes.CDLL(name)
        for function in ("zbar_image_scanner_create", "zbar_image_create", "zbar_image_first_symbol",
                         "zbar_symbol_next"):
            getattr(self.lib, function).restype = ctypes.c_void_p
        self.lib.zbar_symbol_get_data.restype = ctypes.c_char_p
        for function in ("zbar_image_first_symbol", "zbar_symbol_next", "zbar_symbol_get_data", "zbar_symbol_get_type",
                         "zbar_image_destroy"):
            getattr(self.lib, function).argtypes = [ctypes.c_void_p]
        self.lib.zbar_image_scanner_set_config.argtypes = [ctypes.c_void_p, ctypes.c_int, ctypes.c_int, ctypes.c_int]
        self.lib.zbar_scan_image.argtypes = [ctypes.c_void_p, ctypes.c_void_p]
        self.lib.zbar_image_set_format.argtypes = [ctypes.c_void_p, ctypes.c_ulong]
        self.lib.zbar_image_set_size.argtypes = [ctypes.c_void_p, ctypes.c_uint, ctypes.c_uint]
        self.lib.zbar_image_set_data.argtypes = [ctypes.c_void_p, ctypes.c_char_p, ctypes.c_ulong, ctypes.c_void_p]
        self.scanners = {}

    def scanner(self, kind):
        if kind not in self.scanners:
            scanner = self.lib.zbar_image_scanner_create()
            self.lib.zbar_image_scanner_set_config(scanner, 0, 0, 0)  # all off
            self.lib.zbar_image_scanner_set_config(scanner, kind, 0, 1)  # this one on
            self.scanners[kind] = scanner
        return self.scanners[kind]

    def read(self, picture, kind):
        image = self.lib.zbar_image_create()
        data = picture.tobytes()
        self.lib.zbar_image_set_format(image, int.from_bytes(b"Y800", "little"))
        self.lib.zbar_image_set_size(image, picture.width, picture.height)
        self.lib.zbar_image_set_data(image, data, len(data), None)
        self.lib.zbar_scan_image(self.scanner(kind), image)
        texts, symbol = [], self.lib.zbar_image_first_symbol(image)
        while symbol:
            texts.append(self.lib.zbar_symbol_get_data(symbol).decode("utf-8", "replace"))
            symbol = self.lib.zbar_symbol_next(symbol)
        self.lib.zbar_image_destroy(image)
        return sorted(set(texts))


def wanted(code):
    """What a scanner must say: a GS1 string without its brackets, an EAN without its add-on."""
    data = code["data"]
    if code["symbology"].startswith("gs1"):
        return "".join(c for c in data if c not in "()")
    return data


def by_zxing(picture, code):
    kind = code["symbology"]
    # Else it looks at the picture smaller, inverted and turned too, and now and then finds a second symbol there.
    options = {"try_rotate": False, "try_downscale": False, "try_invert": False}
    if kind == "ean13" and " " in code["data"]:
        options["ean_add_on_symbol"] = zxingcpp.EanAddOnSymbol.Read
    found = zxingcpp.read_barcodes(picture, formats=FORMATS[kind], text_mode=zxingcpp.TextMode.Plain, **options)
    texts = []
    for one in found:
        text = one.text.replace("\x1d", "")
        texts.append(text)
        if kind == "gs1_128" and one.symbology_identifier != "]C1":
            texts.append(f"as {one.symbology_identifier}")
        if kind == "gs1_data_matrix" and one.symbology_identifier != "]d2":
            texts.append(f"as {one.symbology_identifier}")
    if kind == "codabar":
        texts = [text.strip("ABCD") for text in texts]
    if kind == "upc_a":
        texts = [text.removeprefix("0") if len(text) == 13 else text for text in texts]
    return texts


def expected_zxing(code):
    # An add-on comes right behind its number.
    text = wanted(code).replace(" ", "") if code["symbology"] == "ean13" else wanted(code)
    return text.strip("ABCD") if code["symbology"] == "codabar" else text


def by_second(picture, kind):
    """The name of the decoder, and what it reads."""
    if kind in ZBAR:
        return "zbar", [text.replace("\x1d", "") for text in ZBAR_READER.read(picture, ZBAR[kind])]
    if kind == "pdf417":
        decoder = PDF417Decoder(picture.convert("RGB"))
        return "pdf417decoder", [decoder.barcode_data_index_to_string(n) for n in range(decoder.decode())]
    found = read_data_matrix(with_white(picture), max_count=2, timeout=2_000)
    return "libdmtx", [one.data.decode().replace("\x1d", "") for one in found]


def with_white(picture):
    """libdmtx finds no symbol so near to the edge of a picture, and misses one in twenty of two dots a module."""
    whole = Image.new("L", (picture.width * 2 + 32, picture.height * 2 + 32), 255)
    whole.paste(picture.resize((picture.width * 2, picture.height * 2), Image.Resampling.NEAREST), (16, 16))
    return whole


def judge(job):
    folder, entry = job
    whole = Image.open(pathlib.Path(folder) / entry["picture"]).convert("L")
    faults, counts = [], collections.Counter()
    for place, code in enumerate(entry["codes"]):
        part = whole.crop(code["box"])
        kind = code["symbology"]
        texts = by_zxing(part, code)
        if texts == [expected_zxing(code)]:
            counts[kind, "zxing"] += 1
        else:
            faults.append(f"{entry['picture']}: zxing reads {texts}, not {expected_zxing(code)!r} ({kind})")
        # It takes thirty times as long as the others: one in ten of many symbols is read.
        if kind == "pdf417" and len(entry["codes"]) > 50 and place % 10:
            continue
        decoder, texts = by_second(part, kind)
        main = wanted(code).split(" ")[0] if kind == "ean13" else wanted(code)
        main = "0" + main if kind == "upc_a" else main
        if texts == [main]:
            counts[kind, decoder] += 1
        else:
            faults.append(f"{entry['picture']}: {decoder} reads {texts}, not {main!r} ({kind})")
    return faults, counts


def start():
    global ZBAR_READER
    ZBAR_READER = Zbar()


def main():
    folder = pathlib.Path(sys.argv[1])
    entries = json.loads((folder / "index.json").read_text())
    faults, counts = [], collections.Counter()
    with multiprocessing.Pool(initializer=start) as pool:
        for found, counted in pool.imap_unordered(judge, [(str(folder), entry) for entry in entries], chunksize=4):
            faults += found
            counts += counted
    for kind in FORMATS:
        read = {decoder: count for (of, decoder), count in counts.items() if of == kind}
        if read:
            print(f"{kind:16}", *(f"{decoder} {count:6}" for decoder, count in sorted(read.items(), reverse=True)))
    for fault in faults[:40]:
        print(fault)
    print(f"{len(entries)} pictures judged, {len(faults)} faults")
    sys.exit(bool(faults) or not entries)


main()
