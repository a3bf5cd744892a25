"""Campaigns and automations over HTTP: who may, what is refused, and what an owner sees."""

from typing import Any
from urllib.parse import urlsplit
from uuid import UUID

import pytest
from fastapi import FastAPI
from httpx import AsyncClient

from api.access.guest_links import MESSAGE_HEADER
from api.http.envelope import Envelope
from api.v1.marketing.campaigns.schemas import CampaignPreviewRead, CampaignRead, CampaignResultsRead
from db.engine.session import Database as Pool
from tests.api.business_setup import open_salon
from tests.api.conftest import PREFIX, Login, Person, client_of, error_of, rules_of
from tests.db.marketing.making import all_pages, complete_profile, willing
from tests.support import data
from tests.support.data import Salon

TEXTS = {"ja": {"subject": "{{ business }}より", "body": "{{ customer }}様\n\nお待ちしています。"}}


async def written(owner: Person, salon: Any, **more: Any) -> dict[str, Any]:
    body = {"business_id": str(salon.id), "name": "夏", "texts": TEXTS, **more}
    answer = await owner.post("/campaigns", json=body)
    assert answer.status_code == 201, answer.text
    Envelope[CampaignRead].model_validate_json(answer.content, extra="forbid")
    found: dict[str, Any] = answer.json()["data"]
    return found


def as_salon(owner: Person, salon: Any) -> Salon:
    return Salon(salon.id, owner.id, (salon.id, salon.id), salon.id, salon.id, salon.id, owner.id)


async def test_campaign_is_written_previewed_tested_and_started(owner: Person, pool: Pool) -> None:
    salon = await open_salon(pool, owner)
    whole = as_salon(owner, salon)
    reader = await willing(pool, whole, tags=["VIP"])
    await data.add_customer(pool, salon.id, tags=["VIP"])
    campaign = await written(owner, salon, segment={"tags": ["ＶＩＰ"]})
    path = f"/campaigns/{campaign['id']}"
    assert (campaign["status"], campaign["segment"]["tags"], campaign["texts"]["en"]) == ("draft", ["VIP"], None)
    shown = await owner.get(f"{path}/preview")
    Envelope[CampaignPreviewRead].model_validate_json(shown.content, extra="forbid")
    preview = shown.json()["data"]
    assert (preview["matching"], preview["recipients"]) == (2, 1)
    assert [one["id"] for one in preview["sample"]] == [str(reader)]
    assert preview["rendered"][0]["paragraphs"] == ["佐藤 愛様", "お待ちしています。"]

    bare = await owner.post(f"{path}/start", json={})
    assert error_of(bare) == (422, "sender_incomplete")
    assert bare.json()["error"]["details"]["missing"]
    await complete_profile(pool, whole)
    tested = await owner.post(f"{path}/test", json={"language": "en"}, headers={"Idempotency-Key": "same-key-0001"})
    again = await owner.post(f"{path}/test", json={"language": "en"}, headers={"Idempotency-Key": "same-key-0001"})
    assert (tested.status_code, again.json()["data"]) == (202, tested.json()["data"])
    [notice] = await data.rows(pool, "SELECT user_id, kind FROM notification_outbox WHERE kind = 'campaign_message'")
    assert notice["user_id"] == owner.id

    changed = await owner.put(path, json={"name": "秋", "segment": {}})
    assert (changed.json()["data"]["name"], changed.json()["data"]["segment"]["tags"]) == ("秋", [])
    begun = await owner.post(f"{path}/start", json={})
    assert (begun.status_code, begun.json()["data"]["status"]) == (200, "scheduled")
    for refused in (
        await owner.post(f"{path}/start", json={}),
        await owner.put(path, json={"name": "冬"}),
        await owner.delete(path),
    ):
        assert error_of(refused) == (409, "wrong_state")
    results = await owner.get(f"{path}/results")
    Envelope[CampaignResultsRead].model_validate_json(results.content, extra="forbid")
    assert results.json()["data"]["opened"] is None
    [entry] = await data.rows(
        pool, "SELECT actor_id FROM audit_logs WHERE entity = 'campaigns' AND action = 'insert' LIMIT 1"
    )
    assert entry["actor_id"] == owner.id


@pytest.mark.parametrize(
    ("change", "wrong"),
    [
        ({"texts": {"ja": {"subject": "{{ phone }}", "body": "x"}}}, ("texts.ja.subject", "unknown_variable")),
        ({"texts": {"ja": {"subject": "s", "body": "{% if x %}"}}}, ("texts.ja.body", "variables_only")),
        ({"texts": {}}, ("texts", "no_text")),
        ({"segment": {"spent_from": 10, "spent_to": 5}}, ("segment.spent_to", "nobody_left")),
    ],
)
async def test_campaign_refuses_what_cannot_be_sent(
    owner: Person, pool: Pool, change: dict[str, Any], wrong: tuple[str, str]
) -> None:
    salon = await open_salon(pool, owner)
    body = {"business_id": str(salon.id), "name": "夏", "texts": TEXTS, **change}
    assert rules_of(await owner.post("/campaigns", json=body)) == {wrong}


async def test_campaign_is_for_owner_and_manager(owner: Person, other_owner: Person, log_in: Login, pool: Pool) -> None:
    salon = await open_salon(pool, owner)
    campaign = await written(owner, salon)
    staff, manager = await log_in(), await log_in()
    await data.add_staff(pool, salon.id, staff.id)
    await data.add_staff(pool, salon.id, manager.id, role="manager")
    for path in ("", "/preview", "/results"):
        assert error_of(await staff.get(f"/campaigns/{campaign['id']}{path}")) == (403, "forbidden")
        assert error_of(await other_owner.get(f"/campaigns/{campaign['id']}{path}")) == (404, "not_found")
        assert (await manager.get(f"/campaigns/{campaign['id']}{path}")).status_code == 200
    assert error_of(await staff.post(f"/campaigns/{campaign['id']}/start", json={})) == (403, "forbidden")
    assert error_of(await other_owner.post(f"/campaigns/{campaign['id']}/start", json={})) == (404, "not_found")
    assert (await manager.delete(f"/campaigns/{campaign['id']}")).status_code == 200


async def test_campaign_without_a_run_takes_no_command(owner: Person, pool: Pool) -> None:
    salon = await open_salon(pool, owner)
    campaign = await written(owner, salon)
    assert error_of(await owner.post(f"/campaigns/{campaign['id']}/pause")) == (409, "wrong_state")


async def test_unsubscribe_under_a_campaign_withdraws_the_consent(
    app: FastAPI, owner: Person, pool: Pool, client: AsyncClient
) -> None:
    salon = await open_salon(pool, owner)
    whole = as_salon(owner, salon)
    await complete_profile(pool, whole)
    reader = await willing(pool, whole)
    campaign = UUID((await written(owner, salon))["id"])
    await owner.post(f"/campaigns/{campaign}/start", json={})
    await data.rows(pool, "UPDATE campaigns SET starts_at = '2026-11-24T03:00:00Z'")
    assert await all_pages(pool, whole, campaign) == 1
    [notice] = await data.rows(pool, "SELECT id FROM notification_outbox WHERE customer_id = :id", id=reader)
    links = app.state.services.message_links
    async with client_of(app, **{MESSAGE_HEADER: links.token(notice["id"])}) as guest:
        for _ in range(2):
            answer = await guest.post(f"{PREFIX}/notifications/{notice['id']}/unsubscribe")
            assert answer.json()["data"]["consents"][0]["granted"] is False, answer.text
    said = await data.rows(
        pool, "SELECT granted, source, notice_id FROM consents WHERE customer_id = :id ORDER BY id", id=reader
    )
    assert [(one["granted"], one["source"]) for one in said] == [(True, "staff"), (False, "one_click")]
    assert said[1]["notice_id"] == notice["id"]
    assert urlsplit(links.url(notice["id"])).path.startswith("/messages/")


async def test_automation_is_written_and_switched_on(owner: Person, other_owner: Person, pool: Pool) -> None:
    salon = await open_salon(pool, owner)
    body = {"business_id": str(salon.id), "kind": "no_visit", "texts": TEXTS}
    made = await owner.post("/automations", json=body)
    assert (made.status_code, made.json()["data"]["days"], made.json()["data"]["enabled"]) == (201, 90, False)
    path = f"/automations/{made.json()['data']['id']}"
    twice = await owner.post("/automations", json=body)
    assert error_of(twice) == (409, "conflict")
    assert "already" in twice.json()["message"]
    assert rules_of(await owner.put(path, json={"days": 3})) == {("days", "days_of_kind")}
    assert error_of(await owner.put(path, json={"enabled": True})) == (422, "sender_incomplete")
    await complete_profile(pool, as_salon(owner, salon))
    on = await owner.put(path, json={"enabled": True})
    assert on.json()["data"]["enabled_at"] is not None
    assert (await owner.get(f"{path}/dry-run")).json()["data"] == []
    assert (await owner.get(f"{path}/results")).json()["data"]["recipients"] == 0
    assert error_of(await other_owner.get(f"{path}/dry-run")) == (404, "not_found")
    assert (await owner.delete(path)).status_code == 200
    assert error_of(await owner.get(path)) == (404, "not_found")
    assert len(await data.rows(pool, "SELECT 1 FROM outbox WHERE command = 'automation.changed'")) == 2
