"""The red_flags stage: the flags that depend on quartiles of all data."""
