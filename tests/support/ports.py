"""TCP ports of this machine that nobody listens at."""

import socket


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as server:
        return int(server.getsockname()[1])


def free_address() -> str:
    return f"127.0.0.1:{free_port()}"
