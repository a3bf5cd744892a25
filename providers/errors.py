"""How a call to a provider can fail. Callers decide by the class, never by the text."""


class ProviderError(Exception):
    """Base. ``reason`` is the provider's own code, safe to log."""

    def __init__(self, reason: str) -> None:
        self.reason = reason
        super().__init__(reason)


class ProviderRefused(ProviderError):
    """The provider refused; the same request would be refused again."""


class ProviderUnavailable(ProviderError):
    """The provider did nothing (429, connection refused); try again later."""


class OutcomeUnknown(ProviderError):
    """Time-out or 5xx after the request was sent: it may have happened. Repeat with the same key, or read the object.

    ``replayed``: the provider repeated the answer to an earlier call with this key, and every repeat will get the
    same answer.
    """

    def __init__(self, reason: str, replayed: bool = False) -> None:
        self.replayed = replayed
        super().__init__(reason)
