"""Both deployments give each process the settings that its code uses, and an older site still starts."""

from unittest.mock import Mock

from runtime.roles import NEEDED_BY, ProcessRole
from stack.push_keys import new_settings
from tests.architecture.test_compose import OURS
from tests.support.kustomize import variables
from tests.support.workloads import FOLDER, PODS, is_optional, sources_of
from workers.registry import worker_specs

#: What the first sites had in their `site.env`; a key that is not here is optional.
FIRST_SETTINGS = frozenset(
    f"OMOTENASHI_{name}"
    for name in (
        *("PUBLIC_URL", "SUPPORT_EMAIL", "EMAIL_FROM", "CORS_ORIGINS", "TRUSTED_PROXIES"),
        *("TEMPORAL_ADDRESS", "TEMPORAL_UI_ORIGIN"),
        *("S3_ENDPOINT_URL", "S3_PUBLIC_URL", "S3_REGION", "S3_BUCKET"),
    )
)


def test_roles_whose_workers_use_the_storage_are_given_it() -> None:
    """By what the activities hold, and not by the table that the deployments are compared with."""
    services = Mock()
    using = {
        ProcessRole(role)
        for role, spec in worker_specs(services).items()
        for step in spec.activities
        if any(held is services.storage for held in vars(getattr(step, "__self__", object)).values())
    }
    assert using
    for setting in ("s3_access_key", "s3_secret_key"):
        assert NEEDED_BY[setting] == using | {ProcessRole.API}


def test_settings_of_the_site_that_came_later_are_optional() -> None:
    """A site that was made before them has a ConfigMap without these keys, and its pods still start."""
    later = 0
    for name, workload in PODS.items():
        for variable, source in sources_of(workload).items():
            if not isinstance(source, str) and source[0] == "omotenashi-site":
                assert is_optional(workload, variable) is (source[1] not in FIRST_SETTINGS), f"{name}: {variable}"
                later += source[1] not in FIRST_SETTINGS
    assert later
    assert variables(FOLDER / "example" / "site.env")["OMOTENASHI_TRACES_ENDPOINT"] == "", "nobody collects them yet"


def test_keys_of_web_push_reach_the_processes_that_use_them() -> None:
    printed = {line.split("=")[0] for line in new_settings("mailto:push@booking.example").splitlines()}
    assert len(printed) == 2
    for name in ("api", "worker-notices"):
        assert printed <= set(sources_of(PODS[name]))
        assert printed <= set(OURS[name]["environment"])
