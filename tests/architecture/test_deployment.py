"""The Kubernetes files agree with the code and with the compose file: no cluster runs here."""

import os
import re
import shutil
import subprocess
from datetime import timedelta
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import yaml
from fastapi.routing import APIRoute
from typer.main import get_command

from api.app import create_app
from api.main import GRACE_SECONDS
from runtime.roles import NEEDED_BY
from runtime.settings import Environment, Settings
from stack import cli
from tests.architecture.test_compose import NOT_DEMANDED, OURS, SECRETS
from tests.support.kustomize import Resource, documents, pod_of, render, variables
from tests.support.workloads import (
    BASE,
    DEPLOYMENTS,
    FOLDER,
    PODS,
    QUEUES,
    SERVED,
    SITE,
    changed,
    container_of,
    is_optional,
    of_kind,
    role_of,
    sources_of,
)
from workers.main import GRACE

ROOT = FOLDER.parents[1]
DOCKERFILE = (ROOT / "Dockerfile").read_text(encoding="utf-8")

#: https://keda.sh/docs/2.19/scalers/temporal/: what a trigger may say.
TRIGGER = frozenset(
    {
        *("endpoint", "endpointFromEnv", "namespace", "activationTargetQueueSize", "targetQueueSize", "taskQueue"),
        *("queueTypes", "buildId", "selectAllActive", "selectUnversioned", "apiKeyFromEnv", "minConnectTimeout"),
        *("unsafeSsl", "tlsServerName"),
    }
)


def environment_of(workload: Resource) -> dict[str, str]:
    """What the process sees, with an operator's values for what comes from a Secret; optional secrets are not set."""
    site = {each["metadata"]["name"]: each["data"] for each in of_kind("ConfigMap", SITE)}
    found = {}
    for name, source in sources_of(workload).items():
        if isinstance(source, str):
            found[name] = source
        elif source[0] in site:
            found[name] = site[source[0]][source[1]]
        elif not is_optional(workload, name):
            found[name] = SECRETS.get(name, "redis://redis:6379/0" if "REDIS" in name else "postgresql+asyncpg://a@b/c")
    return found


def commands_refused(workload: Resource) -> str | None:
    """The reason why the command line is none of ours."""
    name, *arguments = container_of(workload)["args"]
    try:
        commands = get_command(cli.app).commands  # type: ignore[attr-defined]
        commands[name].make_context(name, list(arguments))
    except Exception as error:
        return f"{type(error).__name__}: {error}"
    return None


@cache
def paths() -> frozenset[str]:
    routes = create_app(Settings(environment=Environment.DEVELOPMENT)).routes
    return frozenset(route.path for route in routes if isinstance(route, APIRoute))


def probes_without_target(workload: Resource) -> list[str]:
    """The probes whose path is no route, whose port is not open, or whose command is not for this process."""
    container = container_of(workload)
    ports = {port["name"] for port in container.get("ports", [])}
    wrong = []
    for probe in ("startupProbe", "livenessProbe", "readinessProbe"):
        match container.get(probe):
            case {"httpGet": {"path": path, "port": port}} if path not in paths() or port not in ports:
                wrong.append(f"{probe}: {port} {path}")
            case {"exec": {"command": command}} if command != ["omotenashi", "alive", role_of(workload).value]:
                wrong.append(f"{probe}: {command}")
    return wrong


def differences_from_compose(workload: Resource) -> set[str]:
    """Variables that only one of the two deployments has."""
    return set(sources_of(workload)) ^ set(OURS[workload["metadata"]["name"]]["environment"])


def test_files_are_all_used() -> None:
    """A YAML file that no kustomization names would never be deployed."""
    written = {path.relative_to(FOLDER).as_posix() for path in FOLDER.rglob("*.yaml")}
    used = set()
    for path in FOLDER.rglob("kustomization.yaml"):
        plan = yaml.safe_load(path.read_text(encoding="utf-8"))
        used.add(path.relative_to(FOLDER).as_posix())
        for name in [*plan["resources"], *(patch["path"] for patch in plan.get("patches", []))]:
            if (path.parent / name).is_file():
                used.add((path.parent / name).relative_to(FOLDER).as_posix())
    assert written == used


def test_rendering_of_an_unknown_field_is_refused(tmp_path: Path) -> None:
    (tmp_path / "kustomization.yaml").write_text("resources: []\ncommonLabels: {a: b}\n")
    with pytest.raises(ValueError, match="commonLabels"):
        render(tmp_path)
    (tmp_path / "kustomization.yaml").write_text("resources: [missing.yaml]\n")
    with pytest.raises(OSError, match=r"missing\.yaml"):
        render(tmp_path)


@pytest.mark.skipif(shutil.which("kubectl") is None, reason="kubectl is not installed")
def test_rendering_is_what_kustomize_does() -> None:
    made = subprocess.run(
        ["kubectl", "kustomize", str(FOLDER / "example")],
        env={**os.environ, "KUBECONFIG": os.devnull},
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    theirs = yaml.safe_load_all(re.sub(r"(name: omotenashi(?:-site)?)-[a-z0-9]{10}$", r"\1", made.stdout, flags=re.M))
    assert _in_order(list(theirs)) == _in_order(SITE)


def _in_order(resources: list[Resource]) -> list[Resource]:
    for each in resources:
        for container in pod_of(each).get("containers", []):
            container.get("env", []).sort(key=lambda variable: variable["name"])
    return sorted(resources, key=lambda each: (each["kind"], each["metadata"]["name"]))


def test_workloads_are_those_of_the_compose_file() -> None:
    assert set(PODS) == set(OURS)
    assert {name for name, each in PODS.items() if each["kind"] == "Job"} == {"migrate"}
    for name, workload in PODS.items():
        assert container_of(workload)["args"] == OURS[name]["command"], name
        assert commands_refused(workload) is None, name
    assert {name: role_of(PODS[name]).value for name in QUEUES} == QUEUES


@pytest.mark.parametrize("args", [["worker", "--role", "boookings"], ["serve"], ["relay", "--fast"]])
def test_commands_that_the_program_does_not_have_are_found(args: list[str]) -> None:
    assert commands_refused(changed(PODS["relay"], {"args": args})) is not None


def test_images_start_the_program_as_its_own_user() -> None:
    user = re.search(r"^USER (\d+):(\d+)$", DOCKERFILE, re.MULTILINE)
    assert user is not None
    assert 'ENTRYPOINT ["omotenashi"]' in DOCKERFILE
    for name, workload in PODS.items():
        container, pod = container_of(workload), pod_of(workload)
        assert "command" not in container, f"{name}: it would replace the entry point"
        assert container["image"] == OURS[name]["image"].split(":")[0]
        assert (pod["securityContext"]["runAsUser"], pod["securityContext"]["runAsGroup"]) == (
            int(user.group(1)),
            int(user.group(2)),
        )
    images = {container_of(each)["image"] for each in SITE if pod_of(each)}
    assert len(images) == 1
    assert not images.pop().endswith(":latest")


@pytest.mark.parametrize("name", PODS)
def test_environment_is_the_settings_class(name: str) -> None:
    fields = {f"OMOTENASHI_{field.upper()}" for field in Settings.model_fields}
    assert set(sources_of(PODS[name])) <= fields


@pytest.mark.parametrize("name", PODS)
def test_environment_is_that_of_the_compose_file(name: str) -> None:
    assert differences_from_compose(PODS[name]) == set()


def test_environment_that_differs_from_the_compose_file_is_found() -> None:
    more = changed(PODS["relay"], {"env": [{"name": "OMOTENASHI_JWT_KEY", "value": "x"}]})
    assert differences_from_compose(more) == {"OMOTENASHI_JWT_KEY"}


@pytest.mark.parametrize("name", PODS)
def test_production_accepts_the_settings(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    for variable in [variable for variable in os.environ if variable.startswith("OMOTENASHI_")]:
        monkeypatch.delenv(variable)
    environment = environment_of(PODS[name])
    for variable, value in environment.items():
        monkeypatch.setenv(variable, value)
    role = role_of(PODS[name])
    settings = Settings(role=role)
    assert settings.environment is Environment.PRODUCTION
    assert settings.temporal_namespace == "default"
    for setting, needed_by in NEEDED_BY.items():
        variable = f"OMOTENASHI_{setting.upper()}"
        named = variable in sources_of(PODS[name])
        assert named is (role in needed_by), f"{name}: {variable}"
        if named and setting not in NOT_DEMANDED:
            assert variable in environment, f"{name}: {variable} may be missing"


def test_secrets_come_from_secrets_and_are_listed_in_the_example() -> None:
    listed = variables(FOLDER / "example" / "secrets.example.env")
    assert set(listed.values()) == {""}
    read: dict[str, set[str]] = {}
    secret = {f"OMOTENASHI_{name.upper()}" for name in NEEDED_BY} - {"OMOTENASHI_TRUSTED_PROXIES"}
    secret |= {"OMOTENASHI_DATABASE_URL", "OMOTENASHI_REDIS_URL"}
    for workload in PODS.values():
        for variable, source in sources_of(workload).items():
            assert (variable in secret) is (source[0] in {"omotenashi-secrets", "omotenashi-owner"}), variable
            if variable in secret:
                assert source[1] == variable
                read.setdefault(source[0], set()).add(variable)
    assert read == {"omotenashi-secrets": set(listed), "omotenashi-owner": {"OMOTENASHI_DATABASE_OWNER_URL"}}


def test_settings_of_the_site_are_all_read() -> None:
    given = variables(FOLDER / "example" / "site.env")
    read = {
        source[1]
        for workload in PODS.values()
        for source in sources_of(workload).values()
        if not isinstance(source, str) and source[0] == "omotenashi-site"
    }
    assert set(given) == read


def test_labels_and_selectors_agree() -> None:
    for name, workload in DEPLOYMENTS.items():
        labels = workload["spec"]["template"]["metadata"]["labels"]
        assert labels == {"app.kubernetes.io/name": "omotenashi", "app.kubernetes.io/component": name}
        assert workload["spec"]["selector"]["matchLabels"] == labels
        [spread] = pod_of(workload)["topologySpreadConstraints"]
        assert spread["labelSelector"]["matchLabels"] == labels
    for each in BASE:
        assert each["metadata"]["labels"]["app.kubernetes.io/name"] == "omotenashi"
    pods = [each["spec"]["template"]["metadata"]["labels"] for each in PODS.values()]
    for each in [*of_kind("PodDisruptionBudget"), *of_kind("Service"), *of_kind("NetworkPolicy")]:
        spec = each["spec"]
        selector = spec.get("podSelector") or spec["selector"]
        wanted = selector.get("matchLabels", selector)
        assert any(wanted.items() <= labels.items() for labels in pods), each["metadata"]["name"]


def test_api_versions_are_those_that_are_served() -> None:
    """An old one is refused by the cluster, not ignored."""
    assert {(each["kind"], each["apiVersion"]) for each in [*BASE, *SITE]} <= set(SERVED.items())


def test_disruption_budgets_are_one_for_each_deployment() -> None:
    budgets = {each["metadata"]["name"]: each["spec"] for each in of_kind("PodDisruptionBudget")}
    assert set(budgets) == set(DEPLOYMENTS)
    for name, budget in budgets.items():
        assert budget["selector"]["matchLabels"]["app.kubernetes.io/component"] == name
        assert (budget["maxUnavailable"], budget["unhealthyPodEvictionPolicy"]) == (1, "AlwaysAllow")


def test_service_reaches_the_port_that_the_api_listens_on() -> None:
    [service] = of_kind("Service")
    [port] = service["spec"]["ports"]
    container = container_of(PODS["api"])
    [open_port] = container["ports"]
    assert port["targetPort"] == open_port["name"]
    assert str(open_port["containerPort"]) == sources_of(PODS["api"])["OMOTENASHI_API_PORT"]
    assert sources_of(PODS["api"])["OMOTENASHI_API_HOST"] == "0.0.0.0"  # noqa: S104


@pytest.mark.parametrize("name", DEPLOYMENTS)
def test_probes_ask_what_exists(name: str) -> None:
    container = container_of(DEPLOYMENTS[name])
    assert probes_without_target(DEPLOYMENTS[name]) == []
    assert "readinessProbe" in container
    # A dependency that is away must not end the process: only the API has a check without dependencies.
    alive = {
        probe: container[probe]["httpGet"]["path"] for probe in ("startupProbe", "livenessProbe") if probe in container
    }
    assert alive == ({"startupProbe": "/health/live", "livenessProbe": "/health/live"} if name == "api" else {})


@pytest.mark.parametrize(
    ("name", "probe"),
    [
        ("api", {"httpGet": {"path": "/healthz", "port": "http"}}),
        ("api", {"httpGet": {"path": "/health/ready", "port": "web"}}),
        ("worker-media", {"exec": {"command": ["omotenashi", "alive", "bookings"]}}),
    ],
)
def test_probes_that_ask_for_something_else_are_found(name: str, probe: dict[str, Any]) -> None:
    broken = changed(DEPLOYMENTS[name], {"readinessProbe": probe})
    assert len(probes_without_target(broken)) == 1


def test_scalers_follow_the_queue_of_their_worker() -> None:
    scalers = {each["metadata"]["name"]: each["spec"] for each in of_kind("ScaledObject")}
    assert {name: spec["triggers"][0]["metadata"]["taskQueue"] for name, spec in scalers.items()} == QUEUES
    [settings] = [each["data"] for each in of_kind("ConfigMap")]
    for name, spec in scalers.items():
        [trigger] = spec["triggers"]
        assert trigger["type"] == "temporal"
        assert set(trigger["metadata"]) <= TRIGGER, name
        assert all(isinstance(value, str) for value in trigger["metadata"].values()), name
        assert trigger["metadata"]["endpointFromEnv"] in sources_of(PODS[name])
        assert trigger["metadata"]["namespace"] == settings["OMOTENASHI_TEMPORAL_NAMESPACE"]
        assert set(trigger["metadata"]["queueTypes"].split(",")) == {"workflow", "activity"}
        assert spec["scaleTargetRef"] == {"name": name}
        # A scaler that counts waiting tasks does not see those that run: never to zero.
        assert 1 <= spec["minReplicaCount"] < spec["maxReplicaCount"]
        assert spec["fallback"]["replicas"] == spec["minReplicaCount"]


def test_scaled_deployments_leave_the_number_to_their_scaler() -> None:
    """A number in the file would be restored by every release."""
    [scaler] = of_kind("HorizontalPodAutoscaler")
    assert scaler["spec"]["scaleTargetRef"] == {"apiVersion": "apps/v1", "kind": "Deployment", "name": "api"}
    fixed = {name for name, each in DEPLOYMENTS.items() if "replicas" in each["spec"]}
    assert fixed == {"relay"}
    assert fixed | {"api"} | set(QUEUES) == set(DEPLOYMENTS)


@pytest.mark.parametrize("name", PODS)
def test_pods_are_confined(name: str) -> None:
    pod, container = pod_of(PODS[name]), container_of(PODS[name])
    assert pod["automountServiceAccountToken"] is False
    assert pod["securityContext"]["runAsNonRoot"] is True
    assert pod["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}
    assert container["securityContext"] == {
        "allowPrivilegeEscalation": False,
        "readOnlyRootFilesystem": True,
        "capabilities": {"drop": ["ALL"]},
    }
    assert [mount["mountPath"] for mount in container["volumeMounts"]] == OURS[name]["tmpfs"]
    assert {"cpu", "memory"} == set(container["resources"]["requests"])
    assert "memory" in container["resources"]["limits"]
    if "mem_limit" in OURS[name]:
        assert container["resources"]["limits"]["memory"] == OURS[name]["mem_limit"].upper() + "i"


def test_connections_of_everything_scaled_out_are_those_of_the_document() -> None:
    fields = Settings.model_fields
    each = fields["database_pool_size"].default + fields["database_pool_overflow"].default
    most = {name: workload["spec"].get("replicas", 0) for name, workload in DEPLOYMENTS.items()}
    most |= {scaler["metadata"]["name"]: scaler["spec"]["maxReplicaCount"] for scaler in of_kind("ScaledObject")}
    most |= {scaler["metadata"]["name"]: scaler["spec"]["maxReplicas"] for scaler in of_kind("HorizontalPodAutoscaler")}
    total = sum(most.values()) * each + most["api"] * 4
    assert f"{total} connections" in (ROOT / "docs" / "operations.md").read_text(encoding="utf-8")


def test_pods_have_time_to_finish() -> None:
    for name, workload in PODS.items():
        before = (
            container_of(workload).get("lifecycle", {}).get("preStop", {}).get("exec", {}).get("command", ["", "0"])
        )
        longest = max(timedelta(seconds=GRACE_SECONDS), GRACE) + timedelta(seconds=int(before[1]))
        assert pod_of(workload)["terminationGracePeriodSeconds"] > longest.total_seconds(), name


def test_media_worker_has_no_way_to_the_internet() -> None:
    """Its decoder reads files that anybody uploads, and sends nothing to anybody."""
    [policy] = [each["spec"] for each in of_kind("NetworkPolicy") if each["spec"]["policyTypes"] == ["Egress"]]
    assert policy["podSelector"]["matchLabels"]["app.kubernetes.io/component"] == "worker-media"
    [rule] = policy["egress"]
    assert {peer["ipBlock"]["cidr"] for peer in rule["to"]} == {"10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16"}


def test_patch_is_for_every_workload_and_no_name() -> None:
    plan = yaml.safe_load((FOLDER / "base" / "kustomization.yaml").read_text(encoding="utf-8"))
    assert {(patch["path"], patch["target"]["kind"]) for patch in plan["patches"]} == {
        ("every-pod.yaml", each["kind"]) for each in PODS.values()
    }
    [patch] = documents(FOLDER / "base" / "every-pod.yaml")
    assert set(patch["spec"]["template"]["spec"]["containers"][0]) == {
        *("name", "securityContext", "envFrom", "env", "volumeMounts")
    }
