"""An API whose storage is in memory, and the workers' steps on the same one."""

from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from uuid import UUID

import pytest
import pytest_asyncio
from fastapi import FastAPI

from activities.messages.notices import NoticeActivities, NoticeSendInput
from activities.privacy.erasures import ErasureActivities, ErasureStepInput
from activities.privacy.exports import ExportActivities, ExportStepInput
from api.app import create_app
from db.engine.session import Database as Pool
from providers.channels import Channels
from providers.email.interface import Email
from tests.activities.messages.test_notices import Mailbox
from tests.api.conftest import Clock
from tests.api.privacy.person import Shelf
from tests.support import data
from tests.support.servers import Database


@pytest.fixture
def shelf() -> Shelf:
    return Shelf()


@pytest_asyncio.fixture
async def app(database: Database, pool: Pool, clock: Clock, shelf: Shelf) -> AsyncIterator[FastAPI]:
    settings = database.settings(temporal_address="127.0.0.1:1")
    app = create_app(settings, database=pool, password_rounds=4, now=clock.now, storage=shelf)  # type: ignore[arg-type]
    async with app.router.lifespan_context(app):
        yield app


@dataclass
class Hands:
    """The steps of the workers, taken one by one."""

    app: FastAPI
    pool: Pool
    clock: Clock
    shelf: Shelf
    mailbox: Mailbox = field(default_factory=Mailbox)

    @property
    def exports(self) -> ExportActivities:
        return ExportActivities(self.pool, self.shelf, self.clock.now)  # type: ignore[arg-type]

    @property
    def erasures(self) -> ErasureActivities:
        return ErasureActivities(self.pool, self.shelf, self.clock.now)  # type: ignore[arg-type]

    async def export_of(self, user_id: UUID) -> ExportStepInput:
        [row] = await data.rows(
            self.pool, "SELECT id FROM data_exports WHERE user_id = :id ORDER BY id DESC LIMIT 1", id=user_id
        )
        return ExportStepInput(row["id"], user_id)

    async def erasure_of(self, user_id: UUID) -> ErasureStepInput:
        [row] = await data.rows(self.pool, "SELECT id FROM erasures WHERE user_id = :id", id=user_id)
        return ErasureStepInput(row["id"], user_id)

    async def send_account_emails(self) -> list[Email]:
        """Send what is queued; gives what arrived by it."""
        before = len(self.mailbox.arrived)
        links = self.app.state.services.links
        sender = NoticeActivities(
            self.pool,
            Channels(self.mailbox),
            links,
            "https://omotenashi.example",
            "support@omotenashi.example",
            self.clock.now,
        )
        for row in await data.rows(
            self.pool, "SELECT id FROM notification_outbox WHERE status = 'queued' AND booking_id IS NULL ORDER BY id"
        ):
            await sender.send(NoticeSendInput(row["id"]))
        return self.mailbox.arrived[before:]


@pytest.fixture
def hands(app: FastAPI, pool: Pool, clock: Clock, shelf: Shelf) -> Hands:
    return Hands(app, pool, clock, shelf)
