"""The outlines of the world's countries, and the script that made them."""
