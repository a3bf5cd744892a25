"""The table that a person reads, and the JSON that is kept."""

import json
import platform as machine
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from tests.chaos.run import Result

REPORTS = Path(".omotenashi") / "chaos"
_SHOWN = 40


def as_data(result: Result) -> dict[str, Any]:
    """Everything as plain values."""
    plan = result.plan
    return {
        "at": datetime.now(UTC).isoformat(),
        "machine": machine.platform(),
        "seed": plan.seed,
        "rounds": plan.rounds,
        "bookings": plan.bookings,
        "providers": list(plan.providers),
        "payments": result.payments,
        "forged_webhooks_refused": result.forged,
        "refunds_made_by_a_person": result.by_hand,
        "hold_seconds": plan.hold.total_seconds(),
        "kills": dict(result.crashes.kills),
        "downtime_seconds": {
            name: {"longest": round(max(times), 1), "mean": round(sum(times) / len(times), 1)}
            for name, times in result.crashes.downtimes.items()
        },
        "failed_starts": result.crashes.failed_starts,
        "requests": result.heard.requests,
        "retries": dict(result.heard.retries),
        "answers": dict(sorted(result.heard.answers.items())),
        "longest_answer_seconds": round(result.heard.longest, 1),
        "ends": dict(result.ends),
        "messages": result.mail.messages,
        "messages_again_after_a_minute_of_silence": result.mail.doubted,
        "seconds": result.seconds,
        "drained_after_seconds": {name: round(seconds, 1) for name, seconds in result.drained.items()},
        "audit": {
            "violations": result.report.total if result.report else None,
            "counts": result.report.counts if result.report else {},
            "unchecked": {str(number): why for number, why in result.report.unchecked.items()} if result.report else {},
            "found": [
                {"kind": one.kind, "sentence": one.sentence, **asdict(one)["ids"]} for one in result.report.violations
            ]
            if result.report
            else [],
        },
        "wrong": result.wrong,
    }


def show(result: Result, console: Console) -> None:
    """Tables, then what is wrong."""
    data = as_data(result)
    kills = Table("killed", "times", "back after s (mean)", "longest", box=None, pad_edge=False)
    for name, count in sorted(data["kills"].items()):
        down = data["downtime_seconds"].get(name, {})
        kills.add_row(name, str(count), str(down.get("mean", "")), str(down.get("longest", "")))
    console.print(kills)
    figures = Table("", "", box=None, pad_edge=False, show_header=False)
    figures.add_row("requests", f"{data['requests']}, longest until an answer {data['longest_answer_seconds']} s")
    figures.add_row("sent again after", _counts(data["retries"]))
    figures.add_row("bookings", _counts(data["ends"]))
    figures.add_row("payments", _counts(data["payments"]))
    figures.add_row("forged webhooks refused", str(data["forged_webhooks_refused"]))
    figures.add_row("refunds by a person", str(data["refunds_made_by_a_person"]))
    again = data["messages_again_after_a_minute_of_silence"]
    figures.add_row("messages", f"{data['messages']}, of them again after a minute of silence: {again}")
    figures.add_row("seconds", _counts(data["seconds"]))
    figures.add_row("drained after s", _counts(data["drained_after_seconds"]))
    figures.add_row("audit", f"{data['audit']['violations']} violations")
    console.print(figures)
    for start in data["failed_starts"]:
        console.print(f"did not start at once: {start}", markup=False, soft_wrap=True)
    for sentence in result.wrong[:_SHOWN]:
        console.print(f"✗ {sentence}", markup=False, soft_wrap=True)
    if len(result.wrong) > _SHOWN:
        console.print(f"… and {len(result.wrong) - _SHOWN} more")


def write(result: Result, path: Path | None = None) -> Path:
    """Write the JSON; gives where."""
    name = f"{datetime.now(UTC):%Y-%m-%dT%H%M%S}-seed-{result.plan.seed}.json"
    target = path or REPORTS / name
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_text(json.dumps(as_data(result), ensure_ascii=False, indent=2) + "\n", encoding="utf-8")
    return target


def _counts(values: dict[str, Any]) -> str:
    return ", ".join(f"{name}: {count}" for name, count in values.items()) or "nothing"
