"""The two signatures that webhooks carry."""

import base64
import hashlib
import hmac
import os
from collections.abc import Mapping
from pathlib import Path

from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

PRIVATE_KEY_FILE = "sendgrid_private_key.pem"
PUBLIC_KEY_FILE = "sendgrid_public_key.txt"


def stripe_signature(secret: str, timestamp: int, body: str) -> str:
    """``Stripe-Signature``: HMAC-SHA256 over ``timestamp.body`` (docs.stripe.com/webhooks, "Verify signatures")."""
    digest = hmac.new(secret.encode(), f"{timestamp}.{body}".encode(), hashlib.sha256).hexdigest()
    return f"t={timestamp},v1={digest}"


def twilio_signature(token: str, url: str, form: Mapping[str, str]) -> str:
    """``X-Twilio-Signature``: HMAC-SHA1 over the URL and the sorted form (Twilio, "Validating requests")."""
    signed = url + "".join(f"{name}{form[name]}" for name in sorted(form))
    return base64.b64encode(hmac.new(token.encode(), signed.encode(), hashlib.sha1).digest()).decode()


class SendGridKey:
    """An ECDSA key pair on P-256 that stays the same for one state folder."""

    def __init__(self, private: ec.EllipticCurvePrivateKey) -> None:
        self._private = private

    @classmethod
    def of(cls, folder: Path) -> "SendGridKey":
        """Read the pair from ``folder`` or make it there; the public key is written beside it, for the settings."""
        path = folder / PRIVATE_KEY_FILE
        if path.exists():
            loaded = serialization.load_pem_private_key(path.read_bytes(), password=None)
            if not isinstance(loaded, ec.EllipticCurvePrivateKey):
                raise ValueError(f"{path} holds no ECDSA key")
            key = cls(loaded)
        else:
            key = cls(ec.generate_private_key(ec.SECP256R1()))
            encoded = key._private.private_bytes(
                serialization.Encoding.PEM,
                serialization.PrivateFormat.PKCS8,
                serialization.NoEncryption(),
            )
            # Renamed when complete: a start that is killed here must not leave half a key.
            partial = path.with_suffix(".part")
            partial.touch(mode=0o600)
            partial.write_bytes(encoded)
            os.replace(partial, path)
        (folder / PUBLIC_KEY_FILE).write_text(key.public + "\n")
        return key

    @property
    def public(self) -> str:
        """Base64 of the DER form, as SendGrid's settings page shows it."""
        encoded = self._private.public_key().public_bytes(
            serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo
        )
        return base64.b64encode(encoded).decode()

    def sign(self, timestamp: str, body: str) -> str:
        """Base64 of the signature over ``timestamp`` and ``body`` (SendGrid, "Event Webhook Security Features")."""
        return base64.b64encode(self._private.sign((timestamp + body).encode(), ec.ECDSA(hashes.SHA256()))).decode()
