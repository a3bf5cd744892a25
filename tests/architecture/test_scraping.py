"""Prometheus reaches the metrics of workers and relays, and nothing else of theirs."""

import yaml

from tests.architecture.test_compose import OURS
from tests.support.workloads import DEPLOYMENTS, FOLDER, PODS, container_of, of_kind, sources_of

MONITORING = FOLDER.parent / "monitoring"


def test_workers_and_relays_are_scraped_where_they_serve_metrics() -> None:
    """By the annotations, through the policy, and as the compose file says."""
    measured = {name for name, each in PODS.items() if "OMOTENASHI_TEMPORAL_METRICS_ADDRESS" in sources_of(each)}
    assert measured == set(DEPLOYMENTS) - {"api"}
    scraped = yaml.safe_load((MONITORING / "scrape.yml").read_text(encoding="utf-8"))
    [job] = [each for each in scraped["scrape_configs"] if each["job_name"] == "omotenashi-workers"]
    kept = {rule["source_labels"][0]: rule["regex"] for rule in job["relabel_configs"] if rule.get("action") == "keep"}
    [policy] = [each["spec"] for each in of_kind("NetworkPolicy") if each["metadata"]["name"] == "metrics"]
    [rule] = policy["ingress"]
    assert rule["from"], "everybody would reach it"
    for name in measured:
        workload = PODS[name]
        _, _, port = str(sources_of(workload)["OMOTENASHI_TEMPORAL_METRICS_ADDRESS"]).partition(":")
        assert container_of(workload)["ports"] == [{"name": "metrics", "containerPort": int(port)}]
        assert workload["spec"]["template"]["metadata"]["annotations"] == {
            "prometheus.io/scrape": kept["__meta_kubernetes_pod_annotation_prometheus_io_scrape"],
            "prometheus.io/port": port,
        }
        assert kept["__meta_kubernetes_pod_container_port_name"] == "metrics" == rule["ports"][0]["port"]
        assert OURS[name]["environment"]["OMOTENASHI_TEMPORAL_METRICS_ADDRESS"] == f"0.0.0.0:{port}"
        assert OURS[name]["expose"] == [port]
        assert "ports" not in OURS[name]
