"""Opens PDFs. Encrypted pages are refused; encrypted attachments alone are no obstacle."""

# mypy: allow-untyped-calls

import re
from pathlib import Path

import pymupdf

from domain.shared.errors import reason_of

IDENTITY = (
    ("null", "null"),
    ("name", "/Identity"),
)  # the crypt filter that leaves strings and streams as they are; the default
CRYPT_FILTERS = 4  # from this version on strings, streams and attachments have their own filters
HANDLER = re.compile(r"encryption handler|crypt filter|encryption (?:version|revision)", re.IGNORECASE)
CODE = re.compile(r"^code=\d+: ")


class LockedError(Exception):
    """Raised if the pages can't be read without a key."""


def opened(path: Path) -> pymupdf.Document:
    """Open the document. LockedError if its pages are encrypted; ValueError if it is not structured as a PDF."""
    try:
        document = pymupdf.open(path, filetype="pdf")
    except pymupdf.FileDataError as error:
        cause = CODE.sub("", reason_of(error.__cause__ or error))  # the error itself contains the local path
        if HANDLER.search(cause):
            raise LockedError(f"it is encrypted in a way that can't be read: {cause}") from error
        raise ValueError(cause) from error
    if document.needs_pass:
        if not _only_attachments(document):
            raise LockedError("it opens with a password only")
        document.is_encrypted = False
        document.init_doc()
    return document


def _only_attachments(document: pymupdf.Document) -> bool:
    """Whether only attachments are encrypted: the filters of strings and streams are the identity."""
    kind, reference = document.xref_get_key(-1, "Encrypt")
    if kind == "xref":
        xref, path = int(reference.split()[0]), ""
    else:
        xref, path = -1, "Encrypt/"
    kind, version = document.xref_get_key(xref, f"{path}V")
    if kind != "int" or int(version) < CRYPT_FILTERS:
        return False
    return all(document.xref_get_key(xref, f"{path}{name}") in IDENTITY for name in ("StmF", "StrF"))
