"""The drill of an upgrade on one machine: ``python -m tests.chaos.upgrade --from HEAD~5``; exit code 0 if it went well.

The stack of an earlier commit makes bookings and is stopped while their runs are open. The stack of this commit starts
on the same data folder, migrates it, and the runs go on to their end.
"""

import argparse
import asyncio
import os
import secrets
import signal
import subprocess
import sys
import tempfile
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from time import monotonic
from typing import Any, BinaryIO

import asyncpg
import httpx

from runtime.settings import Settings
from runtime.temporal import connect as connect_temporal
from runtime.temporal import guard_exit
from stack.environment import process_environment
from stack.folder import DataFolder
from stack.seed_logins import CUSTOMER, OWNER, PASSWORD

ROOT = Path(__file__).parents[2]
#: The last line that `omotenashi up` prints.
_READY = "Stop with Ctrl-C"
#: How often a start is tried.
_STARTS = 4
#: A run waits ten minutes for late events of its payment (`options.WAIT_FOR_EVENTS`).
_END_WITHIN = timedelta(minutes=15)
_CARD = "pm_card_visa"


@contextmanager
def commit_of_before(revision: str) -> Iterator[Path]:
    """The files of an earlier commit."""
    with tempfile.TemporaryDirectory(prefix="omotenashi-before-") as folder:
        place = Path(folder) / "before"
        subprocess.run(["git", "worktree", "add", "--quiet", "--detach", str(place), revision], cwd=ROOT, check=True)
        try:
            yield place
        finally:
            subprocess.run(["git", "worktree", "remove", "--force", str(place)], cwd=ROOT, check=True)


@asynccontextmanager
async def stack(code: Path, data: Path, log: Path) -> AsyncIterator[str]:
    """``omotenashi up`` of the code on the data folder; its API's address. Ended by SIGTERM, as a person ends it."""
    environment = process_environment({"PYTHONPATH": str(code)})
    command = (sys.executable, "-P", "-m", "stack", "up", "--data-dir", str(data), "--free-ports")
    for left in range(_STARTS, 0, -1):
        with written_to(log) as file:
            running = await asyncio.create_subprocess_exec(
                *command, cwd=data.parent, env=environment, stdout=file, stderr=file
            )
        if await _is_ready(running, log):
            break
        # On a busy machine a part may take longer than a start waits; as a person would: again.
        if left == 1:
            raise RuntimeError(f"the stack of {code} did not start:\n{said_in(log)[-3000:]}")
    try:
        yield f"http://127.0.0.1:{settings_in(data).api_port}/api/v1"
    finally:
        if running.returncode is None:
            running.send_signal(signal.SIGTERM)
        await running.wait()


async def _is_ready(running: asyncio.subprocess.Process, log: Path) -> bool:
    while _READY not in said_in(log):
        if running.returncode is not None:
            return False
        await asyncio.sleep(0.3)
    return True


def written_to(log: Path) -> BinaryIO:
    return log.open("wb")


def said_in(log: Path) -> str:
    return log.read_text()


def settings_in(data: Path) -> Settings:
    """The settings of the stack that runs on the data folder."""
    return Settings(_env_file=DataFolder.at(data).environment_file)


class Person:
    """Somebody with a login of the example data."""

    def __init__(self, api: str, email: str) -> None:
        self._http = httpx.AsyncClient(base_url=api, timeout=60, trust_env=False)
        self._email = email

    async def __aenter__(self) -> "Person":
        login = await self.ask("POST", "/auth/login", {"email": self._email, "password": PASSWORD})
        self._http.headers["Authorization"] = f"Bearer {login['access_token']}"
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._http.aclose()

    async def ask(self, method: str, path: str, body: object = None, **asked: str) -> Any:
        """The data of a success."""
        headers = {"Idempotency-Key": secrets.token_hex(8)} if method == "POST" else {}
        answer = await self._http.request(method, path, json=body, params=asked, headers=headers)
        if not answer.is_success:
            raise RuntimeError(f"{method} {path}: {answer.status_code} {answer.text}")
        return answer.json()["data"]

    async def pay(self, booking: str) -> None:
        """By card, at once."""
        payment = await self.ask("POST", "/payments/intent", {"booking_id": booking})
        about = {"payment_id": payment["payment_id"], "payment_method": _CARD, "return_url": "http://127.0.0.1/paid"}
        await self.ask("POST", "/payments/confirm", about)

    async def until(self, booking: str, status: str) -> None:
        """Wait until the booking has the status."""
        async with asyncio.timeout(_END_WITHIN.total_seconds()):
            while (seen := await self.ask("GET", f"/bookings/{booking}"))["status"] != status:
                if seen["status"] in {"expired", "declined"}:
                    raise RuntimeError(f"booking {booking} is {seen['status']} and not {status}")
                await asyncio.sleep(0.2)


@dataclass
class Drill:
    """What it showed. ``runs`` are the ids of the first execution of each booking's run."""

    paid: list[str] = field(default_factory=list)
    unpaid: list[str] = field(default_factory=list)
    held: list[str] = field(default_factory=list)
    runs: dict[str, str] = field(default_factory=dict)

    @property
    def bookings(self) -> list[str]:
        return [*self.paid, *self.unpaid, *self.held]

    async def make(self, api: str, data: Path, number: int) -> None:
        """Bookings whose runs stay open: paid, waiting for the money, and with a card that is held."""
        async with Person(api, CUSTOMER) as customer:
            services = await services_of(customer)
            for mode, kept in (("prepay", self.paid), ("prepay", self.unpaid), ("card_hold", self.held)):
                starts = await starts_of(customer, services[mode])
                for start in starts[:: max(1, len(starts) // number)][:number]:
                    about = {"service_id": services[mode], "start_at": start}
                    kept.append((await customer.ask("POST", "/bookings", about))["id"])
                    # One after the other: a customer may have few unpaid bookings at the same time.
                    if kept is not self.unpaid:
                        await customer.pay(kept[-1])
                        await customer.until(kept[-1], "confirmed")
        client = await connect_temporal(settings_in(data), process="drill")
        await no_time_to_undo(data)
        for booking in self.bookings:
            described = await client.get_workflow_handle(f"booking/{booking}").describe()
            self.runs[booking] = described.run_id

    async def end(self, api: str) -> None:
        """All of them, by their people: those that waited are paid, and everything is cancelled, by either side."""
        async with Person(api, CUSTOMER) as customer, Person(api, OWNER) as owner:
            for booking in self.unpaid:
                await customer.pay(booking)
            for booking in self.unpaid:
                await customer.until(booking, "confirmed")
            for number, booking in enumerate(self.bookings):
                person = owner if number % 3 == 0 else customer
                await person.ask("POST", f"/bookings/{booking}/cancel", {"reason": "upgrade"})
                await customer.until(booking, "cancelled")

    async def check(self, data: Path) -> list[str]:
        """What is wrong, in sentences: a run that another one replaced, one that failed, one that does not end."""
        wrong = []
        client = await connect_temporal(settings_in(data), process="drill")
        for booking, run in self.runs.items():
            handle = client.get_workflow_handle(f"booking/{booking}", run_id=run)
            try:
                async with asyncio.timeout(_END_WITHIN.total_seconds()):
                    await handle.result()
            except Exception as error:
                wrong.append(f"the run of {booking} did not end well: {type(error).__name__} {error}")
            history = await handle.fetch_history()
            failed = sum(each.HasField("workflow_task_failed_event_attributes") for each in history.events)
            if failed:
                wrong.append(f"{failed} workflow tasks of {booking} failed")
        return wrong


async def no_time_to_undo(data: Path) -> None:
    """A run ends with its booking, and not when nobody can undo that any more."""
    connection = await asyncpg.connect(DataFolder.at(data).remembered().addresses["postgres"], ssl=False)
    try:
        await connection.execute("UPDATE business_settings SET undo_within = interval '0'")
    finally:
        await connection.close()


async def services_of(person: Person) -> dict[str, str]:
    """The example salon's services by how they are paid."""
    [salon] = [one for one in await person.ask("GET", "/businesses") if one["slug"] == "salon-hana"]
    services = await person.ask("GET", "/services", business_id=salon["id"])
    return {one["payment_mode"]: one["id"] for one in services}


async def starts_of(person: Person, service: str) -> list[str]:
    """The free starts of a week, three days ahead."""
    first: date = datetime.now(UTC).date() + timedelta(days=3)
    days = {"from": first.isoformat(), "to": (first + timedelta(days=7)).isoformat()}
    return [one["start_at"] for one in (await person.ask("GET", "/availability", service_id=service, **days))["starts"]]


async def audit(data: Path) -> tuple[int, str]:
    """Exit code and last line of ``omotenashi audit``."""
    running = await asyncio.create_subprocess_exec(
        *(sys.executable, "-P", "-m", "stack", "audit", "--data-dir", str(data)),
        env=process_environment({"PYTHONPATH": str(ROOT)}),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    said, _ = await running.communicate()
    assert running.returncode is not None
    return running.returncode, said.decode().strip()


async def run(revision: str, number: int) -> int:
    """The drill; its exit code."""
    guard_exit()
    began = monotonic()

    def say(what: str) -> None:
        print(f"{monotonic() - began:6.1f} s  {what}", flush=True)  # noqa: T201 - the print-out of the drill

    drill = Drill()
    with commit_of_before(revision) as before, tempfile.TemporaryDirectory(prefix="omotenashi-upgrade-") as place:
        data = Path(place) / "data"
        say(f"starting {revision}")
        async with stack(before, data, Path(place) / "before.log") as api:
            say("started; making bookings")
            await drill.make(api, data, number)
            counts = f"{len(drill.paid)} paid, {len(drill.unpaid)} unpaid, {len(drill.held)} with a card that is held"
            say(f"{len(drill.bookings)} bookings with open runs: {counts}")
        say("stopped; starting this commit on the same data folder")
        async with stack(ROOT, data, Path(place) / "after.log") as api:
            say("started and migrated")
            await drill.end(api)
            say("all paid or released, and cancelled")
            wrong = await drill.check(data)
            say(f"{len(drill.runs)} runs ended, {len(wrong)} of them not as they should")
            code, said = await audit(data)
            say(said.splitlines()[-1])
    for sentence in wrong:
        say(sentence)
    if code != 0:
        say(said)
    return 1 if wrong or code != 0 else 0


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(description="Upgrades a stack of an earlier commit that has open runs.")
    parser.add_argument("--from", dest="revision", default="HEAD~1", help="The earlier commit.")
    parser.add_argument("--bookings", type=int, default=4, help="Of each of three kinds.")
    asked = parser.parse_args()
    os.environ.pop("OMOTENASHI_DATA_DIR", None)
    sys.exit(asyncio.run(run(asked.revision, asked.bookings)))


if __name__ == "__main__":
    main()
