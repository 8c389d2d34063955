"""Which files are receipts: by all of their content, whatever they are called."""

from __future__ import annotations

import zipfile
from io import BytesIO

import pytest

from tests.toolrouter.purchases.shopping import JPEG, PDF, PNG
from toolrouter.enums import FileKind
from toolrouter.receipt_files import BYTES_MAX, NotAReceipt, kind_of

SCRIPT = b"<html><script>alert(1)</script></html>"


def a_zip() -> bytes:
    held = BytesIO()
    with zipfile.ZipFile(held, "w") as archive:
        archive.writestr("a.txt", "a")
    return held.getvalue()


@pytest.mark.parametrize(
    ("content", "kind"),
    [
        (PDF, FileKind.PDF),
        (PNG, FileKind.PNG),
        (JPEG, FileKind.JPEG),
        (PDF + b"\n", FileKind.PDF),
        (b"\xff\xd8\xff\xfe\x00\x04ab" + JPEG[2:], FileKind.JPEG),
    ],
)
def test_a_whole_document_is_what_it_is(content: bytes, kind: FileKind) -> None:
    assert kind_of(content) == kind


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"GIF89a" + b"\x00" * 40,
        SCRIPT,
        b"\x00" + PDF,
        SCRIPT + PDF,
        PDF + SCRIPT,
        PDF[:-7],
        PDF + a_zip(),
        b"%PDF-1.4\n" + a_zip() + PDF[8:],
        PNG + SCRIPT,
        PNG + a_zip(),
        PNG[:-1],
        PNG.replace(b"IDAT", b"IDAX"),
        PNG[:8] + PNG[33:],
        JPEG + SCRIPT,
        JPEG + PDF,
        JPEG[:-2],
        b"\xff\xd8\xff\xd9",
        a_zip(),
        b"x" * (BYTES_MAX + 1),
        PDF.replace(b"\nendobj", b"x" * BYTES_MAX + b"\nendobj"),
    ],
)
def test_what_is_none_or_two_things_at_once_is_refused(content: bytes) -> None:
    with pytest.raises(NotAReceipt):
        kind_of(content)


def test_five_megabytes_are_enough_and_not_too_many() -> None:
    padding = b"x" * (BYTES_MAX - len(PDF))

    assert kind_of(PDF.replace(b"\nendobj", padding + b"\nendobj")) == FileKind.PDF
