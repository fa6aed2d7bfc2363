"""What counts as a PDF: as lenient as other readers, and nothing that is of another kind."""

import io
import json
import tarfile
import zipfile
from collections.abc import Iterator
from pathlib import Path

import orjson
import pytest

from domain.document_files.pdf_limits import PdfLimits
from domain.shared.errors import InvalidError
from infrastructure.formats.pdf.recogniser import PdfSource
from infrastructure.pdf.reader import PdfReader
from tests.infrastructure.pdf import pdfs

PDF = pdfs.pdf("Notice of award")
BARE = PDF[PDF.index(b"\n") + 1 :]  # without the header


@pytest.fixture(scope="module")
def source() -> Iterator[PdfSource]:
    reader = PdfReader(PdfLimits(), 1)
    yield PdfSource(reader)
    reader.close()


@pytest.mark.parametrize(
    "content",
    [
        PDF,
        b"\xef\xbb\xbf\r\n" + PDF,
        b"\r\n--part of a mail--\r\nContent-Type: application/pdf\r\n\r\n" + PDF,
        b"<br />\n<b>Warning</b>: Undefined variable in /srv/www/a.php on line 3<br />\n" + PDF,
        bytes(128) + PDF,
        b"line of a log\n" * 500 + PDF,
        b"%\xe2\xe3\xcf\xd3\n" + BARE,
        b"\n" + BARE,
        b"%!PS-Adobe-3.0 PDF-1.4\n" + BARE,
    ],
)
def test_a_header_behind_other_bytes_or_none_is_no_hindrance(source: PdfSource, tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "upload"
    path.write_bytes(content)
    assert source.recognise(path, "upload") == {}
    (element,) = source.read(path, "upload", {}, 1).elements
    assert [page["text"] for page in orjson.loads(element.raw)["pages"]] == ["Notice of award"]


def _zip() -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as file:
        file.writestr("a.pdf", PDF)
    return packed.getvalue()


def _tar() -> bytes:
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w") as file:
        info = tarfile.TarInfo("a.pdf")
        info.size = len(PDF)
        file.addfile(info, io.BytesIO(PDF))
    return packed.getvalue()


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"%PDX-1.7 almost",
        b"id,title\n1,%PDF-1.7 explained\n",
        b"id,title\n1,1 0 obj\n",
        b"<!DOCTYPE html><title>%PDF-1.7</title><pre>\n1 0 obj\n<<>>\nendobj\nstartxref\n9\n%%EOF\n</pre>",
        b'<?xml version="1.0"?><a>\n%PDF-1.7\n1 0 obj\n</a>',
        json.dumps({"releases": [], "x": PDF.decode("latin-1")}).encode(),
        b"a log line\n1 0 obj of desire\n",
        _zip(),
        _tar(),
        b"\xd0\xcf\x11\xe0" + bytes(508) + PDF,
    ],
)
def test_a_file_of_another_kind_that_holds_or_names_a_pdf_is_none(
    source: PdfSource, tmp_path: Path, content: bytes
) -> None:
    path = tmp_path / "upload"
    path.write_bytes(content)
    assert source.recognise(path, "upload") is None


def test_a_web_page_that_is_named_as_a_pdf_is_refused_by_name(source: PdfSource, tmp_path: Path) -> None:
    path = tmp_path / "upload"
    path.write_bytes(b"\n<!DOCTYPE html><html><body>%PDF-1.4 is not here</body></html>")
    with pytest.raises(InvalidError, match=r"notice\.pdf is named as a PDF but is a web page"):
        source.recognise(path, "notice.pdf")
