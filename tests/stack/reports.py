"""A reporter for tests."""

from pathlib import Path


class SilentReporter:
    """Reports nothing."""

    def ready(self, name: str, seconds: float) -> None:
        """See :class:`stack.reports.Reporter`."""

    def crashed(self, name: str, how: str, log: Path, pause: float) -> None:
        """See :class:`stack.reports.Reporter`."""

    def restarted(self, name: str) -> None:
        """See :class:`stack.reports.Reporter`."""

    def stuck(self, name: str, reason: str, pause: float) -> None:
        """See :class:`stack.reports.Reporter`."""

    def stopping(self, forced: bool) -> None:
        """See :class:`stack.reports.Reporter`."""

    def killed(self, name: str) -> None:
        """See :class:`stack.reports.Reporter`."""
