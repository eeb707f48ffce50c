"""Speed and size, as ratios against a peer in one run: ``python -m benchmarks [NAME …]``."""
