"""The benchmarks; see docs/benchmarks.md."""
