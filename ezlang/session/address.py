"""Where party 0 listens and party 1 dials, or a dealer listens and both dial: HOST:PORT."""

from __future__ import annotations

import ipaddress
import re
import socket
from dataclasses import dataclass
from typing import Final

from . import errors

DEFAULT_HOST: Final = "127.0.0.1"
DEFAULT_PORT: Final = 7800
DEALER_PORT: Final = 7801
_HIGHEST_PORT: Final = 65535
_FORM: Final = re.compile(r"(?:\[(?P<six>[^\[\]]*)\]|(?P<host>[^:\[\]]*))(?::(?P<port>[0-9]*))?")


@dataclass(frozen=True, slots=True)
class Address:
    """A host's name or number, and a TCP port; port 0 lets the system choose one to listen at."""

    host: str = DEFAULT_HOST
    port: int = DEFAULT_PORT

    def __str__(self) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{host}:{self.port}"

    def resolve(self) -> list[tuple[int, tuple[str | int, ...]]]:
        """Return the socket families and addresses that the host's name stands for.

        Raises EzError where it stands for none.
        """
        try:
            found = socket.getaddrinfo(self.host, self.port, type=socket.SOCK_STREAM)
        except (OSError, UnicodeError) as error:
            reason = getattr(error, "strerror", None) or "it is no name of a host"
            raise errors.bad_address(str(self), f"the host is not known ({reason})") from None
        return [(int(family), (*address,)) for family, _, _, _, address in found if address]

    @property
    def is_loopback(self) -> bool:
        """Whether all that the host's name stands for is on this machine."""
        return all(_is_loopback(str(address[0])) for _, address in self.resolve())


def _is_loopback(number: str) -> bool:
    try:
        address = ipaddress.ip_address(number.partition("%")[0])
    except ValueError:
        return False
    mapped = getattr(address, "ipv4_mapped", None)
    return bool((mapped or address).is_loopback)


def parse_address(text: str | None, port: int = DEFAULT_PORT) -> Address:
    """Return the address that a user writes: HOST:PORT, HOST, :PORT, [IPV6]:PORT, or nothing.

    `port` is the one that is meant if none is given.
    """
    if text is None:
        return Address(port=port)
    found = _FORM.fullmatch(text.strip())
    if found is None:
        many = text.count(":") > 1 and "[" not in text
        why = "an IPv6 address stands in brackets" if many else "it is not of the form HOST:PORT"
        raise errors.bad_address(text, why)
    host = found["six"] or found["host"] or DEFAULT_HOST
    if found["six"] is not None:
        try:
            ipaddress.IPv6Address(found["six"].partition("%")[0])
        except ValueError:
            raise errors.bad_address(text, "what is in brackets is no IPv6 address") from None
    digits = found["port"]
    if digits == "":
        raise errors.bad_address(text, "the port is missing after the colon")
    if digits is not None and (len(digits) > 5 or int(digits) > _HIGHEST_PORT):
        raise errors.bad_address(text, f"ports go up to {_HIGHEST_PORT}")
    return Address(host, port if digits is None else int(digits))


def require_private(address: Address, *, insecure: bool) -> str | None:
    """Refuse an address off this machine unless `insecure`; return the warning to say, if any."""
    if address.is_loopback:
        return None
    if not insecure:
        raise errors.not_on_loopback(str(address))
    return (
        f"the connection to {address} is neither encrypted nor authenticated: whoever can reach "
        "this network can read it, change it, or pose as the other party"
    )
