"""What a client of the server meets: addresses, sockets, API keys, how it listens and drains."""
