"""Texts of messages that a business writes itself: list, preview, change, reset."""

from typing import Any

import pytest

from api.http.envelope import Envelope
from api.v1.messages.texts.schemas import MessageTextRead, MessageTextsRead
from domain.messages.kinds import NoticeKind
from domain.messages.texts import RULES
from tests.api.conftest import error_of, rules_of
from tests.api.salon import StaffedSalon

PATH = "/notifications/texts/booking_confirmed/ja"
OWN = {
    "subject": "{{ short }} ご予約ありがとうございます",
    "body": "{{ customer }}様\n\n{{ standard }}\n\nお待ちしています。",
}


def asked(salon: StaffedSalon) -> dict[str, str]:
    return {"business_id": str(salon.ids.business_id)}


async def test_texts_are_listed_changed_and_reset(salon: StaffedSalon) -> None:
    listed = await salon.owner.get("/notifications/texts", params=asked(salon))
    Envelope[MessageTextsRead].model_validate_json(listed.content, extra="forbid")
    texts = listed.json()["data"]["texts"]
    assert {(one["kind"], one["language"]) for one in texts} == {
        (kind.value, language) for kind in RULES for language in ("ja", "en")
    }
    assert {one["body"] for one in texts} == {None}
    changed = await salon.owner.put(PATH, params=asked(salon), json=OWN)
    Envelope[MessageTextRead].model_validate_json(changed.content, extra="forbid")
    again = (await salon.owner.get("/notifications/texts", params=asked(salon))).json()["data"]["texts"]
    assert [one for one in again if one["body"]] == [changed.json()["data"]]
    for _ in range(2):
        assert (await salon.owner.delete(PATH, params=asked(salon))).json()["data"]["body"] is None
    assert (await salon.owner.get("/notifications/texts", params=asked(salon))).json()["data"]["texts"] == texts


async def test_preview_shows_a_text_with_example_data(salon: StaffedSalon) -> None:
    body = {**asked(salon), "kind": "booking_confirmed", "language": "ja", **OWN}
    answer = await salon.owner.post("/notifications/texts/preview", json=body)
    shown = answer.json()["data"]
    assert shown["subject"] == "11月21日（土）14:00 ご予約ありがとうございます"
    assert shown["paragraphs"] == ["佐藤 愛様", "（標準の本文）", "お待ちしています。"]


async def test_preview_is_the_whole_message_in_the_colour_of_the_business(salon: StaffedSalon) -> None:
    await salon.owner.put(
        "/notifications/brand", params=asked(salon), json={"colour": "#7a3b69", "logo_media_id": None}
    )
    body = {**asked(salon), "kind": "booking_confirmed", "language": "ja", **OWN}
    shown = (await salon.owner.post("/notifications/texts/preview", json=body)).json()["data"]
    for whole in (shown["text"], shown["html"]):
        assert "お待ちしています。" in whole
        assert "ご予約が確定いたしました" in whole, "the platform's own paragraphs stand in their place"
        assert "A7C9DFHK" in whole
        assert "（標準の本文）" not in whole
    assert "#7a3b69" in shown["html"]


@pytest.mark.parametrize(
    ("change", "wrong"),
    [
        ({"subject": "ようこそ"}, {("subject", "time_missing")}),
        ({"body": "お待ちしています。"}, {("body", "standard_text_missing")}),
        ({"body": "{{ standard }} {{ code }}"}, {("body", "unknown_variable")}),
        ({"body": "{{ standard }} {% for x in y %}"}, {("body", "variables_only")}),
        ({"body": "{{ standard }} https://evil.example"}, {("body", "link")}),
        ({"subject": "{{ short }} evil.com"}, {("subject", "link")}),
    ],
)
async def test_texts_that_lose_something_or_lead_away_are_refused(
    salon: StaffedSalon, change: dict[str, Any], wrong: set[tuple[str, str]]
) -> None:
    answer = await salon.owner.put(PATH, params=asked(salon), json={**OWN, **change})
    assert rules_of(answer) == wrong
    preview = {**asked(salon), "kind": "booking_confirmed", "language": "ja", **OWN, **change}
    assert rules_of(await salon.owner.post("/notifications/texts/preview", json=preview)) == wrong
    listed = (await salon.owner.get("/notifications/texts", params=asked(salon))).json()["data"]["texts"]
    assert {one["body"] for one in listed} == {None}


@pytest.mark.parametrize("kind", ["payment_refunded", "booking_proof", "review_decided"])
async def test_texts_of_the_platform_stay(salon: StaffedSalon, kind: str) -> None:
    path = f"/notifications/texts/{kind}/ja"
    assert rules_of(await salon.owner.put(path, params=asked(salon), json=OWN)) == {
        ("kind", "platform_writes_this_text")
    }
    assert NoticeKind(kind) not in RULES


async def test_texts_are_written_by_managers_alone(salon: StaffedSalon) -> None:
    for person in (salon.staff, salon.assistant):
        assert error_of(await person.put(PATH, params=asked(salon), json=OWN)) == (403, "forbidden")
    assert error_of(await salon.other_owner.put(PATH, params=asked(salon), json=OWN)) == (404, "not_found")
    assert error_of(await salon.other_owner.delete(PATH, params=asked(salon))) == (404, "not_found")
