"""Who may see what, and the proof of it: shares, viewers, credentials, sessions, analysts."""
