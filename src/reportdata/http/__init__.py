"""The HTTP kernel: a server, its connections and their limits, TLS, routes, and how answers look whatever they say."""
