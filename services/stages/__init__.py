"""The stages of the lake, each a function of the log and its own watermark."""
