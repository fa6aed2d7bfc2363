"""Limits for reading one PDF."""

from dataclasses import dataclass


@dataclass(frozen=True)
class PdfLimits:
    """Limits in seconds, bytes and pages. A page above `page_seconds` is left out; other limits end the reading."""

    cpu_seconds: int = 60
    page_seconds: int = 10
    timeout: float = 180.0  # of wall-clock time
    memory_bytes: int = 1024**3
    pages: int = 5_000
    output_bytes: int = 32 * 1024**2
    ocr_pages: int = 20  # at most, with OCR by tesseract if it is installed
    fact_pages: int = 10  # searched for key facts
    table_pages: int = 50  # searched for tables
    table_seconds: float = 5.0  # of CPU, for all tables
