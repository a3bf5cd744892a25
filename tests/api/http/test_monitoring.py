"""The alert rules and the dashboard of the repository name metrics, labels and documents that exist."""

import json
import re
from pathlib import Path
from typing import Any

import yaml
from fastapi import FastAPI
from httpx import AsyncClient

from api.http.metrics import Metrics
from tests.api.business_setup import rows
from tests.support.cases import for_each
from tests.support.servers import Database
from workflows.support import queues

ROOT = Path(__file__).parents[3]
MONITORING = ROOT / "deploy" / "monitoring"
RULES: list[dict[str, Any]] = [
    rule for group in yaml.safe_load((MONITORING / "alerts.yml").read_text())["groups"] for rule in group["rules"]
]
PANELS: list[dict[str, Any]] = json.loads((MONITORING / "dashboard.json").read_text())["panels"]
EXPRESSIONS = [rule["expr"] for rule in RULES] + [target["expr"] for panel in PANELS for target in panel["targets"]]

#: Of Temporal's SDK, served by workers.
SDK_SERIES = re.compile(r"\btemporal_\w+")


def declared() -> dict[str, set[str]]:
    """The labels of every series that the API can have, by its name."""
    found: dict[str, set[str]] = {}
    for metric, names in Metrics().registry._collector_to_names.items():
        for name in names:
            found[name] = {*getattr(metric, "_labelnames", ()), "le"}
    return found


def labels_of(expression: str) -> set[str]:
    grouped = re.findall(r"by \(([^)]*)\)", expression)
    matched = re.findall(r"{([^}]*)}", expression)
    return {name.strip() for part in grouped for name in part.split(",")} | {
        name for part in matched for name in re.findall(r"(\w+)[=!]", part)
    }


@for_each("expression", EXPRESSIONS)
def test_expressions_name_metrics_and_labels_that_exist(expression: str) -> None:
    if SDK_SERIES.search(expression):
        return  # `tests.workers.test_main` compares these with what a worker serves.
    series = declared()
    named = re.findall(r"omotenashi_\w+", expression)
    assert named
    assert set(named) <= series.keys()
    assert labels_of(expression) <= set().union(*(series[name] for name in named))


def test_expressions_of_durations_leave_live_streams_out(app: FastAPI) -> None:
    """They last for minutes, and are no slow requests."""
    streams = [facts.template for facts in app.state.route_facts.values() if facts.template.endswith("/events")]
    assert {"/console/{business_id}/events", "/api/v1/bookings/{booking_id}/events"} <= set(streams)
    durations = [one for one in EXPRESSIONS if "request_seconds" in one]
    assert durations
    for expression in durations:
        [left_out] = set(re.findall(r'request_seconds_bucket{route!~"([^"]+)"}', expression))
        assert all(re.fullmatch(left_out, template) for template in streams)


def test_alert_of_absent_workers_names_every_queue() -> None:
    [rule] = [rule for rule in RULES if rule["alert"] == "WorkersAway"]
    assert re.findall(r'task_queue="([a-z]+)"', rule["expr"]) == [
        *(queues.BOOKINGS, queues.PAYMENTS, queues.NOTICES, queues.PLATFORM, queues.MEDIA, queues.ANALYTICS)
    ]


def test_alerts_link_to_sections_that_exist() -> None:
    """With a severity and a summary each."""
    for rule in RULES:
        document, anchor = rule["annotations"]["runbook"].split("#")
        headings = re.findall(r"^#+ (.+)$", (ROOT / document).read_text(encoding="utf-8"), re.MULTILINE)
        assert anchor in {heading.lower().replace(" ", "-") for heading in headings}, rule["alert"]
        assert rule["labels"]["severity"] in {"page", "ticket"}
        assert rule["annotations"]["summary"]
    assert len({rule["alert"] for rule in RULES}) == len(RULES)


async def test_metrics_show_the_outbox_and_the_attention_list(
    app: FastAPI, client: AsyncClient, database: Database
) -> None:
    """As they are at the moment of the scrape; a kind whose items were resolved disappears."""
    await rows(
        database,
        "INSERT INTO outbox (event, aggregate, command, created_at, not_before)"
        " VALUES ('a', 'a/1', 'booking.start', now() - interval '5 min', now() - interval '5 min')",
    )
    await rows(database, "INSERT INTO attention (kind, dedupe_key, details) VALUES ('dispute', 'one', '{}')")
    text = (await app.state.metrics.text(app.state.services.database)).decode()
    age = re.search(r"^omotenashi_outbox_age_seconds (\S+)", text, re.MULTILINE)
    assert age
    assert 290 < float(age.group(1)) < 400
    assert "omotenashi_outbox_waiting 1.0" in text
    assert 'omotenashi_attention_open{kind="dispute"} 1.0' in text
    await rows(database, "UPDATE attention SET resolved_at = now(), resolution = 'done'")
    assert "dispute" not in (await app.state.metrics.text(app.state.services.database)).decode()
