"""Whether a server can be reached, decided within a bounded time."""

from __future__ import annotations

import socket
import threading
from urllib.parse import urlsplit

import requests

_PORTS = {"https": 443, "http": 80}


def reach(url: str, seconds: float) -> None:
    """Connect to the server of an address, or to the proxy in front of it, and let go of it again.

    The limits of ``requests`` are for each of a name's addresses, of which there may be sixteen, and there is
    none for looking up the name; so a machine behind a shut firewall would wait for minutes.
    Raises ``requests.ConnectTimeout`` after so many seconds, or the ``OSError`` that came before.
    """
    proxy = requests.utils.select_proxy(url, requests.utils.get_environ_proxies(url))
    parts = urlsplit(proxy or url)
    try:
        host, port = parts.hostname, parts.port or _PORTS.get(parts.scheme)
    except ValueError:
        return
    if not host or not port:
        return  # requests itself says best what is wrong with such an address
    failures: list[OSError] = []

    def connect() -> None:
        try:
            socket.create_connection((host, port), timeout=seconds).close()
        except OSError as error:
            failures.append(error)

    # A look-up cannot be interrupted; a thread that still waits for it does not keep the program from ending.
    thread = threading.Thread(target=connect, daemon=True)
    thread.start()
    thread.join(seconds)
    if thread.is_alive() or (failures and isinstance(failures[0], TimeoutError)):
        raise requests.ConnectTimeout(f"{host}: no connection within {seconds:g} seconds")
    if failures:
        raise failures[0]
