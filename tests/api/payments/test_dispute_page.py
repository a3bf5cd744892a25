"""The console's page of a dispute: its deadline, its evidence, what can be done, and its outcome."""

from collections.abc import AsyncIterator, Mapping
from datetime import timedelta
from typing import Any

import pytest_asyncio
from fastapi import FastAPI

from api.app import create_app
from db.engine.session import Database as Pool
from providers.cache.interface import Cache
from providers.payments.interface import PaymentProvider
from tests.api.conftest import Clock
from tests.api.pages.console import entered
from tests.api.payments.test_dispute_evidence import disputed, submissions
from tests.api.salon import StaffedSalon
from tests.support import data, servers
from tests.support.sandbox import Sandbox


@pytest_asyncio.fixture
async def app(
    database: servers.Database, pool: Pool, clock: Clock, providers: Mapping[str, PaymentProvider], redis_cache: Cache
) -> AsyncIterator[FastAPI]:
    """Without TLS, as the browser of these tests expects its cookies."""
    settings = database.settings(
        temporal_address="127.0.0.1:1", cors_origins=("https://book.example", "https://app.example")
    )
    app = create_app(settings, database=pool, cache=redis_cache, payments=providers, password_rounds=4, now=clock.now)
    async with app.router.lifespan_context(app):
        yield app


async def test_dispute_page_shows_deadline_and_evidence_and_the_owner_submits_it(
    app: FastAPI, salon: StaffedSalon, pool: Pool, sandbox: Sandbox, clock: Clock
) -> None:
    path, row = await disputed(salon, pool, sandbox, clock)
    base = f"/console/{salon.ids.business_id}"
    owner = await entered(app, pool, clock, salon.ids.owner_id)
    payment = await owner.open(f"{base}{path.split('/disputes')[0]}", lang="en")
    assert "Evidence due by" in payment.text
    [address] = owner.links("/disputes/")
    assert address == f"{base}{path}"
    page = await owner.open(address)
    assert owner.heading().startswith("Dispute of ¥6,600")
    for said in ("Please submit the evidence by the deadline", "(fraudulent)", row["due_at"].strftime("%Y-%m-%dT")):
        assert said in page.text, said
    assert "capture succeeded, 6600" in page.text
    file = await owner.open(f"{address}/evidence.txt")
    assert file.headers["content-type"].startswith("text/plain")
    await owner.open(address)
    page = await owner.send(f"{address}/submit")
    assert "The evidence has been submitted" in page.text
    assert f"{address}/submit" not in page.text
    assert submissions(sandbox, row["provider_dispute_id"]) == 1
    again = await owner.send(f"{address}/submit")
    assert again.status_code == 409
    assert owner.alert()
    assert submissions(sandbox, row["provider_dispute_id"]) == 1


async def test_dispute_page_is_for_managers_of_the_business_and_the_owner_alone_submits(
    app: FastAPI, salon: StaffedSalon, pool: Pool, sandbox: Sandbox, clock: Clock
) -> None:
    path, row = await disputed(salon, pool, sandbox, clock)
    address = f"/console/{salon.ids.business_id}{path}"
    manager = await entered(app, pool, clock, await data.add_staff(pool, salon.ids.business_id, role="manager"))
    page = await manager.open(address, lang="en")
    assert "The owner can submit the evidence." in page.text
    assert "/submit" not in page.text
    assert (await manager.send(f"{address}/submit")).status_code == 403
    staff = await entered(app, pool, clock, await data.add_staff(pool, salon.ids.business_id, role="staff"))
    assert (await staff.open(address)).status_code == 403
    other = await entered(app, pool, clock, salon.other.owner_id)
    assert (await other.open(address)).status_code == 404
    assert (
        await other.open(address.replace(str(salon.ids.business_id), str(salon.other.business_id)))
    ).status_code == 404
    owner = await entered(app, pool, clock, salon.ids.owner_id)
    unknown = f"{address.rpartition('/')[0]}/{salon.ids.business_id}"
    assert (await owner.open(unknown)).status_code == 404
    assert submissions(sandbox, row["provider_dispute_id"]) == 0


async def test_dispute_page_says_what_is_left_to_do(
    app: FastAPI, salon: StaffedSalon, pool: Pool, sandbox: Sandbox, clock: Clock
) -> None:
    path, _ = await disputed(salon, pool, sandbox, clock)
    address = f"/console/{salon.ids.business_id}{path}"
    owner = await entered(app, pool, clock, salon.ids.owner_id)

    async def changed(sql: str, **values: Any) -> str:
        await data.rows(pool, f"{sql} RETURNING id", **values)
        return (await owner.open(address, lang="ja")).text

    by_hand = await changed("UPDATE booking_payments SET provider = 'payjp_v2'")
    assert "決済会社の管理画面から提出します" in by_hand
    assert "/submit" not in by_hand
    assert "PDF" not in by_hand
    await data.rows(pool, "UPDATE booking_payments SET provider = 'stripe' RETURNING id")
    late = await changed("UPDATE payment_disputes SET due_at = :at", at=clock.now() - timedelta(hours=1))
    assert "提出期限を過ぎました" in late
    assert "/submit" not in late
    assert "証拠を集めています" in await changed("UPDATE payment_disputes SET evidence = NULL")
    assert "その他（noncompliant）" in await changed("UPDATE payment_disputes SET reason = 'noncompliant'")
    lost = await changed("UPDATE payment_disputes SET status = 'lost', fee = 1500, closed_at = :at", at=clock.now())
    assert "お客様の申し立てが認められました。" in lost
    assert "1,500円" in lost
    assert "支払いが認められました。" in await changed("UPDATE payment_disputes SET status = 'won'")
