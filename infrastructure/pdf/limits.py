"""What reading one PDF may take."""

from dataclasses import dataclass


@dataclass(frozen=True)
class PdfLimits:
    """Seconds and bytes. A page that takes too long is left out and the reading goes on behind it; the other limits end the reading."""

    cpu_seconds: int = 60
    page_seconds: int = 10
    timeout: float = 180.0  # of wall-clock time
    memory_bytes: int = 1024**3
    pages: int = 5_000
    output_bytes: int = 32 * 1024**2
    ocr_pages: int = 20  # read with tesseract at most, where it is installed
    fact_pages: int = 10  # looked at for key facts
    table_pages: int = 50  # looked at for tables
    table_seconds: float = 5.0  # of CPU, for all tables
