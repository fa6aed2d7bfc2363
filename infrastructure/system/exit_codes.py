"""Exit codes of the product's processes."""

REFUSED_EXIT_CODE = 78  # EX_CONFIG: the process has printed why it can't start, and a restart would not help
