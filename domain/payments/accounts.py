"""A business's own account at a payment provider: its secrets, and how they are exchanged."""

from dataclasses import dataclass, replace

from domain.errors import RuleBroken


@dataclass(frozen=True, slots=True)
class AccountSecrets:
    """What the provider's API needs, and what verifies its webhooks. ``webhook_previous``: the secret before, which is
    also accepted while it is exchanged; empty: none. Only ``public_key`` is for browsers."""

    api_key: str
    public_key: str
    webhook_secret: str
    webhook_previous: str = ""

    def __repr__(self) -> str:
        """Without the values: they must not reach a log."""
        return "AccountSecrets()"


def exchanged(
    known: AccountSecrets | None,
    api_key: str | None = None,
    public_key: str | None = None,
    webhook_secret: str | None = None,
) -> AccountSecrets:
    """The secrets with those that are given. A replaced webhook secret stays accepted until the next exchange of any
    of them, because the provider still sends what it signed before; a repeat is no exchange.

    ``known`` None: the stored ones cannot be opened any more. Then all are needed; raises RuleBroken without one.
    """
    if known is None:
        if not (api_key and public_key and webhook_secret):
            raise RuleBroken({"rule": "all_secrets_needed"})
        return AccountSecrets(api_key, public_key, webhook_secret)
    after = replace(
        known,
        api_key=api_key or known.api_key,
        public_key=public_key or known.public_key,
        webhook_secret=webhook_secret or known.webhook_secret,
    )
    if after == known:
        return known
    is_replaced = after.webhook_secret != known.webhook_secret
    return replace(after, webhook_previous=known.webhook_secret if is_replaced else "")
