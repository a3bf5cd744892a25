"""One run: a fresh stack, the load with the killing, the drain, the audit, the verdict."""

import asyncio
import os
from collections import Counter
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from time import monotonic
from uuid import UUID

from api.access.tokens import Login, Tokens
from db.engine.session import Database
from db.engine.session import connect as connect_database
from db.invariants import Limits
from runtime.keyring import KeyRing
from runtime.settings import Settings
from runtime.temporal import connect as connect_temporal
from stack.audit.invariants import Report
from stack.audit.report import audit
from stack.folder import DataFolder
from stack.platform import Platform
from tests.chaos import dashboard, forger, population, troubles, verdict
from tests.chaos.backlog import Backlog, Stuck
from tests.chaos.caller import Caller, Heard
from tests.chaos.customers import REGRETS, WAYS, BookableSalon, Customer, Visit, settle_what_is_slow
from tests.chaos.killer import Crashes, Killer
from tests.chaos.money import check_money
from tests.chaos.plan import Plan

#: Nothing may be under way any more when the backlog has drained: whatever is late is lost.
_NO_PATIENCE = Limits(*(timedelta(),) * 6)
#: How long our processes wait for the provider: short, so that lost answers are many.
_PROVIDER_TIMEOUT = "PT3S"


@dataclass
class Result:
    """What a run showed. ``wrong`` are sentences; none of them: all promises were kept."""

    plan: Plan
    heard: Heard = field(default_factory=Heard)
    crashes: Crashes = field(default_factory=Crashes)
    ends: Counter[str] = field(default_factory=Counter)
    wrong: list[str] = field(default_factory=list)
    report: Report | None = None
    payments: Counter[str] = field(default_factory=Counter)
    forged: int = 0
    by_hand: int = 0
    mail: verdict.Mail = field(default_factory=verdict.Mail)
    seconds: dict[str, float] = field(default_factory=dict)
    drained: dict[str, float] = field(default_factory=dict)

    @asynccontextmanager
    async def timed(self, what: str) -> AsyncIterator[None]:
        """Measure a part."""
        began = monotonic()
        try:
            yield
        finally:
            self.seconds[what] = round(monotonic() - began, 1)


async def run(plan: Plan, folder: Path, say: Callable[[str], None]) -> Result:
    """Do all of it in ``folder``, which is left behind with its logs. ``say`` gets a line for what happens."""
    os.environ["OMOTENASHI_PROVIDER_TIMEOUT"] = _PROVIDER_TIMEOUT
    # All customers of the run share this machine's address.
    os.environ["OMOTENASHI_UNPAID_BOOKINGS_PER_NETWORK"] = "1000"
    result = Result(plan)
    platform = Platform(DataFolder.at(folder), result.crashes, free_ports=True)
    async with platform:
        async with result.timed("start"):
            servers = platform.servers()
            await platform.supervisor.start(
                servers.postgres.program(), servers.redis.program(), servers.temporal.program()
            )
            await platform.start_parts(seed=False)
        say(f"the stack runs after {result.seconds['start']} s")
        await _on_the_stack(platform, result, say)
        # Its data is thrown away.
        platform.supervisor.force()
    return result


async def _on_the_stack(platform: Platform, result: Result, say: Callable[[str], None]) -> None:
    settings = platform.settings()
    database = connect_database(settings)
    sandbox = Caller(platform.ports["sandbox"], Heard())
    try:
        made = await population.make(database, result.plan)
        visits = await _load(platform, result, made, sandbox)
        say(f"the load is over after {result.seconds['load']} s: {_kills(result)}")
        await _after(platform, result, database, sandbox, say)
        await _judge(result, database, made, visits, sandbox)
    finally:
        await sandbox.aclose()
        await database.close()


async def _load(platform: Platform, result: Result, made: population.Population, sandbox: Caller) -> list[Visit]:
    """Customers and killer at the same time."""
    plan = result.plan
    dice = plan.dice("customers")
    visits = visits_of(plan, made, platform.settings())
    await troubles.order(sandbox)

    gate = asyncio.Semaphore(plan.at_once)

    async def come(visit: Visit, after: float) -> None:
        await asyncio.sleep(after)
        api, bank = Caller(platform.ports["api"], result.heard, gate), Caller(platform.ports["sandbox"], Heard())
        try:
            await Customer(visit, api, bank, plan.dice(visit.name), lambda: datetime.now(UTC)).live()
        finally:
            await api.aclose()
            await bank.aclose()

    async def kill() -> None:
        await Killer(plan, platform.supervisor, result.crashes).run()
        await troubles.end(sandbox)

    async def forge() -> None:
        anonymous = Caller(platform.ports["api"], result.heard)
        try:
            result.forged = await forger.forge(anonymous, platform.settings(), plan.load)
        finally:
            await anonymous.aclose()

    async with result.timed("load"), asyncio.TaskGroup() as group:
        group.create_task(kill())
        group.create_task(forge())
        for visit in visits:
            group.create_task(come(visit, dice.uniform(0, plan.load)))
    return visits


def visits_of(plan: Plan, made: population.Population, settings: Settings) -> list[Visit]:
    """What each customer is going to do."""
    dice, tokens = plan.dice("visits"), Tokens(KeyRing.of(settings), settings.access_token_lifetime)

    def token(user_id: UUID) -> Callable[[], str]:
        return lambda: tokens.issue(Login(user_id, is_admin=False), datetime.now(UTC))

    ways = dice.choices(list(WAYS), list(WAYS.values()), k=len(made.users))
    regrets = dice.choices(list(REGRETS), list(REGRETS.values()), k=len(made.users))
    return [
        _visit(number, user_id, made.salons[number % len(made.salons)], way, regret, token(user_id))
        for number, ((user_id, _), way, regret) in enumerate(zip(made.users, ways, regrets, strict=True), 1)
    ]


def _visit(number: int, user_id: UUID, salon: BookableSalon, way: str, regret: str, token: Callable[[], str]) -> Visit:
    return Visit(f"customer{number}", user_id, salon, salon.way(way), regret, token)


async def _after(
    platform: Platform, result: Result, database: Database, sandbox: Caller, say: Callable[[str], None]
) -> None:
    """Wait for the backlog, then audit without patience."""
    await settle_what_is_slow(sandbox, platform.settings().stripe_api_key.get_secret_value())
    person = dashboard.Person(database, platform.settings(), platform.ports["sandbox"])
    async with result.timed("drain"), person.at_work():
        try:
            result.drained = await Backlog(database, sandbox).drain(result.plan.drain)
        except Stuck as stuck:
            result.wrong.append(str(stuck))
    result.by_hand = person.refunds
    say(f"drained after {result.seconds['drain']} s")
    temporal = await connect_temporal(platform.settings(), process="chaos")
    result.report = await audit(database, temporal, _NO_PATIENCE)
    result.wrong += [f"audit: {violation.sentence}" for violation in result.report.violations]
    result.wrong += [f"audit: {number} was not checked: {why}" for number, why in result.report.unchecked.items()]
    result.wrong += await verdict.check_runs(temporal)
    wrong, result.payments = await check_money(database, platform.settings(), result.plan.providers)
    result.wrong += wrong


async def _judge(
    result: Result, database: Database, made: population.Population, visits: list[Visit], sandbox: Caller
) -> None:
    wrong, result.ends = await verdict.judge(database, visits)
    result.wrong += wrong
    result.mail = await verdict.check_mail(database, sandbox, [*(mail for _, mail in made.users), *made.mailboxes])
    result.wrong += result.mail.wrong
    result.wrong += await verdict.check_attention(database)
    result.wrong += result.heard.wrong
    result.wrong += [f"ended by itself: {one}" for one in result.crashes.own]


def _kills(result: Result) -> str:
    return ", ".join(f"{name} {count}x" for name, count in sorted(result.crashes.kills.items()))
