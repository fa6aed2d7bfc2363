"""Seeds: realistic generated procurement data; the same bytes for the same parameters, on any machine."""
