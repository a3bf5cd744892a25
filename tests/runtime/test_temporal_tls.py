"""The connection to a Temporal that is encrypted and asks who calls: a real server behind a proxy that ends TLS."""

import asyncio
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID

from runtime.settings import Settings
from runtime.temporal import connect

#: In the certificate; the address is another one.
SERVER_NAME = "temporal.internal"


@dataclass(frozen=True)
class Issued:
    """A certificate with its key."""

    certificate: x509.Certificate
    key: ec.EllipticCurvePrivateKey

    def write(self, folder: Path, name: str) -> tuple[Path, Path]:
        """As PEM files: the certificate, and the key."""
        certificate, key = folder / f"{name}.pem", folder / f"{name}.key"
        certificate.write_bytes(self.certificate.public_bytes(Encoding.PEM))
        key.write_bytes(self.key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
        return certificate, key


def issue(name: str, by: Issued | None = None) -> Issued:
    """A certificate of this name, signed by an authority; without one it is an authority itself."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    now = datetime.now(UTC)
    builder = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(by.certificate.subject if by else subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.BasicConstraints(ca=by is None, path_length=None), critical=True)
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(name)]), critical=False)
    )
    return Issued(builder.sign(by.key if by else key, hashes.SHA256()), key)


@asynccontextmanager
async def encrypted(address: str, context: ssl.SSLContext) -> AsyncIterator[str]:
    """A server that ends TLS and passes everything on to the address; its own address."""
    host, port = address.rsplit(":", 1)
    tasks: set[asyncio.Task[None]] = set()

    async def copy(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while data := await reader.read(65536):
                writer.write(data)
                await writer.drain()
        except OSError:
            pass
        finally:
            writer.close()

    async def pass_on(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        tasks.add(asyncio.current_task())  # type: ignore[arg-type]
        inner_reader, inner_writer = await asyncio.open_connection(host, int(port))
        await asyncio.gather(copy(reader, inner_writer), copy(inner_reader, writer))

    server = await asyncio.start_server(pass_on, "127.0.0.1", 0, ssl=context)
    try:
        yield f"127.0.0.1:{server.sockets[0].getsockname()[1]}"
    finally:
        server.close()
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


@dataclass(frozen=True)
class Site:
    """An encrypted Temporal, and the files that open it."""

    address: str
    ca: Path
    cert: Path
    key: Path
    other_client: tuple[Path, Path]


@pytest.fixture
async def site(temporal_server: str, tmp_path: Path) -> AsyncIterator[Site]:
    """It accepts clients with a certificate of its authority only."""
    authority, other = issue("authority"), issue("other authority")
    ca, _ = authority.write(tmp_path, "authority")
    client = issue("client", authority).write(tmp_path, "client")
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH, cafile=ca)
    context.load_cert_chain(*issue(SERVER_NAME, authority).write(tmp_path, "server"))
    context.verify_mode = ssl.CERT_REQUIRED
    context.set_alpn_protocols(["h2"])
    async with encrypted(temporal_server, context) as address:
        yield Site(address, ca, *client, issue("client", other).write(tmp_path, "other_client"))


def settings_of(site: Site, **changes: object) -> Settings:
    given: dict[str, object] = {
        "temporal_address": site.address,
        "temporal_tls": True,
        "temporal_tls_ca_file": site.ca,
        "temporal_tls_server_name": SERVER_NAME,
        "temporal_tls_cert_file": site.cert,
        "temporal_tls_key_file": site.key,
    }
    return Settings.model_validate({"environment": "test", **given, **changes})


async def test_connect_speaks_tls_and_shows_its_certificate(site: Site) -> None:
    client = await connect(settings_of(site, temporal_api_key="an-api-key"))
    assert (await client.count_workflows()).count >= 0
    assert client.service_client.config.api_key == "an-api-key"


@pytest.mark.parametrize(
    "wrong",
    ["plain", "no certificate", "a certificate of another authority", "another name", "an unknown authority"],
)
async def test_connect_is_refused_by_who_cannot_be_trusted(site: Site, wrong: str) -> None:
    changes: dict[str, object] = {
        "plain": {name: value for name, value in Settings(environment="test") if name.startswith("temporal_tls")},
        "no certificate": {"temporal_tls_cert_file": None, "temporal_tls_key_file": None},
        "a certificate of another authority": dict(
            zip(("temporal_tls_cert_file", "temporal_tls_key_file"), site.other_client, strict=True)
        ),
        "another name": {"temporal_tls_server_name": "somebody.else"},
        "an unknown authority": {"temporal_tls_ca_file": None},
    }[wrong]
    with pytest.raises(RuntimeError):
        await connect(settings_of(site, **changes))


async def test_connect_without_the_file_says_which(site: Site, tmp_path: Path) -> None:
    with pytest.raises(OSError, match=r"missing\.pem"):
        await connect(settings_of(site, temporal_tls_ca_file=tmp_path / "missing.pem"))
