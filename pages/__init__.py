"""One file, one screen: guard, ask, draw."""
