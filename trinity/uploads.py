"""Files that are sent with a form: none, unless the page asks for one; then one, in memory."""

from __future__ import annotations

from io import BytesIO
from typing import Any

from django.core.exceptions import TooManyFilesSent
from django.core.files.uploadedfile import InMemoryUploadedFile
from django.core.files.uploadhandler import FileUploadHandler


class NoFile(FileUploadHandler):
    """Refuse any file, before anything of it is kept."""

    def new_file(self, *_: Any, **__: Any) -> None:
        """Refuse."""
        raise TooManyFilesSent("this page takes no file")

    def receive_data_chunk(self, raw_data: bytes, start: int) -> bytes:  # noqa: ARG002  # Django's
        """Return what came, which is never asked."""
        return raw_data

    def file_complete(self, file_size: int) -> None:
        """Keep nothing."""


class OneFile(FileUploadHandler):
    """Hold the file in memory. How long it may be, the body's own limit has said."""

    def new_file(self, *args: Any, **kwargs: Any) -> None:
        """Begin."""
        super().new_file(*args, **kwargs)
        self.held = BytesIO()

    def receive_data_chunk(self, raw_data: bytes, start: int) -> None:  # noqa: ARG002  # Django's
        """Hold a part."""
        self.held.write(raw_data)

    def file_complete(self, file_size: int) -> InMemoryUploadedFile:
        """Return the whole."""
        self.held.seek(0)
        return InMemoryUploadedFile(
            file=self.held,
            field_name=self.field_name,
            name=self.file_name,
            content_type=self.content_type,
            size=file_size,
            charset=self.charset,
        )
