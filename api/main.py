"""The process of the API."""

import uvicorn

from api.app import create_app
from runtime.logging import configure
from runtime.settings import Settings
from runtime.temporal import guard_exit

#: How long open requests may take to end after SIGTERM.
GRACE_SECONDS = 15


def serve(settings: Settings) -> None:
    """Serve until SIGTERM or SIGINT; open requests are answered before it returns.

    Proxy headers are not believed: the address of a caller is the address of its connection.
    """
    configure(settings, "api")
    guard_exit()
    server = uvicorn.Server(
        uvicorn.Config(
            create_app(settings),
            host=settings.api_host,
            port=settings.api_port,
            loop="uvloop",
            http="httptools",
            ws="none",
            lifespan="on",
            proxy_headers=False,
            server_header=False,
            access_log=False,
            log_config=None,
            timeout_graceful_shutdown=GRACE_SECONDS,
        )
    )
    server.run()
