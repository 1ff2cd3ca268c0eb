"""Certificates for trying TLS without a public one: a private CA, and a certificate of it for this machine's names.

The CA's key is thrown away when it has signed: nobody can sign with what clients were told to trust.
"""

from __future__ import annotations

import socket
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from reportdata.errors import BadFile
from reportdata.files import write

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePrivateKey
    from cryptography.x509 import Certificate, GeneralName

LIFETIME = timedelta(days=825)
"""The longest that Apple's systems accept from a private CA."""
RENEWED = timedelta(days=30)
"""How long before its end a certificate is made anew."""
_ALWAYS = ("localhost", "127.0.0.1", "::1", "api.dingtalk.com")


class Certificates(NamedTuple):
    """The files of a folder: what clients trust, and what the server shows."""

    ca: Path
    certificate: Path
    key: Path

    @classmethod
    def of(cls, folder: Path) -> Certificates:
        """The files of that folder, whether they are there or not."""
        return cls(folder / "ca.pem", folder / "server.pem", folder / "server.key")


class Validity(NamedTuple):
    """What a certificate is good for."""

    names: frozenset[str]
    """Names and addresses."""
    begins: datetime
    ends: datetime


def names_of_this_machine() -> tuple[str, ...]:
    """What clients may call it, and the name that DingTalk's SDKs call when nothing else is set."""
    own = socket.gethostname()
    return tuple(dict.fromkeys((*_ALWAYS, own, socket.getfqdn(own))))


def development_certificates(folder: Path, names: Sequence[str], now: float) -> Certificates:
    """The certificates in ``folder`` for all of the names, made where they are missing or nearly at their end.

    :raises BadFile: when they cannot be written.
    """
    files = Certificates.of(folder)
    moment = datetime.fromtimestamp(now, UTC)
    if not _still_good(files, names, moment):
        try:
            _make(files, names, moment)
        except OSError as error:
            raise BadFile(str(folder), f"certificates cannot be written: {error.strerror or error}") from error
    return files


def validity(certificate: Path) -> Validity:
    """What the first certificate in a PEM file is good for.

    :raises BadFile: when there is none.
    """
    from cryptography import x509

    try:
        found = x509.load_pem_x509_certificate(certificate.read_bytes())
        extension = found.extensions.get_extension_for_class(x509.SubjectAlternativeName)
    except OSError as error:
        raise BadFile(str(certificate), error.strerror or "cannot be read") from error
    except x509.ExtensionNotFound:
        names: frozenset[str] = frozenset()
    except ValueError as error:
        raise BadFile(str(certificate), "it is no certificate in PEM") from error
    else:
        names = frozenset(str(name.value) for name in extension.value)
    return Validity(names, found.not_valid_before_utc, found.not_valid_after_utc)


def _still_good(files: Certificates, names: Sequence[str], now: datetime) -> bool:
    if not all(path.exists() for path in files):
        return False
    try:
        found = validity(files.certificate)
    except BadFile:
        return False
    return found.names >= set(names) and found.begins <= now < found.ends - RENEWED


def _make(files: Certificates, names: Sequence[str], now: datetime) -> None:
    from cryptography.hazmat.primitives.asymmetric import ec
    from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

    ca_key, key = (ec.generate_private_key(ec.SECP256R1()) for _ in range(2))
    ca = _signed("reportdata private CA", ca_key, ca_key, now)
    certificate = _signed(names[0], key, ca_key, now, issuer=ca, names=names)
    files.key.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    write(files.key, key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    write(files.certificate, certificate.public_bytes(Encoding.PEM))
    write(files.ca, ca.public_bytes(Encoding.PEM))
    files.ca.chmod(0o644)  # it is copied to all who call


def _signed(
    name: str,
    key: EllipticCurvePrivateKey,
    signer: EllipticCurvePrivateKey,
    now: datetime,
    *,
    issuer: Certificate | None = None,
    names: Sequence[str] = (),
) -> Certificate:
    """A certificate; without an issuer it is a CA's own."""
    from cryptography import x509
    from cryptography.hazmat.primitives.hashes import SHA256
    from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

    is_ca = issuer is None
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    usage = dict.fromkeys(
        (
            "content_commitment",
            "key_encipherment",
            "data_encipherment",
            "key_agreement",
            "encipher_only",
            "decipher_only",
        ),
        False,
    )
    builder = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer.subject if issuer else subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(hours=1))  # clients' clocks differ
        .not_valid_after(now + LIFETIME)
        .add_extension(x509.BasicConstraints(ca=is_ca, path_length=0 if is_ca else None), critical=True)
        .add_extension(
            x509.KeyUsage(digital_signature=not is_ca, key_cert_sign=is_ca, crl_sign=is_ca, **usage), critical=True
        )
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(signer.public_key()), critical=False)
    )
    if names:
        builder = builder.add_extension(
            x509.SubjectAlternativeName([_general(name) for name in names]), critical=False
        ).add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
    return builder.sign(signer, SHA256())


def _general(name: str) -> GeneralName:
    from cryptography.x509 import DNSName, IPAddress

    try:
        return IPAddress(ip_address(name))
    except ValueError:
        return DNSName(name)
