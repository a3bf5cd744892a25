"""The process of the API."""

import uvicorn

from api.app import create_app
from api.http.protocol import GuardedProtocol
from runtime.logging import configure
from runtime.settings import Settings
from runtime.temporal import guard_exit

#: How long open requests may take to end after SIGTERM.
GRACE_SECONDS = 15

#: How long a connection may wait for its next request: longer than a proxy keeps one open, so that a proxy never uses a
#: connection that is being closed.
KEEP_ALIVE_SECONDS = 75


def serve(settings: Settings) -> None:
    """Serve until SIGTERM or SIGINT; open requests are answered before it returns.

    uvicorn trusts no proxy headers; `api.http.forwarded` decides which ones count.
    """
    configure(settings, "api")
    guard_exit()
    server = uvicorn.Server(
        uvicorn.Config(
            create_app(settings),
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
    server.run()
