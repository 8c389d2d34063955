"""What kind of file a receipt is, read from its bytes from the first to the last. Pure.

A name or a content type is a claim; these are the formats' own signs. Nothing may stand before or
behind the document: a file that is two things at once is refused.
"""

from __future__ import annotations

import re
import zlib
from collections.abc import Callable, Mapping
from typing import Final

from kernel.uploads import FILE_BYTES_MAX
from toolrouter.enums import FileKind

BYTES_MAX: Final = FILE_BYTES_MAX
CONTENT_TYPES: Final[Mapping[FileKind, str]] = {
    FileKind.PDF: "application/pdf",
    FileKind.PNG: "image/png",
    FileKind.JPEG: "image/jpeg",
}
_PNG: Final = b"\x89PNG\r\n\x1a\n"
_CHUNK_BYTES: Final = 12  # length, type and CRC
_PDF_HEAD: Final = re.compile(rb"%PDF-[12]\.[0-9]\s")
_PDF_END: Final = re.compile(rb"startxref\s+[0-9]{1,10}\s+%%EOF\s*\Z")
_ZIP_END: Final = b"PK\x05\x06"  # of a ZIP, which is found from the end
_ZIP_END_BYTES_MAX: Final = 65_557
_JPEG_SCAN: Final = 0xDA
_JPEG_END: Final = 0xD9
_JPEG_ALONE: Final = frozenset({0x01, *range(0xD0, 0xD8)})  # markers without a length


class NotAReceipt(ValueError):
    """The file is none of what is taken. The sentence says why, and nothing of the file."""


def kind_of(content: bytes) -> FileKind:
    """Return what ``content`` is, wholly. Raises NotAReceipt."""
    if not content:
        raise NotAReceipt("The file is empty.")
    if len(content) > BYTES_MAX:
        raise NotAReceipt("The file is larger than 5 MB.")
    for kind, is_it in _CHECKS.items():
        if is_it(content):
            if _ZIP_END in content[-_ZIP_END_BYTES_MAX:]:
                break
            return kind
    raise NotAReceipt("This is not a complete PDF, PNG or JPEG file.")


def _is_pdf(content: bytes) -> bool:
    return bool(_PDF_HEAD.match(content)) and bool(_PDF_END.search(content[-1024:]))


def _is_png(content: bytes) -> bool:
    """Walk from chunk to chunk; each has its checksum, and IEND is the end of the file."""
    if not content.startswith(_PNG) or content[12:16] != b"IHDR":
        return False
    at = len(_PNG)
    while at + _CHUNK_BYTES <= len(content):
        length = int.from_bytes(content[at : at + 4])
        end = at + _CHUNK_BYTES + length
        body = content[at + 4 : end - 4]
        if end > len(content) or zlib.crc32(body) != int.from_bytes(content[end - 4 : end]):
            return False
        if body[:4] == b"IEND":
            return end == len(content)
        at = end
    return False


def _is_jpeg(content: bytes) -> bool:
    """Walk from segment to segment, over each scan, to the end-of-image marker at the end."""
    if not content.startswith(b"\xff\xd8\xff"):
        return False
    at, has_scan = 2, False
    while at + 2 <= len(content) and content[at] == 0xFF:
        marker = content[at + 1]
        if marker == 0xFF:
            at += 1
        elif marker == _JPEG_END:
            return has_scan and at + 2 == len(content)
        elif marker in _JPEG_ALONE:
            at += 2
        else:
            at = at + 2 + max(2, int.from_bytes(content[at + 2 : at + 4]))
            if marker == _JPEG_SCAN:
                has_scan, at = True, _end_of_scan(content, at)
    return False


def _end_of_scan(content: bytes, at: int) -> int:
    """Return where the next marker begins that is no part of the picture's data."""
    while (at := content.find(b"\xff", at)) != -1 and at + 1 < len(content):
        if content[at + 1] not in (0x00, *range(0xD0, 0xD8)):
            return at
        at += 2
    return len(content)


_CHECKS: Final[Mapping[FileKind, Callable[[bytes], bool]]] = {
    FileKind.PDF: _is_pdf,
    FileKind.PNG: _is_png,
    FileKind.JPEG: _is_jpeg,
}
