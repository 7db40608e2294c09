"""From a file's bytes to lines of text, whatever encoding it has.

Not here: how a line becomes cells (`booking_adapter.tables.rows`).
"""

from __future__ import annotations

import codecs
from io import BytesIO
from itertools import chain
from typing import TYPE_CHECKING, BinaryIO

from booking_adapter.tables.encodings import encoding_of
from booking_adapter.tables.rows import LONGEST_ROW, UnreadableFile

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

__all__ = ["blocks_of", "decoded", "text_lines"]

_BLOCK = 65_536  # bytes read at a time; the encoding is judged from the first block


def blocks_of(file: BinaryIO, on_bytes: Callable[[int], None] | None) -> Iterator[bytes]:
    """Read the file block by block; `on_bytes` is told how many bytes are done."""
    done = 0
    while block := file.read(_BLOCK):
        yield block
        done += len(block)
        if on_bytes:
            on_bytes(done)


def text_lines(blocks: Iterator[bytes]) -> Iterator[str]:
    """Decode the physical lines; bytes that cannot be decoded become surrogates (PEP 383)."""
    first = next(blocks, b"")
    blocks = chain([first], blocks)
    if first.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return _decoded(_lines(_from_utf16(blocks)), "utf-8")
    if first.startswith(codecs.BOM_UTF8):
        next(blocks)
        return _decoded(_lines(chain([first.removeprefix(codecs.BOM_UTF8)], blocks)), "utf-8")
    head, *lines = first.split(b"\n")
    if b"\0" in head:
        raise UnreadableFile("The file is not text in a known encoding. Export it as CSV in UTF-8.")
    # The last line may be cut in the midst of a character.
    return _decoded(_lines(blocks), encoding_of([head, *lines[:-1]] if lines else []))


def decoded(content: bytes, told: str = "") -> tuple[str, str]:
    """Return a whole file's text, and in which encoding it was; lost characters become U+FFFD.

    `told` is the encoding where a person says so.

    Line ends are `\\n`, or `\\r\\n`, as they were; those of the first Macs become `\\n`.
    """
    encoding = told or _marked(content) or encoding_of(BytesIO(content)) or "ascii"
    text = content.decode(encoding, "replace").removeprefix("\ufeff")
    return (text if "\n" in text else text.replace("\r", "\n")), encoding


def _marked(content: bytes) -> str | None:
    """Return the encoding that the first bytes tell, or that every other byte being 0 does."""
    if content.startswith(codecs.BOM_UTF8):
        return "utf-8"
    if content.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return "utf-16"
    head = content[:2_000]
    low, high = head[0::2].count(0), head[1::2].count(0)
    if max(low, high) * 4 < len(head) or not head:  # less than every second one of its half
        return None
    return "utf-16-be" if low > high else "utf-16-le"


def _from_utf16(blocks: Iterator[bytes]) -> Iterator[bytes]:
    decoder = codecs.getincrementaldecoder("utf-16")()
    try:
        for block in blocks:
            yield decoder.decode(block).encode()
        decoder.decode(b"", final=True)
    except UnicodeDecodeError:
        # `from None`: the error carries the bytes.
        raise UnreadableFile("The file begins as UTF-16 but does not go on as such.") from None


def _lines(blocks: Iterator[bytes]) -> Iterator[bytes]:
    rest = b""
    for block in blocks:
        *lines, rest = (rest + block).split(b"\n")
        yield from (line + b"\n" for line in lines)
        # What is cut off a line without end is not missed: the row is refused for its length,
        # which is told in characters, of up to four bytes.
        rest = rest[: 4 * LONGEST_ROW + 1]
    if rest:
        yield rest


def _decoded(lines: Iterator[bytes], encoding: str | None) -> Iterator[str]:
    for line in lines:
        encoding = encoding or encoding_of([line])
        yield line.decode(encoding or "ascii", "surrogateescape")
