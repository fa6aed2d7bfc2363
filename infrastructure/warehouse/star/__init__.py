"""The star: tables, writer, reader, and what follows its rows."""
