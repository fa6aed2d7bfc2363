"""Tables (CSV, workbooks): rows under headings become records, through a spool of JSON that slices are read from."""
