"""The settings of the platform's processes, computed from the ports of a stack."""

import os
from collections.abc import Mapping
from pathlib import Path

from runtime.channel_settings import (
    LINE_SANDBOX_SECRET,
    LINE_SANDBOX_TOKEN,
    TWILIO_SANDBOX_SID,
    TWILIO_SANDBOX_TOKEN,
    VAPID_SANDBOX_KEY,
)
from runtime.settings import Environment, Settings
from stack.ports import LOOPBACK
from stack.servers.postgres import APPLICATION, DATABASE, OWNER

#: Settings that a person may change for `up` and its children; the stack itself sets the addresses.
_PREFIX = "OMOTENASHI_"

#: All callers on one machine share one address: a developer, the demo and the measurements send more requests than a
#: client may. The caller's environment can override them.
_RATES = {
    "standard": "1000000/1h",
    "user": "1000000/1h",
    "auth": "100000/15m",
    "payment": "100000/1m",
    "strict": "100000/15m",
}


_MESSAGES = ("MESSAGES_UNPROVEN", "MESSAGES", "MESSAGES_TO_BUSINESS")


def settings_environment(ports: Mapping[str, int]) -> dict[str, str]:
    """``OMOTENASHI_*`` variables of every process of the stack that has these ports."""
    defaults = Settings.model_fields

    def default(name: str) -> str:
        value = defaults[name].default
        return str(value.get_secret_value() if hasattr(value, "get_secret_value") else value)

    addresses = {
        "environment": Environment.DEVELOPMENT.value,
        "database_url": f"postgresql+asyncpg://{APPLICATION}@{LOOPBACK}:{ports['postgres']}/{DATABASE}",
        "database_owner_url": f"postgresql+asyncpg://{OWNER}@{LOOPBACK}:{ports['postgres']}/{DATABASE}",
        "redis_url": f"redis://{LOOPBACK}:{ports['redis']}/0",
        "temporal_address": f"{LOOPBACK}:{ports['temporal']}",
        "temporal_namespace": default("temporal_namespace"),
        "temporal_ui_origin": f"http://{LOOPBACK}:{ports['temporal_ui']}",
        "api_host": LOOPBACK,
        "api_port": str(ports["api"]),
        "public_url": f"http://{LOOPBACK}:{ports['api']}",
        "stripe_base_url": f"http://{LOOPBACK}:{ports['sandbox']}",
        "stripe_files_base_url": f"http://{LOOPBACK}:{ports['sandbox']}",
        "payjp_base_url": f"http://{LOOPBACK}:{ports['sandbox']}/payjp",
        "sendgrid_base_url": f"http://{LOOPBACK}:{ports['sandbox']}",
        "s3_endpoint_url": f"http://{LOOPBACK}:{ports['storage']}",
        "s3_public_url": f"http://{LOOPBACK}:{ports['storage']}",
        "s3_region": default("s3_region"),
        "s3_bucket": default("s3_bucket"),
        "s3_access_key": default("s3_access_key"),
        "s3_secret_key": default("s3_secret_key"),
        # Always the keys of the sandbox: real ones of the caller must not reach a test stack.
        "stripe_api_key": default("stripe_api_key"),
        "stripe_public_key": default("stripe_public_key"),
        "stripe_webhook_secret": default("stripe_webhook_secret"),
        "stripe_webhook_previous_secret": default("stripe_webhook_previous_secret"),
        "payjp_webhook_previous_token": default("payjp_webhook_previous_token"),
        "payjp_api_key": default("payjp_api_key"),
        "payjp_public_key": default("payjp_public_key"),
        "payjp_webhook_token": default("payjp_webhook_token"),
        "sendgrid_api_key": default("sendgrid_api_key"),
        **_channels(f"http://{LOOPBACK}:{ports['sandbox']}"),
    }
    own = {f"{_PREFIX}{name.upper()}": value for name, value in addresses.items()}
    rates = {f"{_PREFIX}RATE_LIMIT_{name.upper()}": rate for name, rate in _RATES.items()}
    # All messages go to one mailbox here.
    rates |= {f"{_PREFIX}{name}_PER_DAY": "100000" for name in _MESSAGES}
    return own | {name: os.environ.get(name, rate) for name, rate in rates.items()}


def _channels(sandbox: str) -> dict[str, str]:
    """All channels are on, at the sandbox."""
    return {
        "smtp_host": "",
        "twilio_base_url": sandbox,
        "twilio_account_sid": TWILIO_SANDBOX_SID,
        "twilio_auth_token": TWILIO_SANDBOX_TOKEN,
        "twilio_from": "+815031234567",
        "line_base_url": sandbox,
        "line_access_token": LINE_SANDBOX_TOKEN,
        "line_channel_secret": LINE_SANDBOX_SECRET,
        "line_login_channel_id": "1234567890",
        "vapid_private_key": VAPID_SANDBOX_KEY,
        "push_hosts": LOOPBACK,
        "push_insecure": "true",
    }


def process_environment(settings: Mapping[str, str]) -> dict[str, str]:
    """The whole environment of one of our own processes: the caller's, with the stack's settings on top.

    Where Python writes no bytecode beside the sources, it goes to the user's cache instead: without any,
    each of eight processes would compile a thousand modules at every start, three seconds of work for each.
    """
    environment = {**os.environ, "PYTHONUNBUFFERED": "1", **settings}
    if environment.pop("PYTHONDONTWRITEBYTECODE", ""):
        environment.setdefault("PYTHONPYCACHEPREFIX", str(_cache_folder() / "omotenashi" / "bytecode"))
    return environment


def _cache_folder() -> Path:
    named = os.environ.get("XDG_CACHE_HOME", "")
    return Path(named) if Path(named).is_absolute() else Path.home() / ".cache"
