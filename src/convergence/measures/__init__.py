"""The measures: formulas on arrays, Series and data frames; no table, no folder on disk."""
