"""The key with which a person signs photos: made on this computer at its first use, and named after nobody.

The file holds a certificate and the key, for its owner only (mode 0600). The certificate carries a random name, a
random number, and the same dates as every other one of its kind, so it tells nothing of the person, the computer or the
day. But it is the same in all photos that it signs: who sees two of them knows that one person signed both.

Source of the certificate's form: C2PA 2.1, section 14.5 (certificate profile).
"""

import os
import secrets
import stat
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, EllipticCurvePrivateKey, generate_private_key
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from demur.agent.errors import PhotoKeyError
from demur.synced_folder import sync_folder

MAX_KEY_FILE_BYTES: Final = 64 * 1024
_FOLDER_MODE: Final = 0o700
_FILE_MODE: Final = 0o600
_OTHERS: Final = stat.S_IRWXG | stat.S_IRWXO
_NAME_BYTES: Final = 8
_WHOSE: Final = "A pseudonym, signed by itself"
_FROM = datetime(2020, 1, 1, tzinfo=UTC)
_UNTIL = datetime(9999, 12, 31, 23, 59, 59, tzinfo=UTC)
"""What stands for "no end" (RFC 5280, section 4.1.2.5)."""


@dataclass(frozen=True)
class PhotoKey:
    """A key and its certificate, as PEM (ES256).

    Attributes:
        certificate_pem: may be shown to everybody; stands in each photo that is signed.
        private_pem: who has it can sign under the same pseudonym.
        is_new: whether it was made just now.
    """

    certificate_pem: bytes
    private_pem: bytes = field(repr=False)
    is_new: bool = False

    @property
    def certificate(self) -> bytes:
        """The certificate as it stands in what was signed (DER)."""
        return x509.load_pem_x509_certificate(self.certificate_pem).public_bytes(Encoding.DER)


def open_photo_key(path: Path) -> PhotoKey:
    """Return the key of a file, which is made with a new one if it is not there.

    Safe to run twice at once: all take the key of who was first.

    Raises:
        PhotoKeyError: others can read the file, it holds something else, or the disk refused.
    """
    try:
        is_new = not path.exists() and _create(path)
        return _load(path, is_new=is_new)
    except OSError as error:
        reason = (error.strerror or "unknown reason").lower()
        raise PhotoKeyError(
            f"the key for signing photos cannot be read or made: {reason}", hint="choose another file with --key"
        ) from error


def _create(path: Path) -> bool:
    """Put a new key in its place, unless another was put there meanwhile; tell whether it is ours."""
    path.parent.mkdir(mode=_FOLDER_MODE, parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.name}.{os.getpid()}")
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, _FILE_MODE)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(_new_pem())
            file.flush()
            os.fsync(file.fileno())
        path.hardlink_to(temporary)
        sync_folder(path.parent)
    except FileExistsError:
        return False
    finally:
        temporary.unlink(missing_ok=True)
    return True


def _load(path: Path, *, is_new: bool) -> PhotoKey:
    with path.open("rb") as file:
        mode = os.fstat(file.fileno()).st_mode
        if not stat.S_ISREG(mode) or mode & _OTHERS:
            raise PhotoKeyError(
                "the key for signing photos can be read by others", hint="move it away: a new one is made then"
            )
        raw = file.read(MAX_KEY_FILE_BYTES)
    try:
        certificate = x509.load_pem_x509_certificate(raw)
        private = load_pem_private_key(raw, password=None)
    except (ValueError, TypeError) as error:
        raise _not_a_key() from error
    if not isinstance(private, EllipticCurvePrivateKey) or private.public_key() != certificate.public_key():
        raise _not_a_key()
    return PhotoKey(certificate.public_bytes(Encoding.PEM), _private_pem(private), is_new)


def _new_pem() -> bytes:
    private = generate_private_key(SECP256R1())
    name = x509.Name(
        [
            x509.NameAttribute(NameOID.COMMON_NAME, secrets.token_hex(_NAME_BYTES)),
            x509.NameAttribute(NameOID.ORGANIZATION_NAME, _WHOSE),
        ]
    )
    public = private.public_key()
    number = x509.SubjectKeyIdentifier.from_public_key(public)
    only_signs = x509.KeyUsage(
        digital_signature=True,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=False,
        crl_sign=False,
        encipher_only=False,
        decipher_only=False,
    )
    certificate = (
        x509.CertificateBuilder(name, name, public, x509.random_serial_number(), _FROM, _UNTIL)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(only_signs, critical=True)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.EMAIL_PROTECTION]), critical=False)
        .add_extension(number, critical=False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_subject_key_identifier(number), critical=False)
        .sign(private, hashes.SHA256())
    )
    return certificate.public_bytes(Encoding.PEM) + _private_pem(private)


def _private_pem(private: EllipticCurvePrivateKey) -> bytes:
    return private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())


def _not_a_key() -> PhotoKeyError:
    return PhotoKeyError(
        "the file of the key for signing photos holds something else", hint="choose another with --key"
    )
