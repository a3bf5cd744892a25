"""How a call to the outside can fail. A caller decides by the class alone, never by the text."""


class ProviderError(Exception):
    """Base. ``reason`` is the provider's own code, safe to log."""

    def __init__(self, reason: str) -> None:
        self.reason = reason
        super().__init__(reason)


class ProviderRefused(ProviderError):
    """The provider understood and said no; asking again gives the same answer."""


class ProviderUnavailable(ProviderError):
    """The provider said that it did nothing (429, connection refused); ask again later."""


class OutcomeUnknown(ProviderError):
    """Time-out or 5xx after the request was sent: it may have happened. Repeat with the same key, or look.

    ``replayed``: the provider repeated the answer to an earlier call with this key, and will go on doing so. That call
    is over.
    """

    def __init__(self, reason: str, replayed: bool = False) -> None:
        self.replayed = replayed
        super().__init__(reason)
