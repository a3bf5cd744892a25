"""A business's own account at a payment provider: its secrets, and how they are exchanged."""

from dataclasses import dataclass, replace


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
    known: AccountSecrets, api_key: str | None = None, public_key: str | None = None, webhook_secret: str | None = None
) -> AccountSecrets:
    """The secrets with those that are given. A replaced webhook secret stays accepted until the next exchange of any
    of them, because the provider still sends what it signed before."""
    previous = known.webhook_secret if webhook_secret not in {None, known.webhook_secret} else ""
    return replace(
        known,
        api_key=api_key or known.api_key,
        public_key=public_key or known.public_key,
        webhook_secret=webhook_secret or known.webhook_secret,
        webhook_previous=previous,
    )
