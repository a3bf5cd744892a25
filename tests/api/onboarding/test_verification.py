"""A business is let in the way an owner and an operator live it: over HTTP, through the real workflow and storage."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import uuid4

import httpx
import pytest
import pytest_asyncio
from fastapi import FastAPI
from httpx import AsyncClient, Response
from temporalio.client import Client

from api.app import create_app
from api.http.envelope import Envelope, ListEnvelope
from api.v1.onboarding.verification.schemas import (
    BusinessUnderReviewRead,
    DocumentRead,
    DocumentTicketRead,
    SuspendedRead,
    VerificationRead,
)
from db.engine.session import Database as Pool
from domain.businesses.profile import IDENTITY
from providers.cache.interface import Cache
from runtime.settings import Settings
from runtime.temporal import connect
from tests.api.conftest import Clock, Login, Person, client_of, error_of
from tests.api.platform.audit.test_audit import make_admin
from tests.api.venues import EVERY_DAY, NAME, create_resource, create_service, rows
from tests.e2e.platform import running_platform
from tests.support import pictures
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

    async def standing(self) -> VerificationRead:
        answer = await self.owner.get(f"/owner/businesses/{self.id}/verification")
        assert answer.status_code == 200, answer.text
        return Envelope[VerificationRead].model_validate_json(answer.content, extra="forbid").data

    async def paper(self, kind: str, content: bytes = PDF, said: str = "application/pdf") -> Response:
        """Uploaded as a browser does, past the API."""
        answer = await self.post("/documents", json={"kind": kind, "content_type": said})
        assert answer.status_code == 201, answer.text
        ticket = Envelope[DocumentTicketRead].model_validate_json(answer.content, extra="forbid").data
        async with httpx.AsyncClient() as browser:
            sent = await browser.post(ticket.upload.url, data=ticket.upload.fields, files={"file": ("paper", content)})
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
        await rows(self.database, "UPDATE users SET email_verified_at = now() WHERE id = $1", self.owner.id)
        for kind in ("registration", "identity", "permit"):
            answer = await self.paper(kind)
            assert answer.status_code == 200, answer.text


@pytest_asyncio.fixture
async def draft(owner: Person, database: Database) -> Draft:
    answer = await owner.post("/owner/businesses", json={"name": NAME, "vertical": "salon"})
    assert answer.status_code == 201, answer.text
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


async def test_submit_says_at_once_all_that_is_missing(draft: Draft) -> None:
    answer = await draft.post("/submit")
    assert error_of(answer) == (422, "verification_incomplete")
    absent = answer.json()["error"]["details"]["missing"]
    assert absent == (await draft.standing()).missing
    assert {"phone", "hours", "active_service", "owner_email_verified", "document.permit"} <= set(absent)
    assert "legal_notice" not in absent  # nothing is paid online
    assert await rows(draft.database, "SELECT 1 FROM business_verifications") == []


async def test_approved_and_public(ready: Draft, admin: Person, client: AsyncClient) -> None:
    submitted = await ready.post("/submit")
    assert submitted.status_code == 200, submitted.text
    assert (await ready.standing()).status == "pending"
    assert not await seen(client, ready)
    approved = await decide(admin, ready, "approve")
    read = Envelope[VerificationRead].model_validate_json(approved.content, extra="forbid").data
    assert read.review is not None
    assert (read.status, read.review.status) == ("approved", "approved")
    assert await seen(client, ready)
    assert [each.decision for each in (await ready.standing()).decisions] == ["submitted", "approved"]
    assert await account_emails(ready) == ["business_submitted", "business_approved"]


async def test_asked_back_answered_and_approved(ready: Draft, admin: Person, client: AsyncClient) -> None:
    await ready.post("/submit")
    asked = await decide(admin, ready, "request-info", WHY)
    assert asked.json()["data"]["review"]["status"] == "info_requested"
    assert (await ready.standing()).decisions[-1].reason == WHY["reason"]
    again = await ready.post("/submit")
    assert again.json()["data"]["review"]["status"] == "waiting"
    assert (await decide(admin, ready, "approve")).status_code == 200
    assert await account_emails(ready) == [
        *("business_submitted", "business_info_requested", "business_submitted", "business_approved")
    ]


async def test_rejected_and_submitted_again(ready: Draft, admin: Person, client: AsyncClient) -> None:
    await ready.post("/submit")
    assert (await decide(admin, ready, "reject", WHY)).json()["data"]["status"] == "rejected"
    assert not await seen(client, ready)
    assert (await ready.post("/submit")).status_code == 200
    assert (await decide(admin, ready, "approve")).json()["data"]["status"] == "approved"
    assert await seen(client, ready)


async def test_approval_is_refused_for_what_went_missing_since(ready: Draft, admin: Person) -> None:
    await ready.post("/submit")
    await rows(ready.database, "UPDATE businesses SET phone = NULL WHERE id = $1", ready.id)
    refused = await decide(admin, ready, "approve")
    assert error_of(refused) == (422, "verification_incomplete")
    assert refused.json()["error"]["details"] == {"missing": ["phone"]}
    assert (await ready.standing()).status == "pending"


async def test_decisions_where_there_is_none_to_take(ready: Draft, admin: Person) -> None:
    assert error_of(await admin.post(f"/admin/businesses/{ready.id}/approve", json=NEVER_SEEN)) == (409, "wrong_state")
    assert error_of(await admin.post(f"/admin/businesses/{ready.id}/reinstate")) == (409, "wrong_state")
    assert error_of(await admin.post(f"/admin/businesses/{ready.id}/reject", json={})) == (422, "invalid_input")
    await ready.post("/submit")
    assert error_of(await ready.post("/submit")) == (409, "wrong_state")
    await decide(admin, ready, "approve")
    assert error_of(await decide(admin, ready, "approve")) == (409, "wrong_state")
    assert error_of(await admin.post(f"/admin/businesses/{uuid4()}/approve", json=NEVER_SEEN)) == (404, "not_found")


async def test_repeated_approval_is_answered_alike(ready: Draft, admin: Person) -> None:
    await ready.post("/submit")
    keyed = {"Idempotency-Key": "once"}
    first = await decide(admin, ready, "approve", headers=keyed)
    again = await decide(admin, ready, "approve", headers=keyed)
    assert (first.status_code, again.content) == (200, first.content)
    assert len(await account_emails(ready)) == 2


async def test_document_swapped_since_the_operator_looked_is_not_approved(ready: Draft, admin: Person) -> None:
    await ready.post("/submit")
    looked_at = {"version": await version_of(admin, ready)}
    old = next(each for each in (await ready.standing()).documents if each.kind == "permit")
    assert (await ready.owner.delete(f"/owner/businesses/{ready.id}/documents/{old.id}")).status_code == 200
    assert (await ready.paper("permit")).status_code == 200
    refused = await decide(admin, ready, "approve", looked_at)
    assert error_of(refused) == (409, "conflict")
    assert refused.json()["error"]["details"] == {"rule": "changed_since_seen"}
    await ready.owner.put(f"/owner/businesses/{ready.id}", json={"name": {"ja": "みらい銀行"}})
    second = {"version": await version_of(admin, ready)}
    await ready.owner.put(f"/owner/businesses/{ready.id}", json={"name": NAME})
    assert error_of(await decide(admin, ready, "approve", second)) == (409, "conflict")
    assert (await ready.standing()).status == "pending"
    judged = {"documents": [{"document_id": str((await ready.standing()).documents[0].id), "status": "accepted"}]}
    version = {"version": await version_of(admin, ready)}
    review = (await ready.standing()).review
    assert review is not None
    assert (await admin.put(f"/admin/verifications/{review.id}", json=judged)).status_code == 200
    assert (await decide(admin, ready, "approve", version)).status_code == 200, "the operator's own note is no change"


#: Every way in which an approved business may turn into another one.
OTHER_IDENTITY = {
    "email": "hello@mirai-bank.example",
    "name": {"ja": "みらい銀行", "en": "Mirai Bank"},
    "address": {"ja": "丸の内1丁目1-1"},
    "postal_code": "100-0005",
    "prefecture": "大阪府",
    "city": "千代田区",
    "phone": "03-5550-9999",
    "invoice_number": "T7123456789012",
    "legal_notice": {"ja": "販売業者 みらい銀行"},
    "vertical": "fitness",
}


def test_identity_columns_are_all_tried() -> None:
    assert set(OTHER_IDENTITY) == IDENTITY


async def test_approved_business_with_another_identity_is_reviewed_again(
    ready: Draft, admin: Person, client: AsyncClient
) -> None:
    await ready.post("/submit")
    await decide(admin, ready, "approve")
    path = f"/owner/businesses/{ready.id}"
    assert (await ready.owner.put(path, json={"description": {"ja": "駅から5分"}})).status_code == 200
    assert (await ready.owner.put(path, json={"name": NAME})).status_code == 200, "the same name is no change"
    assert (await ready.standing()).review.status == "approved"  # type: ignore[union-attr]
    for name, value in OTHER_IDENTITY.items():
        changed = await ready.owner.put(path, json={name: value})
        assert changed.status_code == 200, changed.text
        standing = await ready.standing()
        assert standing.review is not None
        assert (standing.status, standing.review.status) == ("approved", "waiting"), name
        assert await seen(client, ready), "it stays open meanwhile"
        done = await decide(admin, ready, "approve")
        assert done.json()["data"]["review"]["status"] == "approved", name
        assert (await ready.standing()).status == "approved"
    decisions = [each.decision for each in (await ready.standing()).decisions]
    assert decisions.count("identity_changed") == len(OTHER_IDENTITY)
    await ready.owner.put(path, json={"name": {"ja": "さくら銀行"}})
    await ready.owner.put(path, json={"phone": "03-5550-1111"})  # one review for both
    assert (await decide(admin, ready, "reject", WHY)).json()["data"]["status"] == "suspended"
    assert not await seen(client, ready)
    assert (await account_emails(ready))[-2:] == ["business_approved", "business_suspended"]


async def test_suspension_stops_new_bookings_and_lists_those_that_stand(
    ready: Draft, admin: Person, client: AsyncClient
) -> None:
    await ready.post("/submit")
    await decide(admin, ready, "approve")
    answer = await admin.post(f"/admin/businesses/{ready.id}/suspend", json=WHY)
    suspended = Envelope[SuspendedRead].model_validate_json(answer.content, extra="forbid").data
    assert (suspended.status, suspended.bookings) == ("suspended", [])
    assert not await seen(client, ready)
    assert error_of(await admin.post(f"/admin/businesses/{ready.id}/suspend", json=WHY)) == (409, "wrong_state")
    back = await admin.post(f"/admin/businesses/{ready.id}/reinstate")
    assert back.json()["data"]["status"] == "approved"
    assert await seen(client, ready)
    assert (await account_emails(ready))[-2:] == ["business_suspended", "business_reinstated"]


async def test_decisions_are_for_operators_alone(ready: Draft, owner: Person, customer: Person) -> None:
    base = f"/admin/businesses/{ready.id}"
    for path, body in (
        ("approve", NEVER_SEEN),
        ("reject", WHY),
        ("request-info", WHY),
        ("suspend", WHY),
        ("reinstate", None),
    ):
        assert error_of(await owner.post(f"{base}/{path}", json=body)) == (403, "forbidden")
        assert error_of(await customer.post(f"{base}/{path}", json=body)) == (404, "not_found")
    assert error_of(await owner.get("/admin/businesses")) == (403, "forbidden")
    assert error_of(await owner.get(base)) == (403, "forbidden")
    assert error_of(await customer.get(f"/owner/businesses/{ready.id}/verification")) == (404, "not_found")


async def test_operators_list(ready: Draft, admin: Person) -> None:
    assert (await admin.get("/admin/businesses", params={"review_status": "waiting"})).json()["data"] == []
    await ready.post("/submit")
    answer = await admin.get("/admin/businesses", params={"status": "pending", "review_status": "waiting"})
    (line,) = ListEnvelope[BusinessUnderReviewRead].model_validate_json(answer.content, extra="forbid").data
    assert (str(line.id), line.status, line.review_status) == (ready.id, "pending", "waiting")


# -- documents ---------------------------------------------------------------------------------------------------------


async def test_documents_are_read_and_judged_by_operators_alone(ready: Draft, admin: Person) -> None:
    await ready.post("/submit")
    standing = await ready.standing()
    assert [paper.url for paper in standing.documents] == [None] * 3
    whole = (await admin.get(f"/admin/businesses/{ready.id}")).json()["data"]
    async with httpx.AsyncClient() as browser:
        read = await browser.get(whole["documents"][0]["url"])
    assert (read.content, read.headers["content-type"]) == (PDF, "application/pdf")
    assert "attachment" in read.headers["content-disposition"]
    paper, review = whole["documents"][2]["id"], whole["review"]["id"]
    body = {"note": "電話で確認", "documents": [{"document_id": paper, "status": "refused", "note": "期限切れ"}]}
    judged = (await admin.put(f"/admin/verifications/{review}", json=body)).json()["data"]
    assert judged["review"]["note"] == "電話で確認"
    assert judged["missing"] == ["document.permit"]
    mine = await ready.standing()
    assert mine.review is not None
    assert (mine.review.note, mine.documents[2].status, mine.documents[2].note) == (None, "refused", "期限切れ")


async def test_paper_must_be_what_it_says(draft: Draft) -> None:
    answer = await draft.paper("permit", b"<svg onload='alert(1)'/>")
    assert error_of(answer) == (415, "unsupported_media_type")
    picture = await draft.paper("permit", pictures.picture(), "application/pdf")
    assert error_of(picture) == (415, "unsupported_media_type")
    assert (await draft.standing()).documents == []
    good = await draft.paper("permit", pictures.picture(), "image/jpeg")
    read = Envelope[DocumentRead].model_validate_json(good.content, extra="forbid").data
    assert (read.status, read.content_type) == ("received", "image/jpeg")


async def test_paper_cannot_be_swapped_after_it_was_looked_at(draft: Draft, admin: Person) -> None:
    answer = await draft.post("/documents", json={"kind": "permit", "content_type": "application/pdf"})
    ticket = Envelope[DocumentTicketRead].model_validate_json(answer.content, extra="forbid").data
    async with httpx.AsyncClient() as browser:

        async def send(content: bytes) -> bool:
            form, file = ticket.upload.fields, {"file": ("paper", content)}
            return (await browser.post(ticket.upload.url, data=form, files=file)).is_success

        assert await send(PDF)
        assert (await draft.post(f"/documents/{ticket.document.id}/complete")).status_code == 200
        assert await send(PDF + b"another")  # the ticket is good for its time
        whole = (await admin.get(f"/admin/businesses/{draft.id}")).json()["data"]
        assert (await browser.get(whole["documents"][0]["url"])).content == PDF


async def test_business_sends_only_so_many_documents(draft: Draft, settings: Settings) -> None:
    fill = (
        "INSERT INTO business_documents (business_id, kind, content_type, object_key)"
        " SELECT $1::uuid, 'permit', 'application/pdf', 'in/' || n FROM generate_series(2, $2) n"
    )
    await rows(draft.database, fill, draft.id, settings.documents_per_business)
    body = {"kind": "permit", "content_type": "application/pdf"}
    assert (await draft.post("/documents", json=body)).status_code == 201
    refused = await draft.post("/documents", json=body)
    assert error_of(refused) == (422, "rule_broken")
    assert refused.json()["error"]["details"]["rule"] == "too_many_documents"


async def test_paper_that_never_came(draft: Draft) -> None:
    answer = await draft.post("/documents", json={"kind": "permit", "content_type": "application/pdf"})
    document = answer.json()["data"]["document"]["id"]
    assert error_of(await draft.post(f"/documents/{document}/complete")) == (409, "wrong_state")
    assert (await draft.standing()).documents == []


async def test_document_is_withdrawn(ready: Draft, log_in: Login) -> None:
    document = (await ready.standing()).documents[0]
    path = f"/owner/businesses/{ready.id}/documents/{document.id}"
    other_person = await log_in()
    assert error_of(await other_person.delete(path)) == (404, "not_found")
    assert (await ready.owner.delete(path)).status_code == 200
    assert error_of(await ready.owner.delete(path)) == (404, "not_found")
    assert (await ready.standing()).missing == ["document.registration"]
