"""Somebody's own panel: from a file to results and a report."""
