"""How long a file may be that somebody sends with a form."""

from typing import Final

FILE_BYTES_MAX: Final = 5 * 1024 * 1024  # the longest that any page takes
