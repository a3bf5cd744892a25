"""Secrets between the parts of the object storage, so that their ports refuse everybody else.

Its S3 gateway asks for a key. Behind it, without these, the filer reads and deletes every file and the master drops a
whole bucket (``/col/delete``) for anybody who reaches their ports. SeaweedFS takes a signing key for HTTP and mutual
TLS for gRPC, both from the environment (``weed scaffold -config=security``).
"""

import secrets
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

_PARTS = ("MASTER", "VOLUME", "FILER", "S3", "ADMIN", "CLIENT", "WORKER")
_SIGNING_KEYS = ("SIGNING", "SIGNING_READ", "FILER_SIGNING", "FILER_SIGNING_READ")
_VALID_FOR = timedelta(days=3650)


def storage_secrets(folder: Path) -> dict[str, str]:
    """Variables for one start of the server, new ones every time; the certificate and its key are files in
    ``folder``, readable by their owner alone."""
    certificate, key = folder / "parts.crt", folder / "parts.key"
    _write_certificate(certificate, key)
    files = {f"WEED_GRPC_{part}_CERT": str(certificate) for part in _PARTS}
    files |= {f"WEED_GRPC_{part}_KEY": str(key) for part in _PARTS}
    signing = {f"WEED_JWT_{name}_KEY": secrets.token_hex(32) for name in _SIGNING_KEYS}
    return {"WEED_GRPC_CA": str(certificate), **files, **signing}


def _write_certificate(certificate: Path, key: Path) -> None:
    """One certificate that every part presents and trusts."""
    private = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "omotenashi storage")])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(private.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + _VALID_FOR)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(private, hashes.SHA256())
    )
    _write_private(certificate, made.public_bytes(serialization.Encoding.PEM))
    _write_private(
        key,
        private.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        ),
    )


def _write_private(path: Path, content: bytes) -> None:
    path.touch(mode=0o600)
    path.write_bytes(content)
