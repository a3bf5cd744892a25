"""An API with a worker and a storage, and a business that its owner prepares."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import httpx
import pytest
import pytest_asyncio
from fastapi import FastAPI
from httpx import AsyncClient, Response
from temporalio.client import Client

from api.app import create_app
from api.http.envelope import Envelope
from api.v1.onboarding.verification.schemas import (
    DocumentTicketRead,
    VerificationRead,
)
from db.engine.session import Database as Pool
from providers.cache.interface import Cache
from providers.storage.interface import Storage
from providers.storage.registry import storage_provider
from runtime.settings import Settings
from runtime.temporal import connect
from tests.api.business_setup import EVERY_DAY, NAME, create_resource, create_service, rows
from tests.api.conftest import Clock, Login, Person, client_of
from tests.api.platform.audit.test_audit import make_admin
from tests.e2e.platform import running_platform
from tests.support.servers import Database, StorageServer

PDF = b"%PDF-1.7\n1 0 obj\n<<>>\nendobj\ntrailer<<>>\n%%EOF\n"
NEVER_SEEN = {"version": "0" * 32}
WHY = {"reason": "許可証の有効期限が切れています。"}


@pytest.fixture
def settings(database: Database, storage: StorageServer, temporal_server: str) -> Settings:
    where: dict[str, Any] = storage.settings()
    return database.settings(temporal_address=temporal_server, temporal_rpc_timeout=timedelta(seconds=10), **where)


@pytest_asyncio.fixture
async def temporal(settings: Settings) -> Client:
    return await connect(settings, process="test")


@pytest_asyncio.fixture
async def app(
    settings: Settings, pool: Pool, clock: Clock, temporal: Client, redis_cache: Cache
) -> AsyncIterator[FastAPI]:
    app = create_app(settings, database=pool, temporal=temporal, cache=redis_cache, password_rounds=4, now=clock.now)
    async with app.router.lifespan_context(app), running_platform(settings, temporal):
        yield app


@pytest_asyncio.fixture
async def objects(settings: Settings) -> AsyncIterator[Storage]:
    """The storage itself."""
    provider = storage_provider(settings)
    yield provider
    await provider.aclose()


@pytest_asyncio.fixture
async def client(app: FastAPI) -> AsyncIterator[AsyncClient]:
    async with client_of(app) as client:
        yield client


@pytest_asyncio.fixture
async def admin(log_in: Login, database: Database) -> Person:
    person = await log_in()
    await make_admin(person, database)
    return person


@dataclass
class Draft:
    """A business on its way."""

    id: str
    owner: Person
    database: Database

    async def post(self, path: str, **more: Any) -> Response:
        return await self.owner.post(f"/owner/businesses/{self.id}{path}", **more)

    async def verification(self) -> VerificationRead:
        answer = await self.owner.get(f"/owner/businesses/{self.id}/verification")
        assert answer.status_code == 200, answer.text
        return Envelope[VerificationRead].model_validate_json(answer.content, extra="forbid").data

    async def upload(self, kind: str, content: bytes = PDF, said: str = "application/pdf") -> Response:
        """Uploaded as a browser does, past the API."""
        answer = await self.post("/documents", json={"kind": kind, "content_type": said})
        assert answer.status_code == 201, answer.text
        ticket = Envelope[DocumentTicketRead].model_validate_json(answer.content, extra="forbid").data
        async with httpx.AsyncClient() as browser:
            sent = await browser.post(
                ticket.upload.url, data=ticket.upload.fields, files={"file": ("document", content)}
            )
        assert sent.is_success, sent.text
        return await self.post(f"/documents/{ticket.document.id}/complete")

    async def complete(self) -> None:
        """Everything that a salon needs."""
        about = {
            "postal_code": "150-0001",
            "prefecture": "東京都",
            "city": "渋谷区",
            "address": {"ja": "神宮前4丁目1-2"},
            "phone": "03-5550-0123",
        }
        changed = await self.owner.put(f"/owner/businesses/{self.id}", json=about)
        assert changed.status_code == 200, changed.text
        await self.owner.put(f"/owner/businesses/{self.id}/hours", json={"weekly": EVERY_DAY})
        staff = await create_resource(self.owner, self.id)
        await create_service(self.owner, self.id, requirements=[{"group": 0, "resource_ids": [str(staff)]}])
        for kind in ("registration", "identity", "permit"):
            answer = await self.upload(kind)
            assert answer.status_code == 200, answer.text


@pytest_asyncio.fixture
async def draft(owner: Person, database: Database) -> Draft:
    answer = await owner.post("/owner/businesses", json={"name": NAME, "vertical": "salon"})
    assert answer.status_code == 201, answer.text
    await rows(database, "UPDATE users SET email_verified_at = now() WHERE id = $1", owner.id)
    return Draft(answer.json()["data"]["id"], owner, database)


@pytest_asyncio.fixture
async def ready(draft: Draft) -> Draft:
    await draft.complete()
    return draft


async def decide(admin: Person, draft: Draft, what: str, body: Any = None, **more: Any) -> Response:
    """An operator's decision, asked for once: it works right after the submission, too."""
    if what == "approve" and body is None:
        body = {"version": await version_of(admin, draft)}
    return await admin.post(f"/admin/businesses/{draft.id}/{what}", json=body, **more)


async def version_of(admin: Person, draft: Draft) -> str:
    """What an operator looks at now."""
    return str((await admin.get(f"/admin/businesses/{draft.id}")).json()["data"]["version"])


async def seen(client: AsyncClient, draft: Draft) -> bool:
    return (await client.get(f"/api/v1/businesses/{draft.id}")).status_code == 200


async def account_emails(draft: Draft) -> list[str]:
    found = await rows(
        draft.database, "SELECT kind FROM notification_outbox WHERE user_id = $1 ORDER BY id", draft.owner.id
    )
    return [row["kind"] for row in found if row["kind"].startswith("business_")]
