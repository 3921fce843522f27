"""A backup is one file: both tables as one moment saw them, the folders that belong to them, and a list of digests."""
