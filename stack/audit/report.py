"""The auditor as a program: checks, shows a table or JSON, and gives an exit code."""

import asyncio
import json
from collections.abc import Mapping
from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from typing import Any

import typer
from rich.console import Console
from rich.table import Table
from temporalio.client import Client
from temporalio.service import RPCError

from db.engine.session import Database
from db.engine.session import connect as connect_database
from db.invariants import Limits
from domain.errors import Unavailable
from runtime.settings import Settings
from runtime.temporal import connect as connect_temporal
from stack.audit.invariants import TITLES, Report, check_tables
from stack.audit.workflows import check_workflows

#: How long to wait for Temporal before it counts as unreachable.
TEMPORAL_WITHIN = timedelta(seconds=10)
#: The exit code when the database could not be read.
NOT_AUDITED = 2


def main(settings: Settings, as_json: bool) -> int:
    """Audit the database and Temporal of the settings. Exit code 0: no violation (invariants that need Temporal
    may be unchecked, and are named); 1: violations; 2: the database could not be read."""
    try:
        report = asyncio.run(_run(settings))
    except Unavailable:
        typer.echo("audit: the database cannot be reached; nothing was checked", err=True)
        return NOT_AUDITED
    show(report, as_json)
    return 1 if report.total else 0


async def audit(
    database: Database, temporal: Client | None, limits: Limits | None = None, now: datetime | None = None
) -> Report:
    """Check all invariants. Without ``temporal`` those that need it are unchecked. Raises Unavailable when Postgres
    does not answer."""
    report, limits = Report(now or datetime.now(UTC)), limits or Limits()
    await check_tables(database, report, limits)
    if temporal is None:
        _without_temporal(report, "Temporal cannot be reached")
        return report
    try:
        await check_workflows(database, temporal, report, limits)
    except RPCError as error:
        _without_temporal(report, f"Temporal did not answer: {error.status.name.lower()}")
    return report


def as_data(report: Report) -> dict[str, Any]:
    """The report as plain JSON values."""
    return {
        "at": report.at.isoformat(),
        "violations": report.total,
        "unchecked": [{"invariant": number, "why": why} for number, why in sorted(report.unchecked.items())],
        "invariants": [
            {
                "invariant": number,
                "title": title,
                "violations": report.of(number),
                "checked": number not in report.unchecked,
            }
            for number, title in TITLES.items()
        ],
        "counts": report.counts,
        "found": [_plain(asdict(violation)) for violation in report.violations],
    }


def show(report: Report, as_json: bool) -> None:
    """Write the report to standard output; the last line of the readable form is ``audit: N violations``."""
    if as_json:
        typer.echo(json.dumps(as_data(report), ensure_ascii=False, indent=2))
        return
    console = Console(highlight=False)
    table = Table("", "invariant", "violations", box=None, pad_edge=False)
    for number, title in TITLES.items():
        count = report.of(number)
        found = f"[red]{count}[/red]" if count else "0"
        table.add_row(str(number), title, f"{found} (not checked)" if number in report.unchecked else found)
    console.print(table)
    for number, why in sorted(report.unchecked.items()):
        console.print(f"not checked: {number}: {why}", markup=False)
    for violation in report.violations:
        console.print(f"{violation.invariant} {violation.kind}: {violation.sentence}", markup=False, soft_wrap=True)
    kept = len(report.violations)
    if kept < report.total:
        console.print(f"… and {report.total - kept} more", markup=False)
    typer.echo(f"audit: {report.total} violations")


async def _run(settings: Settings) -> Report:
    database = connect_database(settings)
    try:
        return await audit(database, await _temporal(settings))
    finally:
        await database.close()


async def _temporal(settings: Settings) -> Client | None:
    try:
        async with asyncio.timeout(TEMPORAL_WITHIN.total_seconds()):
            return await connect_temporal(settings, process="audit")
    except (RuntimeError, TimeoutError):
        return None


def _without_temporal(report: Report, why: str) -> None:
    report.unchecked[6] = why
    report.unchecked[7] = f"{why}; whether unsent notices have a workflow is not known"


def _plain(value: Mapping[str, Any]) -> dict[str, Any]:
    return {key: dict(part) if isinstance(part, Mapping) else part for key, part in value.items()}
