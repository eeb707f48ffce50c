"""Measures of the convergence of manufacturing and producer services.

Import the module that holds the measure: ``from convergence import tables, growth``.
"""

from __future__ import annotations

__version__ = "0.1.0"
