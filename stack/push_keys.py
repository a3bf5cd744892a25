"""A key for web push: VAPID (RFC 8292), an ECDSA key on the curve P-256."""

import base64

from cryptography.hazmat.primitives.asymmetric import ec


def new_settings(subject: str) -> str:
    """The settings of a new key, one a line, as a file of the environment has them. ``subject``: how a push service
    reaches the operators; empty for the support address."""
    secret = ec.generate_private_key(ec.SECP256R1()).private_numbers().private_value.to_bytes(32, "big")
    key = base64.urlsafe_b64encode(secret).decode().rstrip("=")
    lines = [f"OMOTENASHI_VAPID_PRIVATE_KEY={key}"]
    if subject:
        lines.append(f"OMOTENASHI_VAPID_SUBJECT={subject}")
    return "\n".join(lines)
