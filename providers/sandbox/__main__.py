"""``python -m providers.sandbox``: serve until SIGTERM. Writes its address to ``address.txt`` in the state folder."""

import asyncio
import os
import signal
import socket
from pathlib import Path
from typing import Annotated

import typer
import uvicorn

from providers.sandbox.app import create_app
from providers.sandbox.config import DEFAULT_STRIPE_EVENTS, SandboxConfig
from runtime.settings import PAYJP_SANDBOX_KEY

ADDRESS_FILE = "address.txt"


def serve(
    state_dir: Annotated[Path, typer.Option(envvar="SANDBOX_STATE_DIR", help="The folder of all state.")],
    host: Annotated[str, typer.Option(envvar="SANDBOX_HOST")] = "127.0.0.1",
    port: Annotated[int, typer.Option(envvar="SANDBOX_PORT", help="0 takes a free one.")] = 12111,
    public_url: Annotated[str | None, typer.Option(envvar="SANDBOX_PUBLIC_URL", help="Where browsers find it.")] = None,
    stripe_api_key: Annotated[str, typer.Option(envvar="SANDBOX_STRIPE_API_KEY")] = "sk_test_sandbox",
    stripe_webhook_url: Annotated[str | None, typer.Option(envvar="SANDBOX_STRIPE_WEBHOOK_URL")] = None,
    stripe_webhook_secret: Annotated[str, typer.Option(envvar="SANDBOX_STRIPE_WEBHOOK_SECRET")] = "whsec_sandbox",  # noqa: S107  known to all
    stripe_webhook_events: Annotated[
        str | None,
        typer.Option(envvar="SANDBOX_STRIPE_WEBHOOK_EVENTS", help="Types with commas between, or * for all."),
    ] = None,
    payjp_api_key: Annotated[str, typer.Option(envvar="SANDBOX_PAYJP_API_KEY")] = PAYJP_SANDBOX_KEY,
    payjp_webhook_url: Annotated[str | None, typer.Option(envvar="SANDBOX_PAYJP_WEBHOOK_URL")] = None,
    payjp_webhook_token: Annotated[str, typer.Option(envvar="SANDBOX_PAYJP_WEBHOOK_TOKEN")] = "whook_sandbox",  # noqa: S107  known to all
    sendgrid_api_key: Annotated[str, typer.Option(envvar="SANDBOX_SENDGRID_API_KEY")] = "SG.sandbox",
    sendgrid_webhook_url: Annotated[str | None, typer.Option(envvar="SANDBOX_SENDGRID_WEBHOOK_URL")] = None,
    webhook_attempts: Annotated[int, typer.Option(envvar="SANDBOX_WEBHOOK_ATTEMPTS")] = 20,
    webhook_pause: Annotated[
        float, typer.Option(envvar="SANDBOX_WEBHOOK_PAUSE", help="Seconds before the second attempt; then doubling.")
    ] = 1.0,
) -> None:
    """Serve the APIs of Stripe, PAY.JP and SendGrid on this machine."""
    state_dir.mkdir(parents=True, exist_ok=True)
    listener = _listen(host, port)
    address = f"http://{host}:{listener.getsockname()[1]}"
    config = SandboxConfig(
        state_dir=state_dir,
        public_url=(public_url or address).rstrip("/"),
        stripe_api_key=stripe_api_key,
        stripe_webhook_url=stripe_webhook_url,
        stripe_webhook_secret=stripe_webhook_secret,
        stripe_events=_types(stripe_webhook_events),
        payjp_api_key=payjp_api_key,
        payjp_webhook_url=payjp_webhook_url,
        payjp_webhook_token=payjp_webhook_token,
        sendgrid_api_key=sendgrid_api_key,
        sendgrid_webhook_url=sendgrid_webhook_url,
        webhook_attempts=webhook_attempts,
        webhook_pause=webhook_pause,
    )
    _run(config, listener, address)


def _run(config: SandboxConfig, listener: socket.socket, address: str) -> None:
    # Answers that a fault withholds must not delay the end.
    server = uvicorn.Server(
        uvicorn.Config(create_app(config), log_level="warning", access_log=False, timeout_graceful_shutdown=1)
    )
    address_file = config.state_dir / ADDRESS_FILE
    partial = address_file.with_suffix(".part")
    partial.write_text(address + "\n")
    os.replace(partial, address_file)
    # uvicorn drains, then raises the signal again for the handler that was there before: this one.
    signal.signal(signal.SIGTERM, _end)
    signal.signal(signal.SIGINT, _end)
    try:
        asyncio.run(server.serve(sockets=[listener]))
    finally:
        address_file.unlink(missing_ok=True)


def _end(*_: object) -> None:
    raise SystemExit(0)


def _listen(host: str, port: int) -> socket.socket:
    """Bind first, so that a port in use is reported at once."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    # The protocol is named because asyncio sets TCP_NODELAY only then: without it every answer waits 40 ms.
    listener = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((host, port))
    except OSError as error:
        typer.echo(f"The sandbox cannot listen on {host}:{port}: {error.strerror}.", err=True)
        raise typer.Exit(1) from error
    return listener


def _types(given: str | None) -> frozenset[str]:
    if given is None:
        return DEFAULT_STRIPE_EVENTS
    return frozenset() if given.strip() == "*" else frozenset(part.strip() for part in given.split(",") if part.strip())


if __name__ == "__main__":
    typer.run(serve)
