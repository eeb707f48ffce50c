"""Change the data package: accept a person's edit, take in a publisher's figures."""
