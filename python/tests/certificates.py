"""A private authority, as `sessnode tls make` makes one, for a listener on loopback."""

from __future__ import annotations

import datetime
import ipaddress
import ssl
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID


class Authority:
    """:ivar ca: the file to trust. :ivar server: TLS settings of a listener at 127.0.0.1 and ::1."""

    def __init__(self, folder: Path) -> None:
        root, key = ec.generate_private_key(ec.SECP256R1()), ec.generate_private_key(ec.SECP256R1())
        issuer = _name("test authority")
        ca = _draft(issuer, issuer, root).add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        ca = ca.add_extension(x509.SubjectKeyIdentifier.from_public_key(root.public_key()), critical=False)
        ca = ca.add_extension(_usage(signs=True), critical=True)
        names = [x509.IPAddress(ipaddress.ip_address(ip)) for ip in ("127.0.0.1", "::1")]
        leaf = _draft(_name("node"), issuer, key).add_extension(x509.SubjectAlternativeName(names), critical=False)
        leaf = leaf.add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(root.public_key()), critical=False)
        self.ca, chain = folder / "ca.pem", folder / "node.pem"
        self.ca.write_bytes(ca.sign(root, hashes.SHA256()).public_bytes(serialization.Encoding.PEM))
        plain = (serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
        chain.write_bytes(leaf.sign(root, hashes.SHA256()).public_bytes(serialization.Encoding.PEM) + key.private_bytes(*plain))
        self.server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self.server.load_cert_chain(chain)


def _name(text: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, text)])


def _draft(subject: x509.Name, issuer: x509.Name, key: ec.EllipticCurvePrivateKey) -> x509.CertificateBuilder:
    now = datetime.datetime.now(datetime.timezone.utc)
    day = datetime.timedelta(days=1)
    builder = x509.CertificateBuilder().subject_name(subject).issuer_name(issuer).public_key(key.public_key())
    return builder.serial_number(x509.random_serial_number()).not_valid_before(now - day).not_valid_after(now + day)


def _usage(signs: bool) -> x509.KeyUsage:
    return x509.KeyUsage(False, False, False, False, False, signs, signs, False, False)
