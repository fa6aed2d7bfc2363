"""Seeds: realistic generated procurement data; the same parameters give the same bytes on any machine."""
