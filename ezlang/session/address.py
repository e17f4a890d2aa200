"""Addresses HOST:PORT at which party 0 or a dealer listens."""

from __future__ import annotations

import ipaddress
import re
import socket
from typing import TYPE_CHECKING, Final

from ezlang.records import dataclass

from . import errors

if TYPE_CHECKING:
    from .tls import Keys

DEFAULT_HOST: Final = "127.0.0.1"
DEFAULT_PORT: Final = 7800
DEALER_PORT: Final = 7801
TIMEOUT: Final = 60.0
"""Seconds to wait for another process to connect, and for each of its answers, by default."""

_HIGHEST_PORT: Final = 65535
_FORM: Final = re.compile(r"(?:\[(?P<six>[^\[\]]*)\]|(?P<host>[^:\[\]]*))(?::(?P<port>[0-9]*))?")


@dataclass(frozen=True, slots=True)
class Address:
    """A host name or number and a TCP port; port 0 lets the system choose one to listen at.

    With `keys`, connections are over TLS, between sides that prove who they are; without, they are
    plain TCP.
    """

    host: str = DEFAULT_HOST
    port: int = DEFAULT_PORT
    keys: Keys | None = None

    def __str__(self) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{host}:{self.port}"

    def resolve(self) -> list[tuple[int, tuple[str | int, ...]]]:
        """Return the socket families and addresses that the host resolves to.

        Raises EzError if there are none.
        """
        try:
            found = socket.getaddrinfo(self.host, self.port, type=socket.SOCK_STREAM)
        except (OSError, UnicodeError) as error:
            reason = getattr(error, "strerror", None) or "it is not the name of a host"
            raise errors.bad_address(str(self), f"the host is unknown ({reason})") from None
        return [(int(family), (*address,)) for family, _, _, _, address in found if address]

    @property
    def is_loopback(self) -> bool:
        """Whether all addresses that the host resolves to are on this machine."""
        return all(_is_loopback(str(address[0])) for _, address in self.resolve())


def _is_loopback(number: str) -> bool:
    try:
        address = ipaddress.ip_address(number.partition("%")[0])
    except ValueError:
        return False
    mapped = getattr(address, "ipv4_mapped", None)
    return bool((mapped or address).is_loopback)


def parse_address(text: str | None, port: int = DEFAULT_PORT) -> Address:
    """Return the address that a user writes: HOST:PORT, HOST, PORT, :PORT, [IPV6]:PORT, or nothing.

    `port` is the default port.
    """
    if text is None:
        return Address(port=port)
    if text.strip().isdecimal():
        text = f":{text.strip()}"
    found = _FORM.fullmatch(text.strip())
    if found is None:
        many = text.count(":") > 1 and "[" not in text
        why = "an IPv6 address must be in brackets" if many else "it is not of the form HOST:PORT"
        raise errors.bad_address(text, why)
    host = found["six"] or found["host"] or DEFAULT_HOST
    if found["six"] is not None:
        try:
            ipaddress.IPv6Address(found["six"].partition("%")[0])
        except ValueError:
            raise errors.bad_address(text, "the part in brackets is not an IPv6 address") from None
    digits = found["port"]
    if digits == "":
        raise errors.bad_address(text, "the port is missing after the colon")
    if digits is not None and (len(digits) > 5 or int(digits) > _HIGHEST_PORT):
        raise errors.bad_address(text, f"the largest port is {_HIGHEST_PORT}")
    return Address(host, port if digits is None else int(digits))


def parse_addresses(
    text: str | None, parties: int, listening: int | None = None
) -> tuple[Address, ...]:
    """Return where the first `listening` of so many parties listen, as a user writes it.

    By default, these are all but the last.

    One address is that of party 0, and each further party listens at the next port. Otherwise there
    is an address for each of them, in order, separated by commas.
    """
    listening = parties - 1 if listening is None else listening
    if text is not None and "," in text:
        given = text.split(",")
        if len(given) != listening:
            why = f"it names {len(given)} places, and {listening} of {parties} parties listen"
            raise errors.bad_address(text, why)
        return tuple(parse_address(one, DEFAULT_PORT + n) for n, one in enumerate(given))
    first = parse_address(text)
    if not first.port:
        return (first,) * listening
    if first.port + listening - 1 > _HIGHEST_PORT:
        raise errors.bad_address(str(text), f"the port of the last party is above {_HIGHEST_PORT}")
    return tuple(Address(first.host, first.port + number) for number in range(listening))


def require_private(address: Address, *, insecure: bool) -> str | None:
    """Reject plain TCP off this machine unless `insecure`; return the warning to print, if any."""
    if address.keys is not None or address.is_loopback:
        return None
    if not insecure:
        raise errors.not_on_loopback(str(address))
    return (
        f"the connection to {address} is neither encrypted nor authenticated: whoever can access "
        "this network can read it, change it, or pose as the other party"
    )
