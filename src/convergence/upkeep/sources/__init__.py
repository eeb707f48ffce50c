"""Publishers' own files, read into the tables of the data package."""
