"""One POST to an address that was checked: no redirect is followed, nothing of the answer is read but its head."""

import http.client
import socket
import ssl
import threading
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager, suppress

from pipeline.webhooks import guard

# To connect; and once more for all that follows, lest who sends a byte now and then holds a worker for ever.
SECONDS = 10


class SilentError(OSError):
    """Nobody answered in time, or at all."""


class _Checked(http.client.HTTPConnection):
    """Goes to addresses that were checked, whatever the name leads to by now; TLS and Host are about the name."""

    def __init__(self, target: guard.Target, addresses: list[str]) -> None:
        super().__init__(target.host, target.port, timeout=SECONDS)
        self._target, self._addresses = target, addresses

    def connect(self) -> None:
        self.sock = _first_that_answers(self._addresses, self._target.port)
        self.sock.settimeout(SECONDS)

    def secure(self) -> None:
        context = ssl.create_default_context()
        wrapped = context.wrap_socket(self.sock, server_hostname=self._target.host, do_handshake_on_connect=False)
        self.sock = wrapped
        wrapped.do_handshake()


def post(url: str, body: str, headers: Mapping[str, str], resolve: guard.Resolver = socket.getaddrinfo) -> int:
    """The status of the answer.

    Raises
    ------
    ForbiddenAddressError
        It must not go there.
    SilentError
        Nobody answered.
    http.client.HTTPException
        Who answered speaks no HTTP.
    """
    target = guard.target_of(url)
    try:
        with closing(_Checked(target, guard.addresses(target, resolve))) as connection:
            connection.connect()
            with _cut_off(connection):
                if target.is_secure:
                    connection.secure()
                connection.request("POST", target.path, body.encode(), {"Host": target.host_header, **headers})
                return connection.getresponse().status
    except OSError as error:
        raise SilentError(_words(error)) from error


def _first_that_answers(addresses: list[str], port: int) -> socket.socket:
    for address in addresses[:-1]:
        with suppress(OSError):
            return socket.create_connection((address, port), timeout=SECONDS / len(addresses))
    return socket.create_connection((addresses[-1], port), timeout=SECONDS / len(addresses))


@contextmanager
def _cut_off(connection: _Checked) -> Iterator[None]:
    """A socket's time-out is one read's: many reads together have no end."""
    is_over = threading.Event()
    timer = threading.Timer(SECONDS, _shut, [connection, is_over])
    timer.daemon = True
    timer.start()
    try:
        yield
    except http.client.HTTPException as error:
        if is_over.is_set():  # half of an answer was there
            raise TimeoutError from error
        raise
    finally:
        timer.cancel()


def _shut(connection: _Checked, is_over: threading.Event) -> None:
    is_over.set()
    with suppress(OSError, TypeError):  # or over at this moment
        socket.socket.shutdown(connection.sock, socket.SHUT_RDWR)  # TLS' own forgets that it is encrypted


def _words(error: OSError) -> str:
    if isinstance(error, ssl.SSLCertVerificationError):
        return f"its certificate is not valid: {error.verify_message}"
    if isinstance(error, socket.gaierror):
        return "its name leads nowhere"
    if isinstance(error, TimeoutError | http.client.RemoteDisconnected | ssl.SSLEOFError):
        return f"no answer within {SECONDS} seconds, or the connection was cut"
    return f"no connection: {error.strerror or error}"
