"""Writes a digit as a picture that people can look at."""
import struct
import zlib

import numpy as np

SCALE = 8  # each pixel becomes a square of so many


def chunk(kind, data):
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def png(grey):
    """uint8 [H, W] -> the bytes of a grey PNG."""
    height, width = grey.shape
    rows = b"".join(b"\0" + row.tobytes() for row in grey)
    header = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    return (b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(rows, 9))
            + chunk(b"IEND", b""))


def write_digit(path, image):
    """float [8, 8] in 0..1 -> a PNG, white on black, SCALE times as large."""
    grey = np.round(image * 255).astype(np.uint8)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(png(np.kron(grey, np.ones((SCALE, SCALE), np.uint8))))
