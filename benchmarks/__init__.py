"""Measurements, side by side with peers and the bare limit: ``python -m benchmarks``. README.md says what they mean."""
