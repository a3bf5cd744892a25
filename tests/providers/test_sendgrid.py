"""The SendGrid adapter over HTTP with the real SDK: sending a message, and the delivery events about it."""

import base64
import json
import logging
import time
from datetime import UTC, datetime, timedelta

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import load_pem_private_key
from pydantic import SecretStr

from domain.errors import ForgedWebhook
from domain.messages.delivery import DeliveryEvent
from providers.email.interface import Attachment, Email
from providers.email.registry import email_provider
from providers.email.sendgrid import SIGNATURE_HEADER, TIMESTAMP_HEADER, SendGridEmail
from providers.errors import OutcomeUnknown, ProviderRefused, ProviderUnavailable
from tests.support.sandbox import Receiver, Sandbox, free_port

ICS = "BEGIN:VCALENDAR\r\nSUMMARY:カット\r\nEND:VCALENDAR\r\n".encode()


def email(to: str = "hanako@example.jp", **changes: object) -> Email:
    values: dict[str, object] = {
        "to": to,
        "from_name": "ヘアサロン花",
        "reply_to": "hello@salon-hana.example",
        "subject": "ご予約が確定しました（山田様）😊",
        "text": "明日 10:00 にお待ちしております。",
        "html": "<p>明日 <b>10:00</b> にお待ちしております。</p>",
        "notice_id": "n-1",
        "language": "ja",
        "attachments": (Attachment("予約.ics", "text/calendar; charset=utf-8", ICS),),
    }
    return Email(**(values | changes))  # type: ignore[arg-type]


async def test_message_arrives_as_it_was_written(mail: SendGridEmail, sandbox: Sandbox) -> None:
    message_id = await mail.send(email())
    [message] = sandbox.get("/mailbox.json", to="hanako@example.jp")["messages"]
    assert message["id"] == message_id
    assert (message["from"], message["to"]) == ("no-reply@omotenashi.example", "hanako@example.jp")
    assert (message["from_name"], message["reply_to"]) == ("ヘアサロン花", "hello@salon-hana.example")
    assert message["subject"] == "ご予約が確定しました（山田様）😊"
    assert message["text"] == "明日 10:00 にお待ちしております。"
    assert message["html"] == "<p>明日 <b>10:00</b> にお待ちしております。</p>"
    assert message["custom_args"] == {"notice_id": "n-1"}
    assert message["headers"] == {"Content-Language": "ja"}
    [attachment] = message["attachments"]
    assert (attachment["filename"], attachment["type"]) == ("予約.ics", "text/calendar; charset=utf-8")
    assert base64.b64decode(attachment["content"]) == ICS


async def test_message_without_html_or_files_arrives(mail: SendGridEmail, sandbox: Sandbox) -> None:
    await mail.send(email(html="", attachments=()))
    [message] = sandbox.get("/mailbox.json")["messages"]
    assert (message["html"], message["attachments"]) == ("", [])


async def test_mailbox_shows_it_to_people(mail: SendGridEmail, sandbox: Sandbox) -> None:
    message_id = await mail.send(email())
    await mail.send(email("taro@example.jp", subject="<script>alert(1)</script>"))
    listing = sandbox.http.get(sandbox.url + "/mailbox").text
    assert "ご予約が確定しました（山田様）😊" in listing
    assert "<script>" not in listing
    assert listing.index("taro@example.jp") < listing.index("ご予約が確定しました")
    only = sandbox.http.get(sandbox.url + "/mailbox", params={"to": "taro@example.jp"}).text
    assert "ご予約が確定しました" not in only
    page = sandbox.http.get(f"{sandbox.url}/mailbox/{message_id}").text
    assert "明日 10:00 にお待ちしております。" in page
    assert "<iframe sandbox " in page
    inner = sandbox.http.get(f"{sandbox.url}/mailbox/{message_id}/html")
    assert inner.text == "<p>明日 <b>10:00</b> にお待ちしております。</p>"
    assert "sandbox" in inner.headers["content-security-policy"]
    file = sandbox.http.get(f"{sandbox.url}/mailbox/{message_id}/attachments/0")
    assert file.content == ICS
    assert file.headers["content-type"] == "text/calendar; charset=utf-8"
    assert file.headers["content-disposition"].startswith("attachment;")


@pytest.mark.parametrize(
    ("fault", "error", "reason"),
    [("rate_limited", ProviderUnavailable, "http_429"), ("error_500", OutcomeUnknown, "http_500")],
)
async def test_failure_has_its_reason_and_nothing_was_sent(
    mail: SendGridEmail, sandbox: Sandbox, fault: str, error: type[OutcomeUnknown], reason: str
) -> None:
    sandbox.fault("mail.send", fault)
    with pytest.raises(error) as failure:
        await mail.send(email())
    assert failure.value.reason == reason
    assert sandbox.get("/mailbox.json")["messages"] == []
    assert await mail.send(email())


async def test_time_out_leaves_the_outcome_open(sandbox: Sandbox) -> None:
    mail = SendGridEmail(sandbox.settings(provider_timeout=timedelta(milliseconds=300)))
    sandbox.fault("mail.send", "timeout_after_success", seconds=2)
    with pytest.raises(OutcomeUnknown) as failure:
        await mail.send(email())
    assert failure.value.reason == "timeout"
    # It was sent all the same: only the mailbox knows.
    assert len(sandbox.get("/mailbox.json")["messages"]) == 1
    await mail.aclose()


async def test_refused_connection_means_that_nothing_was_sent(sandbox: Sandbox) -> None:
    mail = SendGridEmail(sandbox.settings(sendgrid_base_url=f"http://127.0.0.1:{free_port()}"))
    with pytest.raises(ProviderUnavailable):
        await mail.send(email())
    await mail.aclose()


#: What the SDK's own message builder takes for an API key; a business may have such a name.
LIKE_A_KEY = "SG.Nail.Lab"


@pytest.mark.parametrize("field", ["from_name", "subject", "text", "html"])
async def test_text_that_looks_like_an_api_key_is_sent(mail: SendGridEmail, sandbox: Sandbox, field: str) -> None:
    await mail.send(email(**{field: f"{LIKE_A_KEY}, bookings"}))
    [message] = sandbox.get("/mailbox.json")["messages"]
    assert message[field] == f"{LIKE_A_KEY}, bookings"


async def test_message_that_nobody_can_answer_has_no_reply_address(mail: SendGridEmail, sandbox: Sandbox) -> None:
    await mail.send(email(reply_to=None))
    [message] = sandbox.get("/mailbox.json")["messages"]
    assert message["reply_to"] is None


@pytest.mark.parametrize("changes", [{"to": "nobody"}, {"to": "no body@"}, {"subject": ""}, {"text": "", "html": ""}])
async def test_unreadable_message_is_refused(mail: SendGridEmail, sandbox: Sandbox, changes: dict[str, object]) -> None:
    with pytest.raises(ProviderRefused):
        await mail.send(email(**changes))  # type: ignore[arg-type]


async def test_wrong_key_fails_no_message_and_is_not_logged(sandbox: Sandbox, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    mail = SendGridEmail(sandbox.settings(sendgrid_api_key=SecretStr("SG.other-secret")))
    with pytest.raises(ProviderUnavailable) as refused:
        await mail.send(email())
    assert refused.value.reason == "http_401"
    assert refused.value.__context__ is None
    assert "SG.other-secret" not in caplog.text + repr(mail)
    assert "hanako" not in caplog.text
    await mail.aclose()


@pytest.mark.parametrize(
    ("to", "expected"),
    [
        ("hanako@example.jp", [DeliveryEvent.PROCESSED, DeliveryEvent.DELIVERED]),
        ("bounce@example.jp", [DeliveryEvent.PROCESSED, DeliveryEvent.BOUNCED]),
        ("drop@example.jp", [DeliveryEvent.DROPPED]),
    ],
)
async def test_webhook_reports_each_delivery_event(
    mail: SendGridEmail, receiver: Receiver, to: str, expected: list[DeliveryEvent]
) -> None:
    await mail.send(email(to, notice_id="n-7"))
    events = [one for got in await receiver.wait(len(expected)) for one in mail.parse_webhook(got.body, got.headers)]
    assert sorted(one.event for one in events) == sorted(expected)
    assert {one.notice_id for one in events} == {"n-7"}
    assert len({one.id for one in events}) == len(events)
    assert all(abs(datetime.now(UTC) - one.at) < timedelta(minutes=1) for one in events)
    reasons = {one.event: one.reason for one in events}
    assert reasons.get(DeliveryEvent.BOUNCED) in {None, "550 5.1.1 no such user"}


BODY = json.dumps(
    [
        {"sg_event_id": "e-1", "event": "delivered", "timestamp": 1_700_000_000, "notice_id": "n-1"},
        {"sg_event_id": "e-2", "event": "open", "timestamp": 1_700_000_001, "reason": "x" * 1000},
    ]
).encode()


def signed(sandbox: Sandbox, body: bytes, key: ec.EllipticCurvePrivateKey | None = None) -> dict[str, str]:
    """SendGrid's signature, written down here once more."""
    loaded = key or load_pem_private_key((sandbox.state_dir / "sendgrid_private_key.pem").read_bytes(), None)
    assert isinstance(loaded, ec.EllipticCurvePrivateKey)
    moment = str(int(time.time()))
    signature = loaded.sign(moment.encode() + body, ec.ECDSA(hashes.SHA256()))
    return {SIGNATURE_HEADER: base64.b64encode(signature).decode(), TIMESTAMP_HEADER: moment}


async def test_signed_batch_is_read(mail: SendGridEmail, sandbox: Sandbox) -> None:
    first, second = mail.parse_webhook(BODY, signed(sandbox, BODY))
    assert (first.id, first.notice_id, first.event) == ("e-1", "n-1", DeliveryEvent.DELIVERED)
    assert first.at == datetime(2023, 11, 14, 22, 13, 20, tzinfo=UTC)
    assert (second.notice_id, second.event) == (None, DeliveryEvent.OTHER)
    assert second.reason is not None
    assert len(second.reason) == 300


async def test_forged_batch_is_refused(mail: SendGridEmail, sandbox: Sandbox) -> None:
    good = signed(sandbox, BODY)
    forged: list[tuple[bytes, dict[str, str]]] = [
        (BODY, {}),
        (BODY, {TIMESTAMP_HEADER: good[TIMESTAMP_HEADER]}),
        (BODY, good | {SIGNATURE_HEADER: "no base64!"}),
        (BODY, good | {SIGNATURE_HEADER: base64.b64encode(b"nonsense").decode()}),
        (BODY, good | {TIMESTAMP_HEADER: "1"}),
        (BODY.replace(b"delivered", b"bounce"), good),
        (BODY, signed(sandbox, BODY, ec.generate_private_key(ec.SECP256R1()))),
        (b"\xff", signed(sandbox, b"\xff")),
        (b"{}[", signed(sandbox, b"{}[")),
        (b"[1]", signed(sandbox, b"[1]")),
        (b"[{}]", signed(sandbox, b"[{}]")),
    ]
    for body, headers in forged:
        with pytest.raises(ForgedWebhook):
            mail.parse_webhook(body, headers)


async def test_webhook_batches_are_refused_without_a_public_key(sandbox: Sandbox) -> None:
    mail = email_provider(sandbox.settings(sendgrid_webhook_public_key=""))
    with pytest.raises(ForgedWebhook):
        mail.parse_webhook(BODY, signed(sandbox, BODY))
    await mail.aclose()


async def test_unreadable_public_key_stops_the_start(sandbox: Sandbox) -> None:
    with pytest.raises(ValueError, match=r".+"):
        SendGridEmail(sandbox.settings(sendgrid_webhook_public_key="nonsense"))
