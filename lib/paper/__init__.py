"""A report in its reader's language: numbers, headings, charts, and what leaves as a file."""
