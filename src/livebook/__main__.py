"""``python -m livebook``."""

from .cli import main

raise SystemExit(main())
