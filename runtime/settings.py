"""All settings of all processes: read once in ``main`` from the environment, then passed down.

Names in the environment are upper case with the prefix ``OMOTENASHI_``, for example ``OMOTENASHI_DATABASE_URL``.
"""

import ipaddress
import json
import re
from datetime import timedelta
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Self
from urllib.parse import urlsplit

from pydantic import BeforeValidator, Field, SecretStr, field_validator, model_validator
from pydantic_settings import NoDecode, SettingsConfigDict

from domain.platform.rate_limits import RateLimit
from runtime.channel_settings import ChannelSettings
from runtime.roles import ProcessRole, needs

#: Signs on development machines; production refuses to start with it.
DEVELOPMENT_KEY = "development-only-key-do-not-use-in-production"

#: The secret key of PAY.JP's sandbox; in production it means that PAY.JP is not used.
PAYJP_SANDBOX_KEY = "sk_test_payjp_sandbox_0123456789abcdef0123"


#: Of a token that a person chooses for another program.
SHORTEST_TOKEN = 16

#: An origin as browsers send it (RFC 6454): no wildcard, no ``null``, no path.
_ORIGIN = re.compile(r"https?://[a-z0-9.\-\[\]:]+")


def _is_weak(key: SecretStr) -> bool:
    return key.get_secret_value() == DEVELOPMENT_KEY or len(key.get_secret_value()) < 32


def _rate(value: object) -> object:
    return RateLimit.parse(value) if isinstance(value, str) else value


def _networks(value: object) -> object:
    if not isinstance(value, str):
        return value
    return () if value.strip().lower() == "none" else json.loads(value)


def _is_public(url: str) -> bool:
    """Whether links in messages may begin with this address: https, and not this machine."""
    parts = urlsplit(url)
    host = parts.hostname or ""
    if parts.scheme != "https" or host in {"", "localhost"} or host.endswith(".localhost"):
        return False
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return True
    return not (address.is_loopback or address.is_unspecified)


#: Written ``5/15m``: five requests in any fifteen minutes.
RateSetting = Annotated[RateLimit, NoDecode, BeforeValidator(_rate)]


class Environment(StrEnum):
    """Where this process runs."""

    DEVELOPMENT = "development"
    TEST = "test"
    PRODUCTION = "production"


class UnsafeSettings(Exception):
    """A production setting is missing or unsafe. The message names each of them."""


class EnvironmentUnknown(UnsafeSettings):
    """The environment is not set. With development's defaults, everybody could log in to a deployment."""

    def __init__(self) -> None:
        names = ", ".join(environment.value for environment in Environment)
        super().__init__(f"OMOTENASHI_ENVIRONMENT is missing: one of {names}")


class Settings(ChannelSettings):
    """Frozen; built by the entry points alone."""

    model_config = SettingsConfigDict(env_prefix="OMOTENASHI_", frozen=True, extra="ignore")

    #: Must be given; the default is never used.
    environment: Environment = Environment.PRODUCTION
    #: Which process this is: production demands what it needs (`runtime.roles`).
    role: ProcessRole = ProcessRole.ALL
    log_level: str = "INFO"
    log_json: bool = False
    build_id: str = "dev"
    #: Identifies one start of ``omotenashi up``; ``/health`` returns it, so that a stack recognizes its own API.
    run_id: str = ""

    # Postgres, asyncpg URLs. The application's role owns nothing; the owner's role is used by migrations only.
    database_url: SecretStr = SecretStr("postgresql+asyncpg://omotenashi_app@127.0.0.1:5432/omotenashi")
    database_owner_url: SecretStr = SecretStr("postgresql+asyncpg://omotenashi_owner@127.0.0.1:5432/omotenashi")
    database_pool_size: int = Field(default=10, ge=1)
    database_pool_overflow: int = Field(default=10, ge=0)
    #: How long a request waits for a connection of the pool before it is refused with 503.
    database_pool_timeout: timedelta = timedelta(seconds=10)
    database_statement_timeout: timedelta = timedelta(seconds=10)
    database_lock_timeout: timedelta = timedelta(seconds=5)

    redis_url: SecretStr = SecretStr("redis://127.0.0.1:6379/0")
    #: How long a request waits for Redis (connecting, and each answer) before it continues without it.
    redis_timeout: timedelta = timedelta(milliseconds=100)
    #: How long no request calls a Redis that did not answer.
    redis_pause: timedelta = timedelta(seconds=1)
    #: How often a listener checks its connection.
    redis_heartbeat: timedelta = timedelta(seconds=5)
    redis_pool_size: int = Field(default=32, ge=1)
    #: Whether public answers are cached in Redis for some minutes; if not, each comes from Postgres.
    cache_responses: bool = True

    temporal_address: str = "127.0.0.1:7233"
    temporal_namespace: str = "default"
    #: Whether the connection to Temporal is encrypted and the server's certificate checked.
    temporal_tls: bool = False
    #: The authorities that may sign the server's certificate, PEM. Unset: those of the system.
    temporal_tls_ca_file: Path | None = None
    #: The name in the server's certificate, where the address has another.
    temporal_tls_server_name: str = ""
    #: This client's own certificate and key, PEM, for a server that asks for one. Both or neither.
    temporal_tls_cert_file: Path | None = None
    temporal_tls_key_file: Path | None = None
    #: Sent with every call, as Temporal Cloud wants it. Needs TLS. Empty: none.
    temporal_api_key: SecretStr = SecretStr("")
    #: Where a worker or relay serves the metrics of Temporal's SDK, as 0.0.0.0:9464. Empty: nowhere.
    temporal_metrics_address: str = ""
    #: Whether Temporal gives each run to the workers of one version (``omotenashi versions``), and the name under which
    #: it knows the workers of this platform.
    temporal_versioning: bool = False
    temporal_deployment: str = "omotenashi"
    #: Where traces are sent, by OTLP over HTTP, as http://collector:4318/v1/traces. Empty: nowhere.
    traces_endpoint: str = ""
    #: The share of traces that is sent, decided where one begins.
    traces_share: float = Field(default=1.0, ge=0, le=1)
    #: How long the API waits for a workflow's answer before it answers 503.
    temporal_rpc_timeout: timedelta = timedelta(seconds=8)

    #: Encrypts what Temporal stores of runs (`runtime.payload_codec`).
    temporal_key: SecretStr = SecretStr(DEVELOPMENT_KEY)
    temporal_key_id: str = "t1"
    #: Several keys, made by ``omotenashi keys --payloads``; used instead of ``temporal_key`` and read again when it
    #: changes.
    temporal_keys_file: Path | None = None
    #: The origin of Temporal's web UI, from which operators may have payloads decrypted. Empty: from none.
    temporal_ui_origin: str = ""

    api_host: str = "127.0.0.1"
    api_port: int = Field(default=4000, ge=0, le=65535)
    public_url: str = "http://127.0.0.1:4000"
    cors_origins: tuple[str, ...] = ()
    max_body_bytes: int = Field(default=1_048_576, ge=1024)

    #: How long a body may take to arrive, from the start of its request.
    body_timeout: timedelta = timedelta(seconds=20)
    #: How long a request may take altogether before it is ended with 503.
    request_timeout: timedelta = timedelta(seconds=30)
    #: How long a connection that follows events lasts. Then the client connects again, with a token that is still good.
    events_connection: timedelta = timedelta(minutes=15)
    #: Networks of our own proxies, for example ``["10.0.0.0/8"]``: X-Forwarded-For is read from these only. ``none``:
    #: callers reach the API directly. Production demands one or the other: without its proxies' networks, all callers
    #: behind them share the limits of one address.
    trusted_proxies: Annotated[tuple[str, ...], NoDecode, BeforeValidator(_networks)] = ()
    #: Bearer token for /metrics. Empty (refused in production): only this machine and private networks may read it.
    metrics_token: SecretStr = SecretStr("")

    # How many requests one caller may send; each route declares its class.
    rate_limit_standard: RateSetting = RateLimit.parse("1000/1h")
    rate_limit_user: RateSetting = RateLimit.parse("1000/1h")
    rate_limit_auth: RateSetting = RateLimit.parse("5/15m")
    rate_limit_login: RateSetting = RateLimit.parse("100/15m")
    rate_limit_payment: RateSetting = RateLimit.parse("10/1m")
    rate_limit_strict: RateSetting = RateLimit.parse("100/15m")
    #: Tries to book at one business, by user, or by network where nobody is logged in.
    rate_limit_booking: RateSetting = RateLimit.parse("20/10m")
    #: Unpaid bookings that callers without a proven address may have open from one network at one business.
    unpaid_bookings_per_network: int = Field(default=5, ge=1)

    jwt_key: SecretStr = SecretStr(DEVELOPMENT_KEY)
    jwt_key_id: str = "k1"
    #: Several keys, made by ``omotenashi keys``; used instead of ``jwt_key`` and read again when it changes.
    jwt_keys_file: Path | None = None
    access_token_lifetime: timedelta = timedelta(minutes=15)
    #: Counted from the last refresh.
    refresh_token_lifetime: timedelta = timedelta(days=7)
    #: How long the owner of a login can object before an operator's reset of the second factor happens.
    two_factor_reset_delay: timedelta = Field(default=timedelta(hours=24), ge=timedelta(hours=1))
    #: Whether an admin's token has admin rights only with a second factor. Unset: in production only.
    admin_two_factor_required: bool | None = None

    stripe_api_key: SecretStr = SecretStr("sk_test_sandbox")
    #: Publishable key of the same account, for Stripe's own form in the browser.
    stripe_public_key: str = "pk_test_sandbox"
    stripe_base_url: str = "https://api.stripe.com"
    #: Where files are uploaded, such as the evidence of a dispute (docs.stripe.com/file-upload).
    stripe_files_base_url: str = "https://files.stripe.com"
    stripe_webhook_secret: SecretStr = SecretStr("whsec_sandbox")
    #: Also accepted while the secret is rotated: the one before. Empty: none.
    stripe_webhook_previous_secret: SecretStr = SecretStr("")
    #: Stripe allows webhooks this old; its SDK's default is 300 s.
    webhook_tolerance: timedelta = timedelta(minutes=5)

    #: PAY.JP, for businesses whose account is there. In production it is offered once its key is set.
    payjp_api_key: SecretStr = SecretStr(PAYJP_SANDBOX_KEY)
    #: For PAY.JP's own form in the browser, and in the links that start 3-D Secure with v1.
    payjp_public_key: str = "pk_test_payjp_sandbox"
    payjp_base_url: str = "https://api.pay.jp"
    #: The account's token that its webhooks carry.
    payjp_webhook_token: SecretStr = SecretStr("whook_sandbox")
    #: Also accepted while the token is exchanged: the one before. Empty: none.
    payjp_webhook_previous_token: SecretStr = SecretStr("")

    sendgrid_api_key: SecretStr = SecretStr("SG.sandbox")
    sendgrid_base_url: str = "https://api.sendgrid.com"
    #: Base64 of the ECDSA public key that signs SendGrid's event webhooks; empty: the endpoint refuses all.
    sendgrid_webhook_public_key: str = ""
    email_from: str = "no-reply@omotenashi.example"
    #: Answers to messages of the platform itself go here.
    support_email: str = "support@omotenashi.example"
    #: Messages of one kind to one address in 24 hours that callers without a proven identity may cause.
    messages_unproven_per_day: int = Field(default=10, ge=1)
    #: All other messages to one address of a person in 24 hours.
    messages_per_day: int = Field(default=200, ge=1)
    #: Messages to one address of a business in 24 hours.
    messages_to_business_per_day: int = Field(default=5000, ge=1)

    s3_endpoint_url: str = "http://127.0.0.1:8333"
    #: Where browsers reach the same storage, for signed links. Empty: at the endpoint.
    s3_public_url: str = ""
    s3_region: str = "us-east-1"
    #: The largest picture or film.
    max_media_bytes: int = Field(default=10 * 1024 * 1024, ge=1024)
    #: How many pictures and films one business may have, with those removed that can still be restored.
    media_per_business: int = Field(default=500, ge=1)
    #: How many bytes these may have together.
    media_bytes_per_business: int = Field(default=2 * 1024**3, ge=1024)
    #: How many documents one business may have sent; withdrawn ones do not count.
    documents_per_business: int = Field(default=50, ge=1)
    #: How many bytes these may have together.
    document_bytes_per_business: int = Field(default=200 * 1024**2, ge=1024)
    s3_bucket: str = "omotenashi"
    s3_access_key: SecretStr = SecretStr("omotenashi")
    s3_secret_key: SecretStr = SecretStr("omotenashi")

    provider_timeout: timedelta = timedelta(seconds=10)

    @property
    def admins_need_two_factor(self) -> bool:
        """``admin_two_factor_required``, or the default of this environment."""
        unset = self.admin_two_factor_required is None
        return self.environment is Environment.PRODUCTION if unset else bool(self.admin_two_factor_required)

    @property
    def payjp_is_set(self) -> bool:
        """Whether PAY.JP can be used: everywhere but in production, where its key must have been given."""
        is_given = self.payjp_api_key.get_secret_value() not in {"", PAYJP_SANDBOX_KEY}
        return self.environment is not Environment.PRODUCTION or is_given

    def _unsafe_sendgrid(self) -> list[str]:
        unsafe: list[str] = []
        if self.sendgrid_api_key.get_secret_value() in {"", "SG.sandbox"}:
            unsafe.append("sendgrid_api_key")
        if self.sendgrid_base_url != "https://api.sendgrid.com":
            unsafe.append("sendgrid_base_url")
        if not self.sendgrid_webhook_public_key:
            unsafe.append("sendgrid_webhook_public_key")
        return unsafe

    def _unsafe_payjp(self) -> list[str]:
        unsafe: list[str] = []
        if not self.payjp_api_key.get_secret_value().startswith("sk_live_"):
            unsafe.append("payjp_api_key")
        if not self.payjp_public_key.startswith("pk_live_"):
            unsafe.append("payjp_public_key")
        if self.payjp_base_url != "https://api.pay.jp":
            unsafe.append("payjp_base_url")
        if self.payjp_webhook_token.get_secret_value() in {"", "whook_sandbox"}:
            unsafe.append("payjp_webhook_token")
        return unsafe

    @field_validator("cors_origins")
    @classmethod
    def _origins_are_exact(cls, origins: tuple[str, ...]) -> tuple[str, ...]:
        for origin in origins:
            if not _ORIGIN.fullmatch(origin):
                raise ValueError(f"{origin!r} is no origin: write scheme, host and port, as a browser sends it")
        return origins

    @field_validator("traces_endpoint")
    @classmethod
    def _traces_go_to_an_address(cls, endpoint: str) -> str:
        if endpoint and not re.fullmatch(r"https?://[^/\s]+/\S+", endpoint):
            raise ValueError(
                "the endpoint of traces has a scheme, a host and a path, as http://collector:4318/v1/traces"
            )
        return endpoint

    @field_validator("temporal_ui_origin")
    @classmethod
    def _ui_is_an_origin(cls, origin: str) -> str:
        return cls._origins_are_exact((origin,))[0] if origin else origin

    @field_validator("trusted_proxies")
    @classmethod
    def _proxies_are_networks(cls, networks: tuple[str, ...]) -> tuple[str, ...]:
        for network in networks:
            if ipaddress.ip_network(network).prefixlen == 0:
                raise ValueError(f"{network} would trust every caller")
        return networks

    @model_validator(mode="after")
    def _environment_is_known(self) -> Self:
        if "environment" not in self.model_fields_set:
            raise EnvironmentUnknown
        return self

    @model_validator(mode="after")
    def _temporal_is_encrypted_where_it_must_be(self) -> Self:
        if (self.temporal_tls_cert_file is None) is not (self.temporal_tls_key_file is None):
            raise ValueError("OMOTENASHI_TEMPORAL_TLS_CERT_FILE and OMOTENASHI_TEMPORAL_TLS_KEY_FILE go together")
        if not self.temporal_tls:
            for name in (
                "temporal_api_key",
                "temporal_tls_ca_file",
                "temporal_tls_cert_file",
                "temporal_tls_server_name",
            ):
                value = getattr(self, name)
                if value.get_secret_value() if isinstance(value, SecretStr) else value:
                    raise ValueError(f"OMOTENASHI_{name.upper()} needs OMOTENASHI_TEMPORAL_TLS=true")
        return self

    @model_validator(mode="after")
    def _production_is_safe(self) -> Self:
        if self.environment is not Environment.PRODUCTION:
            return self
        unsafe: list[str] = []
        if self.jwt_keys_file is None and _is_weak(self.jwt_key):
            unsafe.append("jwt_key")
        if self.temporal_keys_file is None and _is_weak(self.temporal_key):
            unsafe.append("temporal_key")
        if not self.stripe_api_key.get_secret_value().startswith(("sk_live_", "rk_live_")):
            unsafe.append("stripe_api_key")
        if not self.stripe_public_key.startswith("pk_live_"):
            unsafe.append("stripe_public_key")
        if self.stripe_base_url != "https://api.stripe.com":
            unsafe.append("stripe_base_url")
        if self.stripe_files_base_url != "https://files.stripe.com":
            unsafe.append("stripe_files_base_url")
        if self.stripe_webhook_secret.get_secret_value() in {"", "whsec_sandbox"}:
            unsafe.append("stripe_webhook_secret")
        if self.payjp_is_set:
            unsafe.extend(self._unsafe_payjp())
        if not self.smtp_host:
            unsafe.extend(self._unsafe_sendgrid())
        unsafe.extend(self.unsafe_channels())
        for name in ("database_url", "s3_access_key", "s3_secret_key", "trusted_proxies"):
            if name not in self.model_fields_set:
                unsafe.append(name)
        if not _is_public(self.public_url):
            unsafe.append("public_url")
        if len(self.metrics_token.get_secret_value()) < SHORTEST_TOKEN:
            unsafe.append("metrics_token")
        unsafe = [name for name in unsafe if needs(self.role, name)]
        if unsafe:
            raise UnsafeSettings(
                "missing or unsafe in production: " + ", ".join(f"OMOTENASHI_{name.upper()}" for name in unsafe)
            )
        return self
