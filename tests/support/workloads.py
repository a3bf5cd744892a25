"""The workloads of ``deploy/kubernetes``, rendered, and what a test reads of them."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from runtime.roles import ProcessRole
from stack.platform import WORKER_ROLES
from tests.support.kustomize import Resource, merge, pod_of, render

ROOT = Path(__file__).parents[2]
FOLDER = ROOT / "deploy" / "kubernetes"
BASE = render(FOLDER / "base")
SITE = render(FOLDER / "example")
#: What each kind is served as by Kubernetes 1.25 to 1.34 and by KEDA 2. Source: the "Deprecated API Migration Guide"
#: (kubernetes.io/docs/reference/using-api/deprecation-guide) and config/crd/bases/keda.sh_scaledobjects.yaml of KEDA.
SERVED = {
    "ConfigMap": "v1",
    "Deployment": "apps/v1",
    "HorizontalPodAutoscaler": "autoscaling/v2",
    "Ingress": "networking.k8s.io/v1",
    "Job": "batch/v1",
    "Namespace": "v1",
    "NetworkPolicy": "networking.k8s.io/v1",
    "PodDisruptionBudget": "policy/v1",
    "ScaledObject": "keda.sh/v1alpha1",
    "Secret": "v1",
    "Service": "v1",
}
#: Deployments and the migration's Job, by name.
PODS = {each["metadata"]["name"]: each for each in BASE if pod_of(each)}
DEPLOYMENTS = {name: each for name, each in PODS.items() if each["kind"] == "Deployment"}
QUEUES = {f"worker-{role}": role for role in WORKER_ROLES}


def of_kind(kind: str, resources: list[Resource] = BASE) -> list[Resource]:
    return [each for each in resources if each["kind"] == kind]


def container_of(workload: Resource) -> dict[str, Any]:
    [container] = pod_of(workload)["containers"]
    return dict(container)


def role_of(workload: Resource) -> ProcessRole:
    return ProcessRole(container_of(workload)["args"][-1])


def sources_of(workload: Resource) -> dict[str, str | tuple[str, str]]:
    """By variable: its value, or the ConfigMap or Secret and the key that it is read from."""
    container = container_of(workload)
    maps = {each["metadata"]["name"]: each["data"] for each in of_kind("ConfigMap", SITE)}
    found: dict[str, str | tuple[str, str]] = {}
    for source in container["envFrom"]:
        found |= maps[source["configMapRef"]["name"]]
    for each in container["env"]:
        if "value" in each:
            found[each["name"]] = each["value"]
        else:
            [reference] = each["valueFrom"].values()
            found[each["name"]] = (reference["name"], reference["key"])
    return found


def is_optional(workload: Resource, variable: str) -> bool:
    [each] = [each for each in container_of(workload)["env"] if each["name"] == variable]
    return bool(next(iter(each["valueFrom"].values())).get("optional"))


def changed(workload: Resource, change: Mapping[str, Any]) -> Resource:
    """The workload with a change to its container."""
    container = {"name": "omotenashi", **change}
    merged: Resource = merge(workload, {"spec": {"template": {"spec": {"containers": [container]}}}})
    return merged
