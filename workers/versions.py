"""Versions of the workers at Temporal: which one gets new runs, and which may be stopped.

A version is the build id of all worker roles of one deployment. Sources:
https://docs.temporal.io/production-deployment/worker-deployments/worker-versioning, and ``workflowservice.proto`` of
https://github.com/temporalio/api.
"""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

import structlog
from temporalio.api.deployment.v1 import WorkerDeploymentInfo
from temporalio.api.enums.v1 import RoutingConfigUpdateState, WorkerDeploymentVersionStatus
from temporalio.api.workflowservice.v1 import (
    DescribeWorkerDeploymentRequest,
    SetWorkerDeploymentCurrentVersionRequest,
    SetWorkerDeploymentRampingVersionRequest,
)
from temporalio.client import Client
from temporalio.service import RPCError, RPCStatusCode

log = structlog.get_logger(__name__)

_RPC_TIMEOUT = timedelta(seconds=10)
_PAUSE = timedelta(milliseconds=200)
#: How long it may take until every task queue knows a change.
_SETTLED_WITHIN = timedelta(seconds=60)
_STATUS = "WORKER_DEPLOYMENT_VERSION_STATUS_"


class NotSettled(RuntimeError):
    """Temporal has taken a change, and not every task queue knows it yet. The message is for a person."""


@dataclass(frozen=True, slots=True)
class Version:
    """``status``: ``current``, ``ramping``, ``draining`` (open runs are bound to it), ``drained`` or ``inactive``."""

    build_id: str
    status: str


@dataclass(frozen=True, slots=True)
class Versions:
    """The versions of a deployment, the newest first. ``percent`` of new runs, and of those that change versions, go to
    ``ramping``, all others to ``current``. ``settled``: every task queue knows it. ``ever_set``: somebody has chosen
    what is current, if only workers without versions."""

    current: str | None
    ramping: str | None
    percent: float
    known: Sequence[Version]
    settled: bool = True
    ever_set: bool = True


async def find(client: Client, deployment: str) -> Versions | None:
    """The versions; None before the first worker of the deployment has asked for tasks."""
    request = DescribeWorkerDeploymentRequest(namespace=client.namespace, deployment_name=deployment)
    try:
        answer = await client.workflow_service.describe_worker_deployment(request, timeout=_RPC_TIMEOUT)
    except RPCError as error:
        if error.status is not RPCStatusCode.NOT_FOUND:
            raise
        return None
    return _versions(answer.worker_deployment_info)


def _versions(info: WorkerDeploymentInfo) -> Versions:
    routing = info.routing_config
    return Versions(
        routing.current_deployment_version.build_id or None,
        routing.ramping_deployment_version.build_id or None,
        routing.ramping_version_percentage,
        [
            Version(each.deployment_version.build_id, _status(each.status))
            for each in sorted(info.version_summaries, key=lambda each: -each.create_time.ToNanoseconds())
        ],
        info.routing_config_update_state != RoutingConfigUpdateState.ROUTING_CONFIG_UPDATE_STATE_IN_PROGRESS,
        routing.HasField("current_version_changed_time"),
    )


def _status(status: WorkerDeploymentVersionStatus.ValueType) -> str:
    return WorkerDeploymentVersionStatus.Name(status).removeprefix(_STATUS).lower()


async def set_current(client: Client, deployment: str, build_id: str, *, force: bool = False) -> None:
    """All new runs, and all open ones that change versions, go to this version. Returns when every task queue knows it;
    going back is the same call.

    Args:
        client: of the namespace.
        deployment: its name.
        build_id: the version; empty: workers without versions.
        force: although not every task queue of the present version has workers of this one.

    Raises:
        RPCError: there is no such version, or a queue has no workers of it.
        NotSettled: a queue did not know it in time.
    """
    await client.workflow_service.set_worker_deployment_current_version(
        SetWorkerDeploymentCurrentVersionRequest(
            namespace=client.namespace,
            deployment_name=deployment,
            build_id=build_id,
            identity=client.identity,
            ignore_missing_task_queues=force,
            allow_no_pollers=force,
        ),
        timeout=_RPC_TIMEOUT,
    )
    await _settled(client, deployment)


async def set_ramping(client: Client, deployment: str, build_id: str, percent: float) -> None:
    """This share of the runs, of 100, goes to this version; 0 ends it.

    Raises:
        RPCError: there is no such version, or a queue has no workers of it.
        NotSettled: a queue did not know it in time.
    """
    await client.workflow_service.set_worker_deployment_ramping_version(
        SetWorkerDeploymentRampingVersionRequest(
            namespace=client.namespace,
            deployment_name=deployment,
            build_id=build_id if percent else "",
            percentage=percent,
            identity=client.identity,
        ),
        timeout=_RPC_TIMEOUT,
    )
    await _settled(client, deployment)


async def _settled(client: Client, deployment: str) -> None:
    try:
        async with asyncio.timeout(_SETTLED_WITHIN.total_seconds()):
            while (found := await find(client, deployment)) is not None and not found.settled:  # noqa: ASYNC110 - Temporal does not notify
                await asyncio.sleep(_PAUSE.total_seconds())
    except TimeoutError:
        raise NotSettled(
            f"Temporal has taken the change, but not every task queue knows it after {_SETTLED_WITHIN.seconds} s;"
            " it goes on by itself: look again with `omotenashi versions list`"
        ) from None


async def begin(client: Client, deployment: str, build_id: str) -> None:
    """Make the version current where the deployment never had one: without one, no worker of it gets a task. So the
    first start of a platform needs no command. Workers that do it at the same time do no harm: they have one version.
    After ``versions off`` workers without versions have the runs, and a command alone takes them back.

    Waits until Temporal knows the deployment, that is, until a worker has asked for tasks.
    """
    while True:
        try:
            versions = await find(client, deployment)
            if versions is not None:
                if not versions.ever_set:
                    await set_current(client, deployment, build_id, force=True)
                    log.info("first_version", deployment=deployment, build_id=build_id)
                return
        except RPCError as error:
            log.warning("versions_unknown", deployment=deployment, error=error.status.name)
        except NotSettled as error:
            log.warning("versions_unknown", deployment=deployment, error=str(error))
        await asyncio.sleep(_PAUSE.total_seconds())
