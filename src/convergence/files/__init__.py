"""Files on disk: several written as one."""
