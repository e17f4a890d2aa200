"""Who a side is: a private key, a certificate that it signs itself, and a card for the others.

A side is known by its public key. The certificate only carries it, since TLS wants one: it is
trusted by nobody but those who have pinned its key, and no authority signs it.

Keys are ECDSA over P-256, which every implementation of TLS 1.3 must support (RFC 8446, section
9.1). Ed25519 need not be supported, and isn't where OpenSSL runs in its FIPS mode.

A *card* is a small file in TOML with a name, a certificate and, if others may dial the side, an
address. Nothing in it is secret. The *fingerprint* of a key is SHA-256 of its
SubjectPublicKeyInfo, which certificates of the same key share.
"""

from __future__ import annotations

import os
import re
import stat
import tomllib
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from ezlang.files import replace_file
from ezlang.records import dataclass

from . import errors
from .address import parse_address
from .framing import plain

if TYPE_CHECKING:
    from cryptography.x509 import Certificate

DAYS: Final = 730
"""How long a certificate is valid. `ezlang party init NAME --renew` makes a new one of the key."""

LONGEST_CARD: Final = 1 << 14
_NAME: Final = re.compile(r"[A-Za-z][A-Za-z0-9_-]{0,39}")
_OTHERS: Final = stat.S_IRWXG | stat.S_IRWXO


@dataclass(frozen=True, slots=True, kw_only=True)
class Card:
    """What a side tells others of itself. `certificate` is DER; `address`: where it listens."""

    name: str
    certificate: bytes
    address: str | None = None

    @property
    def fingerprint(self) -> str:
        """The fingerprint of the key, 64 hexadecimal digits."""
        return fingerprint(self.certificate)

    def text(self) -> str:
        """Return the card as the content of a file."""
        return (
            "# A card of ezlang. Send it to the other side, who gives it to `ezlang party add`.\n"
            "# Nothing in it is secret. Read the fingerprint to one another on the phone.\n"
            f'name = "{self.name}"\n{self.fields()}'
        )

    def fields(self) -> str:
        """Return what a card and the table of a party have in common, as lines of TOML."""
        address = "" if self.address is None else f'address = "{self.address}"\n'
        return (
            f'{address}fingerprint = "{readable(self.fingerprint)}"\n'
            f'certificate = """\n{_pem(self.certificate)}"""\n'
        )


def check_name(name: str) -> str:
    """Return a name of a side. Raises EzError unless it can be part of a file's name."""
    if _NAME.fullmatch(name) is None:
        raise errors.bad_card(
            f"`{plain(name)}` is no name of a party",
            "take up to 40 letters, digits, `_` and `-`, and begin with a letter",
        )
    return name


def read_card(path: Path) -> Card:
    """Return the card in a file. Raises EzError if there is none."""
    try:
        with path.open("rb") as file:
            content = file.read(LONGEST_CARD + 1)
    except OSError as error:
        raise errors.bad_card(f"{path} cannot be read: {error.strerror}") from None
    try:
        if len(content) > LONGEST_CARD:
            raise ValueError("it is too long")
        said = tomllib.loads(content.decode())
    except (ValueError, RecursionError):
        raise errors.bad_card(f"{path} is not a card of ezlang") from None
    if said.keys() - {"name", "address", "fingerprint", "certificate"}:
        raise errors.bad_card(f"{path} is not a card of ezlang: it has other fields")
    return card_of(said.get("name"), said, str(path))


def card_of(name: object, said: dict[str, Any], where: str) -> Card:
    """Return the card with the fields of a TOML table. Raises EzError if they aren't a card's."""
    address, text = said.get("address"), said.get("certificate")
    if not isinstance(name, str) or not isinstance(text, str):
        raise errors.bad_card(f"{where} has no name and certificate of a party")
    check_name(name)
    certificate = _certificate_in(text, where)
    if said.get("fingerprint") != readable(fingerprint(certificate)):
        raise errors.bad_card(f"The fingerprint in {where} is not that of the key of {name}")
    if address is not None:
        if not isinstance(address, str):
            raise errors.bad_card(f"The address in {where} is not a text")
        address = str(parse_address(address))
    return Card(name=name, certificate=certificate, address=address)


def fingerprint(certificate: bytes) -> str:
    """Return SHA-256 of the SubjectPublicKeyInfo of a certificate in DER, in hexadecimal digits."""
    from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

    key = _parsed(certificate).public_key()
    return sha256(key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)).hexdigest()


def readable(digits: str) -> str:
    """Return a fingerprint in groups of four digits, for reading it out."""
    return " ".join(digits[at : at + 4] for at in range(0, len(digits), 4))


def expiry(certificate: bytes) -> datetime:
    """Return until when a certificate is valid."""
    return _parsed(certificate).not_valid_after_utc


def create_key(path: Path, name: str, *, days: int = DAYS) -> bytes:
    """Write a new private key with its certificate to a file; return the certificate.

    Only the user may read the file. Raises EzError if there is one already.
    """
    from cryptography.hazmat.primitives.asymmetric import ec

    if path.exists():
        raise errors.no_key(
            f"{path} is there already, and is not overwritten",
            f"`ezlang party init {name} --renew` makes a new certificate of the same key; for a "
            "new key, move the file away first, and send the new card to all others",
        )
    return _write_key(path, name, ec.generate_private_key(ec.SECP256R1()), days, new=True)


def renew_certificate(path: Path, name: str, *, days: int = DAYS) -> bytes:
    """Replace the certificate in a key's file by a new one of the same key; return it."""
    from cryptography.hazmat.primitives.serialization import load_pem_private_key

    check_key_file(path)
    try:
        key = load_pem_private_key(path.read_bytes(), None)
    except (OSError, ValueError, TypeError):
        raise errors.no_key(f"{path} holds no private key of ezlang") from None
    return _write_key(path, name, key, days, new=False)


def signed(path: Path, content: bytes) -> tuple[str, str]:
    """Return the signature of content by the key in a file, in hexadecimal, and the certificate.

    It is ECDSA over P-256 with SHA-256 [FIPS 186-5]; the certificate is PEM. Raises EzError if the
    key can't be used.
    """
    from cryptography.hazmat.primitives.asymmetric import ec
    from cryptography.hazmat.primitives.hashes import SHA256
    from cryptography.hazmat.primitives.serialization import load_pem_private_key

    check_key_file(path)
    text = path.read_bytes()
    try:
        key = load_pem_private_key(text, None)
        certificate = text[text.index(b"-----BEGIN CERTIFICATE") :].decode()
    except (ValueError, TypeError):
        raise errors.no_key(f"{path} holds no private key of ezlang") from None
    if not isinstance(key, ec.EllipticCurvePrivateKey):
        raise errors.no_key(f"{path} holds no private key of ezlang")
    return key.sign(content, ec.ECDSA(SHA256())).hex(), certificate


def signer(certificate: str, content: bytes, signature: str) -> str | None:
    """Return the fingerprint of the key that signed content; None if the signature is wrong.

    Raises EzError if the text is no certificate of ezlang.
    """
    from cryptography.exceptions import InvalidSignature
    from cryptography.hazmat.primitives.asymmetric import ec
    from cryptography.hazmat.primitives.hashes import SHA256

    found = _certificate_in(certificate, "the record")
    key = _parsed(found).public_key()
    if not isinstance(key, ec.EllipticCurvePublicKey):
        return None
    try:
        key.verify(bytes.fromhex(signature), content, ec.ECDSA(SHA256()))
    except (InvalidSignature, ValueError):
        return None
    return fingerprint(found)


def is_private(path: Path) -> bool:
    """Return whether a file or folder is the user's, and nobody else may read or write it.

    Raises OSError if it isn't there.
    """
    found = path.stat()
    return os.name != "posix" or not (found.st_mode & _OTHERS or found.st_uid != os.geteuid())


def check_key_file(path: Path) -> None:
    """Raise EzError unless a key's file is there and nobody else may read or write it."""
    try:
        private = is_private(path)
    except OSError as error:
        raise errors.no_key(f"The key {path} cannot be read: {error.strerror}") from None
    if not private:
        raise errors.no_key(
            f"The key {path} may be read or changed by others",
            f"if nobody has read it, make it yours alone: chmod 600 {path}",
        )


def _write_key(path: Path, name: str, key: Any, days: int, *, new: bool) -> bytes:
    from cryptography.hazmat.primitives.serialization import (
        Encoding,
        NoEncryption,
        PrivateFormat,
    )

    made = _certificate_of(name, key, days)
    content = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    certificate = made.public_bytes(Encoding.DER)
    try:
        write_secret(path, content + _pem(certificate).encode(), new=new)
    except FileExistsError:
        raise errors.no_key(f"{path} is there already, and is not overwritten") from None
    except OSError as error:
        raise errors.no_key(f"The key {path} cannot be written: {error.strerror}") from None
    return certificate


def write_secret(path: Path, content: bytes, *, new: bool) -> None:
    """Write a file that only the user may read, at once or not at all; `new`: replace none."""
    if not new:
        replace_file(path, content, durable=True)
        return
    hidden = path.with_name(f".new-{path.name}-{os.urandom(8).hex()}")
    try:
        replace_file(hidden, content, durable=True)
        os.link(hidden, path)  # unlike a renaming, it fails if the name is taken
    finally:
        hidden.unlink(missing_ok=True)


def _certificate_of(name: str, key: Any, days: int) -> Certificate:
    """Return a new certificate that a key signs for itself."""
    from cryptography import x509
    from cryptography.hazmat.primitives.hashes import SHA256

    subject = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, name)])
    now = datetime.now(UTC)
    usage = dict.fromkeys(_USAGES, False) | {"digital_signature": True}
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))  # the other side's clock may be slow
        .not_valid_after(now + timedelta(days=days))
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(x509.KeyUsage(**usage), critical=True)
        .sign(key, SHA256())
    )


_USAGES: Final = (
    "digital_signature",
    "content_commitment",
    "key_encipherment",
    "data_encipherment",
    "key_agreement",
    "key_cert_sign",
    "crl_sign",
    "encipher_only",
    "decipher_only",
)


def _certificate_in(text: str, where: str) -> bytes:
    """Return the certificate in a PEM text, as DER; its key must be one that ezlang makes."""
    from cryptography import x509
    from cryptography.exceptions import UnsupportedAlgorithm
    from cryptography.hazmat.primitives.asymmetric import ec
    from cryptography.hazmat.primitives.serialization import Encoding

    try:
        found = x509.load_pem_x509_certificate(text.encode())
        key = found.public_key()
    except (ValueError, TypeError, UnsupportedAlgorithm) as error:
        raise errors.bad_card(f"The certificate in {where} is damaged") from error
    if not isinstance(key, ec.EllipticCurvePublicKey) or key.curve.name != "secp256r1":
        raise errors.bad_card(f"The key in {where} is not of the kind that ezlang uses, P-256")
    return found.public_bytes(Encoding.DER)


def _parsed(certificate: bytes) -> Certificate:
    from cryptography import x509

    return x509.load_der_x509_certificate(certificate)


def _pem(certificate: bytes) -> str:
    from ssl import DER_cert_to_PEM_cert

    return DER_cert_to_PEM_cert(certificate)
