"""Hours of mixed load on a real server, with a plain-Python oracle of what was acknowledged."""
