"""Match stage: which organisations are one."""
