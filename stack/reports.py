"""The reports at the terminal while children start, crash and stop."""

from pathlib import Path
from typing import Protocol

from rich.console import Console
from rich.text import Text


class Reporter(Protocol):
    """Gets the events of the supervisor."""

    def ready(self, name: str, seconds: float) -> None:
        """A child is ready, ``seconds`` after its start."""

    def crashed(self, name: str, how: str, log: Path, pause: float) -> None:
        """A child ended by itself and is started again after ``pause`` seconds."""

    def restarted(self, name: str) -> None:
        """A crashed child is ready again."""

    def stuck(self, name: str, reason: str, pause: float) -> None:
        """A restart failed; the next try comes after ``pause`` seconds."""

    def stopping(self, forced: bool) -> None:
        """All children are being stopped; ``forced`` after a second request."""

    def killed(self, name: str) -> None:
        """A child did not end when asked, and was ended."""


class ConsoleReporter:
    """Writes lines to a terminal or a file."""

    def __init__(self, console: Console) -> None:
        self._console = console

    def _line(self, sign: str, style: str, text: str) -> None:
        # Text, not markup: a path may hold square brackets. No wrapping: a log is searched by line.
        self._console.print(Text(f"{sign} ", style=style) + Text(text), soft_wrap=True, highlight=False)

    def ready(self, name: str, seconds: float) -> None:
        """See :class:`Reporter`."""
        self._line("✓", "green", f"{name} ready in {seconds:.1f} s")

    def crashed(self, name: str, how: str, log: Path, pause: float) -> None:
        """See :class:`Reporter`."""
        self._line("✗", "red", f"{name} {how}; restart in {pause:.1f} s. Log: {log}")

    def restarted(self, name: str) -> None:
        """See :class:`Reporter`."""
        self._line("✓", "green", f"{name} runs again")

    def stuck(self, name: str, reason: str, pause: float) -> None:
        """See :class:`Reporter`."""
        self._line("✗", "red", f"{name} did not come back; next try in {pause:.1f} s. {reason}")

    def stopping(self, forced: bool) -> None:
        """See :class:`Reporter`."""
        self._line("…", "yellow", "stopping at once" if forced else "stopping; Ctrl-C again stops at once")

    def killed(self, name: str) -> None:
        """See :class:`Reporter`."""
        self._line("!", "yellow", f"{name} did not end in time and was killed")
