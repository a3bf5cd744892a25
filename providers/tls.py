"""Verification of servers' certificates, for every client of this process."""

import functools
import ssl

import httpx


@functools.cache
def tls_context() -> ssl.SSLContext:
    """The one TLS context of this process: reading the certificate authorities takes 25 ms, and the context is safe
    to share between clients."""
    return httpx.create_ssl_context()
