"""Serving over HTTP: the contract in `datacenter`, the calls that issue tokens, and the server."""
