"""Tools for assistants, over the Model Context Protocol: they read, and change nothing.

- `tools`: which there are, what they take and give; pure.
- `replies`: what a tool answers: rows, and what has to be known to read them.
- `sources`: where answers come from; `reportdata.cli.assisting` has the one of a data folder.
- `server`: the protocol, by the package `mcp`, which is imported when it is opened.
- `door`: who may come in over HTTP.
"""
