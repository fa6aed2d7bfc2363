"""The operating system: files, disk, child processes, checkpoints of threads."""
