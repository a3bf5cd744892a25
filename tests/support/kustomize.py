"""What ``kubectl kustomize`` makes of a folder, for the fields that ``deploy/kubernetes`` uses and no others.

Names of generated ConfigMaps get no hash here. Fields: https://kubectl.docs.kubernetes.io/references/kustomize/
"""

from copy import deepcopy
from pathlib import Path
from typing import Any

import yaml

Resource = dict[str, Any]

_FIELDS = {"apiVersion", "kind", "namespace", "resources", "images", "configMapGenerator", "patches"}

#: The key by which Kubernetes merges a list of a pod; other lists are replaced.
_MERGE_KEYS = {"containers": "name", "env": "name", "volumes": "name", "volumeMounts": "mountPath"}


def render(folder: Path) -> list[Resource]:
    """Every resource of the kustomization in the folder.

    Raises:
        ValueError: it uses a field that is not known here, or two of its resources have one name.
        OSError: a file that it names is missing.
    """
    plan = yaml.safe_load((folder / "kustomization.yaml").read_text(encoding="utf-8"))
    if unknown := set(plan) - _FIELDS:
        raise ValueError(f"{folder.name}: not known here: {sorted(unknown)}")
    resources: list[Resource] = []
    for name in plan.get("resources", []):
        path = folder / name
        resources += render(path.resolve()) if path.is_dir() else documents(path)
    resources += [_config_map(folder, each) for each in plan.get("configMapGenerator", [])]
    for patch in plan.get("patches", []):
        [change] = documents(folder / patch["path"])
        resources = [
            merge(each, _of_any_name(change)) if each["kind"] == patch["target"]["kind"] else each for each in resources
        ]
    for each in resources:
        if "namespace" in plan:
            each["metadata"]["namespace"] = plan["namespace"]
        for container in pod_of(each).get("containers", []):
            for image in plan.get("images", []):
                if container["image"] == image["name"]:
                    container["image"] = f"{image['newName']}:{image['newTag']}"
    names = [(each["kind"], each["metadata"]["name"]) for each in resources]
    if len(set(names)) != len(names):
        raise ValueError(f"{folder.name}: two resources have one name")
    return resources


def documents(path: Path) -> list[Resource]:
    """The documents of one YAML file."""
    return list(yaml.safe_load_all(path.read_text(encoding="utf-8")))


def pod_of(resource: Resource) -> dict[str, Any]:
    """The pod's specification of a Deployment or Job; of another kind nothing."""
    if resource["kind"] not in {"Deployment", "Job"}:
        return {}
    pod: dict[str, Any] = resource["spec"]["template"]["spec"]
    return pod


def variables(path: Path) -> dict[str, str]:
    """Names and values of a file with one ``NAME=value`` a line."""
    lines = path.read_text(encoding="utf-8").splitlines()
    pairs = [line.partition("=") for line in lines if line.strip() and not line.startswith("#")]
    return {name: value for name, _, value in pairs}


def merge(base: Any, change: Any, field: str = "") -> Any:
    """A strategic merge: dictionaries by key, lists of a pod by their merge key, everything else replaced."""
    if isinstance(base, dict) and isinstance(change, dict):
        merged = deepcopy(base)
        for key, value in change.items():
            merged[key] = merge(base[key], value, key) if key in base else deepcopy(value)
        return merged
    if isinstance(base, list) and isinstance(change, list) and field in _MERGE_KEYS:
        by = _MERGE_KEYS[field]
        changes = {each[by]: each for each in change}
        kept = [merge(each, changes.pop(each[by])) if each[by] in changes else deepcopy(each) for each in base]
        return kept + list(deepcopy(changes).values())
    return deepcopy(change)


def _of_any_name(change: Resource) -> Resource:
    return {"spec": change["spec"]}


def _config_map(folder: Path, generator: dict[str, Any]) -> Resource:
    data: dict[str, str] = {}
    for name in generator["envs"]:
        data |= variables(folder / name)
    metadata = {"name": generator["name"], "labels": dict(generator["options"]["labels"])}
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata, "data": data}
