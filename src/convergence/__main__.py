"""Run the command as ``python -m convergence``."""

from convergence.cli import main

raise SystemExit(main())
