"""The versions of the records' schema."""
