"""What is served over HTTP: a module for each resource, and `admission` for their callers."""
