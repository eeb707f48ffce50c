"""Files on disk: somebody else's, opened; several of ours, written as one."""
