"""The process of the API."""

import socket

import uvicorn
from fastapi import FastAPI

from api.app import create_app
from api.http.protocol import GuardedProtocol
from runtime import tracing
from runtime.logging import configure
from runtime.settings import Settings
from runtime.temporal import guard_exit

#: How long open requests may take to end after SIGTERM.
GRACE_SECONDS = 15

#: How long a connection may wait for its next request: longer than a proxy keeps one open, so that a proxy never uses a
#: connection that is being closed.
KEEP_ALIVE_SECONDS = 75


class _Server(uvicorn.Server):
    """Ends the open event streams when it is asked to stop: they would never end by themselves."""

    app: FastAPI

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """End streams, then wait for open requests."""
        self.app.state.live.end_all()
        await super().shutdown(sockets)


def serve(settings: Settings) -> None:
    """Serve until SIGTERM or SIGINT; open requests are answered before it returns.

    uvicorn trusts no proxy headers; `api.http.forwarded` decides which ones count.
    """
    configure(settings, "api")
    guard_exit()
    with tracing.running(settings, "api"):
        _serve(settings)


def _serve(settings: Settings) -> None:
    app = create_app(settings)
    server = _Server(
        uvicorn.Config(
            app,
            host=settings.api_host,
            port=settings.api_port,
            loop="uvloop",
            http=GuardedProtocol,
            ws="none",
            lifespan="on",
            proxy_headers=False,
            server_header=False,
            access_log=False,
            log_config=None,
            timeout_keep_alive=KEEP_ALIVE_SECONDS,
            timeout_graceful_shutdown=GRACE_SECONDS,
        )
    )
    server.app = app
    server.run()
