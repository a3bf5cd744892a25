"""The output of the demo: headings, and lines with the time since the beginning."""

from collections.abc import Callable
from pathlib import Path
from time import monotonic

from rich.console import Console
from rich.text import Text

#: The column in which ids begin.
_IDS_AT = 78


class Timeline:
    """Writes lines; also the reporter of the stack's supervisor.

    Args:
        console: where to.
        clock: seconds, only differences count.
    """

    def __init__(self, console: Console, clock: Callable[[], float] = monotonic) -> None:
        self._console = console
        self._clock = clock
        self._began = clock()
        self._ready: list[str] = []

    @property
    def seconds(self) -> float:
        """Since the beginning."""
        return self._clock() - self._began

    def heading(self, text: str) -> None:
        """A new scene."""
        self._console.print()
        self._console.print(Text(text, style="bold cyan"), soft_wrap=True)

    def say(self, what: str, *ids: object) -> None:
        """``+12.3s  what happened  ids``."""
        self._line(what, ids, "")

    def trouble(self, what: str) -> None:
        """A fault that the demo causes on purpose."""
        self._line(what, (), "yellow")

    def plain(self, text: str, style: str = "") -> None:
        """A line without a time."""
        self._console.print(Text(text, style=style), soft_wrap=True)

    def _line(self, what: str, ids: tuple[object, ...], style: str) -> None:
        line = Text(f"{f'+{self.seconds:.1f}s':>7}  ", style="green")
        line.append(what, style=style)
        if ids:
            # Japanese letters are two columns wide.
            line.append(" " * max(2, _IDS_AT - line.cell_len))
            line.append("  ".join(str(one) for one in ids), style="dim")
        self._console.print(line, soft_wrap=True, highlight=False)

    # -- stack.reports.Reporter ----------------------------------------------------------------------------------

    def take_ready(self) -> list[str]:
        """The children that got ready since the last call."""
        ready, self._ready = self._ready, []
        return ready

    def ready(self, name: str, seconds: float) -> None:
        """Collected for :meth:`take_ready`."""
        self._ready.append(name)

    def crashed(self, name: str, how: str, log: Path, pause: float) -> None:
        """See `stack.reports.Reporter`."""
        self.trouble(f"{name} {how}; the supervisor starts it again")

    def restarted(self, name: str) -> None:
        """See `stack.reports.Reporter`."""
        self.say(f"{name} runs again")

    def stuck(self, name: str, reason: str, pause: float) -> None:
        """See `stack.reports.Reporter`."""
        self.trouble(f"{name} did not come back; next try in {pause:.1f} s. {reason}")

    def stopping(self, forced: bool) -> None:
        """Reports nothing: the scenes are over."""

    def killed(self, name: str) -> None:
        """See `stack.reports.Reporter`."""
        self.plain(f"{name} did not end in time and was killed", "yellow")
