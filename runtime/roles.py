"""The roles of processes, and the secrets that each role needs. A process gets no others."""

from collections.abc import Mapping
from enum import StrEnum


class ProcessRole(StrEnum):
    """The process that reads the settings. ``all``: one that does everything."""

    API = "api"
    RELAY = "relay"
    MIGRATE = "migrate"
    BOOKINGS = "bookings"
    PAYMENTS = "payments"
    NOTICES = "notices"
    PLATFORM = "platform"
    MEDIA = "media"
    ANALYTICS = "analytics"
    #: A command of an operator that works on Postgres and Temporal.
    OPERATOR = "operator"
    ALL = "all"


_API = ProcessRole.API
_MONEY = frozenset({_API, ProcessRole.PAYMENTS})
_CHANNELS = frozenset({_API, ProcessRole.NOTICES})
_FILES = frozenset({_API, ProcessRole.PLATFORM, ProcessRole.MEDIA, ProcessRole.ANALYTICS})

#: By setting: the roles that do not start in production without it. A setting that is not here is for all roles.
NEEDED_BY: Mapping[str, frozenset[ProcessRole]] = {
    # The API signs tokens, the notices' worker signs links.
    "jwt_key": frozenset({_API, ProcessRole.NOTICES}),
    # All talk to Temporal, and read or write payloads of runs; the migration writes those of schedules.
    "temporal_key": frozenset(ProcessRole),
    "temporal_api_key": frozenset(ProcessRole),
    "stripe_api_key": _MONEY,
    "stripe_public_key": frozenset({_API}),
    "stripe_webhook_secret": frozenset({_API}),
    "stripe_webhook_previous_secret": frozenset({_API}),
    "payjp_api_key": _MONEY,
    "payjp_public_key": _MONEY,
    "payjp_webhook_token": frozenset({_API}),
    "payjp_webhook_previous_token": frozenset({_API}),
    "sendgrid_api_key": frozenset({ProcessRole.NOTICES}),
    "sendgrid_webhook_public_key": frozenset({_API}),
    **dict.fromkeys(("smtp_username", "smtp_password"), frozenset({ProcessRole.NOTICES})),
    # The API verifies webhooks, asks LINE who somebody is, and gives browsers the public key of push.
    **dict.fromkeys(("twilio_account_sid", "twilio_auth_token", "twilio_from", "smtp_host"), _CHANNELS),
    **dict.fromkeys(("line_access_token", "line_channel_secret", "line_login_channel_id"), _CHANNELS),
    "vapid_private_key": _CHANNELS,
    "s3_access_key": _FILES,
    "s3_secret_key": _FILES,
    "trusted_proxies": frozenset({_API}),
    "metrics_token": frozenset({_API}),
    "database_owner_url": frozenset({ProcessRole.MIGRATE}),
}


def needs(role: ProcessRole, setting: str) -> bool:
    """Whether a process of this role needs the setting."""
    return role is ProcessRole.ALL or role in NEEDED_BY.get(setting, frozenset(ProcessRole))
