"""Customers from a file, the words of messages, and what staff see of a customer and can do to a booking."""

import base64
import re

import pytest
from httpx import Response

from db.engine.session import Database as Pool
from tests.api.pages.console import booked
from tests.api.pages.visitor import Visitor
from tests.api.salon import StaffedSalon, counted, keyed
from tests.support import data

FILE = (
    "氏名,ふりがな,電話番号,備考欄\n山田 花,やまだ はな,090-1234-5678,窓側\n"
    ",,090-0000-0000,\n佐藤 愛,さとう あい,none,\n"
)


def console(salon: StaffedSalon, path: str) -> str:
    return f"/console/{salon.ids.business_id}/{path}"


async def send_csv(owner: Visitor, salon: StaffedSalon, do: str, file: bytes | None = None, **typed: str) -> Response:
    """Send the form of the newest page as a browser does, the token first."""
    assert owner.page is not None
    hidden = dict(re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)"', owner.page.text))
    files = {"do": (None, do), **({"file": ("customers.csv", file, "text/csv")} if file is not None else {})}
    path = console(salon, "customers/import")
    answer = await owner.http.post(path, data={**hidden, **typed}, files=files, headers={"Accept": "text/html"})
    return await owner._follow(answer)


async def test_import_shows_how_a_file_is_read_and_then_takes_it_once(
    owner: Visitor, salon: StaffedSalon, pool: Pool
) -> None:
    await owner.open(console(salon, "customers"))
    await owner.open(owner.links("customers/import")[0])
    page = await send_csv(owner, salon, "check", FILE.encode("cp932"))
    assert page.status_code == 200, page.text
    assert "3 rows were read. Nothing is saved yet." in page.text
    assert "ヤマダ" in page.text
    assert "There is no name." in page.text
    assert "Phone number cannot be read and stays empty." in page.text
    assert await counted(pool, "customer_imports") == {"customer_imports": 0}
    page = await send_csv(owner, salon, "check", **{"column.3.field": "note"})
    assert "窓側" in page.text, page.text
    first = owner.page
    page = await send_csv(owner, salon, "take", **{"column.3.field": "note"})
    assert "/imports/" in str(page.url), page.text
    owner.page = first
    again = await send_csv(owner, salon, "take", **{"column.3.field": "note"})
    assert again.url == page.url
    assert await counted(pool, "customer_imports") == {"customer_imports": 1}
    report = await owner.open(page.url.path, outcome="waiting")
    assert report.status_code == 200


async def test_import_without_a_file_or_with_a_broken_one_says_so(owner: Visitor, salon: StaffedSalon) -> None:
    await owner.open(console(salon, "customers/import"))
    page = await send_csv(owner, salon, "check")
    assert page.status_code == 422
    assert owner.alert() == "Please choose a file."
    assert (await send_csv(owner, salon, "check", b"")).status_code == 422
    for content in ("not base64!", base64.b64encode(b"\x00\xff").decode()):
        page = await send_csv(owner, salon, "take", content=content)
        assert 400 <= page.status_code < 500, page.text
        assert owner.alert()


async def test_import_that_is_refused_keeps_the_file_and_the_columns(
    owner: Visitor, salon: StaffedSalon, pool: Pool
) -> None:
    """The key of the form was used for another file: the check is there again, with the sentence."""
    await owner.open(console(salon, "customers/import"))
    await send_csv(owner, salon, "check", FILE.encode())
    first = owner.page
    await send_csv(owner, salon, "take")
    owner.page = first
    page = await send_csv(owner, salon, "take", **{"column.3.field": "note"})
    assert 400 <= page.status_code < 500, page.text
    assert owner.alert()
    assert "窓側" in page.text
    assert re.search(r'<option value="note" selected>', page.text)
    page = await send_csv(owner, salon, "take", **{"column.3.field": "note"})
    assert "/imports/" in str(page.url), page.text
    assert 'http-equiv="refresh"' not in page.text
    assert "See how far it is now" in page.text


async def test_import_of_another_business_is_not_shown(owner: Visitor, salon: StaffedSalon, pool: Pool) -> None:
    body = {"business_id": str(salon.other.business_id), "file": base64.b64encode(FILE.encode()).decode()}
    answer = await salon.other_owner.post("/customers/import", json=body, headers=keyed())
    assert answer.status_code == 202, answer.text
    page = await owner.open(console(salon, f"imports/{answer.json()['data']['id']}"))
    assert page.status_code == 404


TEXT = "texts/booking_confirmed/en"


async def test_text_is_checked_saved_listed_and_reset(owner: Visitor, salon: StaffedSalon) -> None:
    await owner.open(console(salon, "setup"))
    await owner.open(owner.links("/texts")[0])
    page = await owner.open(owner.links(TEXT)[0])
    assert "{{ standard }}" in page.text
    typed = {"subject": "See you {{ short }}", "body": "{{ standard }}\n\nThe door is <blue>."}
    page = await owner.send(console(salon, TEXT), **typed, do="check")
    assert page.status_code == 200, page.text
    assert "The door is &lt;blue&gt;." in page.text
    assert "It is not saved yet." in page.text
    page = await owner.send(console(salon, TEXT), **typed, do="save")
    assert "Saved." in page.text, page.text
    assert "See you {{ short }}" in page.text
    page = await owner.open(console(salon, TEXT))
    assert "Earlier versions" in page.text
    assert "Your own words" in page.text
    page = await owner.send(console(salon, TEXT), do="reset")
    assert "Your own words" not in page.text


async def test_text_shows_every_earlier_version_whole(owner: Visitor, salon: StaffedSalon) -> None:
    """The trail has of a save only what it changed. Another language's versions are not among them."""
    await owner.open(console(salon, TEXT))
    for address, subject, body in (
        (TEXT, "First {{ short }}", "{{ standard }}\n\nOne."),
        (TEXT, "First {{ short }}", "{{ standard }}\n\nTwo."),
        (TEXT, "Third {{ short }}", "{{ standard }}\n\nTwo."),
        (TEXT.replace("/en", "/ja"), "別の件名 {{ short }}", "{{ standard }}"),
    ):
        page = await owner.send(console(salon, address), subject=subject, body=body, do="save")
        assert page.status_code == 200, page.text
        await owner.open(console(salon, TEXT))
    await owner.send(console(salon, TEXT), do="reset")
    page = await owner.open(console(salon, TEXT))
    [story] = re.findall(r'<ol class="story">.*?</ol>', page.text, re.DOTALL)
    versions = re.findall(r'<summary>(.*?)</summary><p class="prose">(.*?)</p>', story, re.DOTALL)
    assert [(subject.split()[0], body.split()[-1]) for subject, body in versions] == [
        *(("Third", "Two."), ("Third", "Two."), ("First", "Two."), ("First", "One.")),
    ]


async def test_text_that_is_refused_is_shown_again_with_its_fault(owner: Visitor, salon: StaffedSalon) -> None:
    await owner.open(console(salon, TEXT))
    for do in ("save", "check"):
        page = await owner.send(console(salon, TEXT), subject="Hello {{ nobody }}", body="No standard text", do=do)
        assert page.status_code == 422
        assert 'aria-invalid="true"' in page.text
        assert "Hello {{ nobody }}" in page.text
        assert "No standard text" in page.text


async def test_text_is_shown_as_the_message_that_is_sent(owner: Visitor, salon: StaffedSalon) -> None:
    await owner.open(console(salon, TEXT))
    page = await owner.send(console(salon, f"{TEXT}/message"), subject="See you {{ short }}", body="{{ standard }}")
    assert page.text.startswith("<!DOCTYPE html>"), page.text
    policy = page.headers["content-security-policy"]
    assert policy.startswith("default-src 'none'")
    assert policy.endswith("; sandbox")
    assert "script-src" not in policy
    assert (await owner.open(console(salon, "texts/payment_received/en"))).status_code == 404


async def test_day_and_booking_show_allergies_and_the_customer(owner: Visitor, salon: StaffedSalon, pool: Pool) -> None:
    booking = await booked(salon)
    [row] = await data.rows(pool, "SELECT customer_id FROM bookings WHERE id = :id", id=booking)
    note = {"customer_id": str(row["customer_id"]), "kind": "allergy", "body": "ラテックス"}
    assert (await salon.owner.post("/customers/notes", json=note, headers=keyed())).status_code == 201
    for path in (f"today?day={salon.at(10).date().isoformat()}", f"bookings/{booking}"):
        page = await owner.open(console(salon, path))
        assert "ラテックス" in page.text, page.text
    assert "ai@example.jp" in page.text
    assert f"/customers/{row['customer_id']}" in page.text


async def test_booking_is_cancelled_by_staff_once(owner: Visitor, salon: StaffedSalon, pool: Pool) -> None:
    """The command reaches the operation; without Temporal it answers that it is away, and what was typed stays."""
    booking = await booked(salon)
    page = await owner.open(console(salon, f"bookings/{booking}"))
    assert "The customer pays no fee and gets a message." in page.text
    page = await owner.send(console(salon, f"bookings/{booking}/cancel"), reason="停電のため")
    assert page.status_code == 503, page.text
    assert "停電のため" in page.text


@pytest.mark.parametrize("command", ["check-in", "no-show"])
async def test_buttons_of_a_visit_have_a_key(owner: Visitor, salon: StaffedSalon, command: str) -> None:
    await booked(salon)
    page = await owner.open(console(salon, "today"), day=salon.at(10).date().isoformat())
    [form] = re.findall(rf'<form method="post" action="[^"]*/{command}">.*?</form>', page.text, re.DOTALL)
    assert re.search(r'name="key" value="[^"]{20,}"', form)
