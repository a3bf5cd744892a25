"""Connection to Temporal: one data converter, one runtime that logs through this process, and a safe exit."""

import atexit
import functools
import logging
import os
import socket
import time
from collections.abc import Sequence

from temporalio.client import Client, Interceptor
from temporalio.runtime import (
    LogForwardingConfig,
    LoggingConfig,
    PrometheusConfig,
    Runtime,
    TelemetryConfig,
    TelemetryFilter,
)
from temporalio.service import TLSConfig

from runtime import tracing
from runtime.payload_codec import data_converter
from runtime.settings import Settings

#: The logger of the SDK's core.
CORE_LOGGER = "temporalio.core"


@functools.cache
def guard_exit() -> None:
    """Prevent a crash when the interpreter ends. Every entry point calls it before the first connection.

    A thread of the SDK's core may take the interpreter's lock after it was deleted (sdk-python issue 300): the process
    then aborts, or hangs. Waiting a quarter of a second at exit avoids it: 22 of 60 short scripts crashed without it,
    none of 132 with it. Calling it again changes nothing.
    """
    atexit.register(time.sleep, 0.25)


@functools.cache
def core_runtime(metrics_address: str = "") -> Runtime:
    """The SDK core's runtime of this process; with an address (host and port) it serves its metrics there, in
    Prometheus's format.

    Its logs are forwarded to :data:`CORE_LOGGER`. By default they are written to standard output, where a full pipe
    would block the process.
    """
    return Runtime(
        telemetry=TelemetryConfig(
            logging=LoggingConfig(
                filter=TelemetryFilter(core_level="WARN", other_level="ERROR"),
                forwarding=LogForwardingConfig(logger=logging.getLogger(CORE_LOGGER), append_target_to_name=False),
            ),
            metrics=_metrics(metrics_address) if metrics_address else None,
        )
    )


def _metrics(address: str) -> PrometheusConfig:
    return PrometheusConfig(address, durations_as_seconds=True, unit_suffix=True, counters_total_suffix=True)


def identity(process: str) -> str:
    """The name of this client in Temporal's histories and poller lists, for example ``worker-bookings 812@host``."""
    return f"{process} {os.getpid()}@{socket.gethostname()}"


def _tls(settings: Settings) -> TLSConfig | bool:
    if not settings.temporal_tls:
        return False
    ca, certificate, key = (
        file.read_bytes() if file else None
        for file in (settings.temporal_tls_ca_file, settings.temporal_tls_cert_file, settings.temporal_tls_key_file)
    )
    return TLSConfig(
        server_root_ca_cert=ca,
        domain=settings.temporal_tls_server_name or None,
        client_cert=certificate,
        client_private_key=key,
    )


async def connect(
    settings: Settings,
    *,
    process: str = "omotenashi",
    lazy: bool = False,
    interceptors: Sequence[Interceptor] = (),
) -> Client:
    """Connect to the namespace of the settings.

    Args:
        settings: address, namespace, and how to encrypt and prove who we are. Certificates are read once, here: a
            process is restarted to use new ones.
        process: names this process in :func:`identity`.
        lazy: connect with the first call instead of now, for a process that must start without Temporal.
        interceptors: of the client, and of workers made from it; after those that pass traces on.

    Raises:
        RuntimeError: no server answers at the address, its certificate is not accepted, or it does not accept ours.
        OSError: a certificate's file cannot be read.
        UnusableKeys: the file of the payload keys cannot be used.
    """
    guard_exit()
    return await Client.connect(
        settings.temporal_address,
        namespace=settings.temporal_namespace,
        data_converter=data_converter(settings),
        tls=_tls(settings),
        api_key=settings.temporal_api_key.get_secret_value() or None,
        runtime=core_runtime(settings.temporal_metrics_address),
        identity=identity(process),
        lazy=lazy,
        interceptors=[*tracing.interceptors(), *interceptors],
    )
