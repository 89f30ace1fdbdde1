"""Where addresses come from: used before, a Google account, a file of contacts."""
