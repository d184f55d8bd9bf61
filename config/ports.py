"""Before `make run` sets up, which takes minutes: is every port free that it needs? Any Python 3, nothing installed."""

import os
import socket
import sys
from urllib.parse import urlsplit

LOOPBACK = "127.0.0.1"
S3_PORTS = 10
"""As many in a row as pipeline.engines.embedded gives SeaweedFS."""


def wanted():
    """Setting by setting, with the defaults of config.settings; what can't be read is refused there, in words."""
    yield "WEB_PORT", [int(os.environ.get("WEB_PORT", "8300"))]
    for setting, default, count in (
        ("REDIS_URL", "redis://127.0.0.1:6390/0", 1),
        ("S3_ENDPOINT_URL", "http://127.0.0.1:8390", S3_PORTS),
    ):
        first = urlsplit(os.environ.get(setting, default)).port
        yield setting, range(first, first + count) if first else []


def is_free(port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((LOOPBACK, port))
        except OSError:
            return False
    return True


def main():
    try:
        taken = [(port, setting) for setting, ports in wanted() for port in ports if not is_free(port)]
    except (ValueError, OverflowError) as error:
        return f"A port can't be read from WEB_PORT, REDIS_URL or S3_ENDPOINT_URL: {error}"
    told = "Port {} is taken by another program: stop that, or move ours with {}"
    return "\n".join(told.format(*one) for one in taken) or None


if __name__ == "__main__":
    sys.exit(main())
