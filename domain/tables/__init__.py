"""Tables of cells: headings as paths, values of cells, flat OCDS rows."""
