"""SMS, LINE, web push and SMTP over real connections."""

import base64
import hashlib
import hmac
import json
from collections.abc import AsyncIterator, Iterator
from datetime import UTC, datetime, timedelta
from email import message_from_bytes
from email.policy import default
from typing import Any
from urllib.parse import urlencode

import http_ece
import jwt
import pytest
import pytest_asyncio
from aiosmtpd.controller import Controller
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec

from domain.errors import ForgedWebhook
from domain.messages.delivery import DeliveryEvent
from domain.messages.kinds import Channel
from providers.channels import Channels
from providers.email.smtp import SmtpEmail
from providers.errors import OutcomeUnknown, ProviderRefused, ProviderUnavailable
from providers.line.interface import LineMessage
from providers.line.messaging_api import SIGNATURE_HEADER as LINE_SIGNATURE
from providers.line.messaging_api import LineMessagingApi
from providers.push.interface import ENDED, PushMessage, Subscription
from providers.push.web_push import WebPush
from providers.sandbox.signing import twilio_signature
from providers.sms.interface import Sms
from providers.sms.twilio import SIGNATURE_HEADER, TwilioSms
from runtime.channel_settings import LINE_SANDBOX_SECRET, TWILIO_SANDBOX_TOKEN
from runtime.settings import Environment, Settings
from tests.providers.test_sendgrid import email
from tests.support.sandbox import Sandbox, free_port

NUMBER = "+819012345678"
SMS = Sms(NUMBER, "【ヘアサロン花】11/21(土)14:00 予約確定。変更・詳細 https://o.jp/m/abcdefghij", "n-1")
KEY = "123e4567-e89b-12d3-a456-426614174000"
LINE = LineMessage("U1", "予約確定\nヘアサロン花", ("予約を見る", "https://o.jp/m/abcdefghij"), KEY)


@pytest_asyncio.fixture
async def sms(sandbox: Sandbox) -> AsyncIterator[TwilioSms]:
    adapter = TwilioSms(sandbox.settings(provider_timeout=timedelta(seconds=1)))
    yield adapter
    await adapter.aclose()


@pytest_asyncio.fixture
async def line(sandbox: Sandbox) -> AsyncIterator[LineMessagingApi]:
    adapter = LineMessagingApi(sandbox.settings(provider_timeout=timedelta(seconds=1)))
    yield adapter
    await adapter.aclose()


@pytest_asyncio.fixture
async def push(sandbox: Sandbox) -> AsyncIterator[WebPush]:
    adapter = WebPush(sandbox.settings(provider_timeout=timedelta(seconds=1)))
    yield adapter
    await adapter.aclose()


def test_channels_without_keys_are_off() -> None:
    settings = Settings(_env_file=None, environment=Environment.TEST)
    assert Channels.of(settings).on == {Channel.EMAIL}


async def test_sms_arrives_with_its_segments(sms: TwilioSms, sandbox: Sandbox) -> None:
    sent = await sms.send(SMS)
    assert (sent.segments, sent.id[:2]) == (1, "SM")
    [message] = sandbox.get("/mailbox.json", to=NUMBER)["messages"]
    assert message["text"] == SMS.text


async def test_sms_is_found_after_an_answer_that_was_lost(sms: TwilioSms, sandbox: Sandbox) -> None:
    since = datetime.now(UTC)
    assert await sms.find(SMS, since) is None
    sandbox.fault("sms.send", "error_500_after_success")
    with pytest.raises(OutcomeUnknown):
        await sms.send(SMS)
    found = await sms.find(SMS, since)
    assert found is not None
    assert found.segments == 1
    assert await sms.find(Sms(NUMBER, "another text", "n-2"), since) is None
    assert await sms.find(SMS, since + timedelta(minutes=1)) is None


async def test_sms_is_found_behind_many_others(sms: TwilioSms, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("providers.sms.twilio._PAGE", 3)
    since, number = datetime.now(UTC), "+819000001234"
    for text in ("the first", *(f"another, {count}" for count in range(7))):
        await sms.send(Sms(number, text, "n-3"))
    found = await sms.find(Sms(number, "the first", "n-3"), since)
    assert found is not None
    assert await sms.find(Sms(number, "none of them", "n-3"), since) is None
    monkeypatch.setattr("providers.sms.twilio._PAGES", 2)
    with pytest.raises(OutcomeUnknown):
        await sms.find(Sms(number, "the first", "n-3"), since)


@pytest.mark.parametrize(
    ("fault", "raised"),
    [("rate_limited", ProviderUnavailable), ("error_500", OutcomeUnknown), ("timeout_after_success", OutcomeUnknown)],
)
@pytest.mark.parametrize("channel", ["sms", "line", "push"])
async def test_faults_are_named(
    sms: TwilioSms, line: LineMessagingApi, push: WebPush, sandbox: Sandbox, fault: str, raised: type, channel: str
) -> None:
    sandbox.fault({"sms": "sms.send", "line": "line.push", "push": "push.send"}[channel], fault, seconds=5)
    calls = {
        "sms": lambda: sms.send(SMS),
        "line": lambda: line.send(LINE),
        "push": lambda: push.send(Browser(sandbox).subscription(), PUSH),
    }
    with pytest.raises(raised):
        await calls[channel]()


async def test_sms_to_no_number_is_refused_with_the_code(sms: TwilioSms) -> None:
    with pytest.raises(ProviderRefused, match="http_400_21211"):
        await sms.send(Sms("nobody", "text", "n-1"))


async def test_wrong_key_and_closed_port_are_unavailable(sandbox: Sandbox) -> None:
    wrong = TwilioSms(sandbox.settings(twilio_auth_token="wrong"))
    closed = TwilioSms(sandbox.settings(twilio_base_url=f"http://127.0.0.1:{free_port()}"))
    for adapter, reason in ((wrong, "http_401"), (closed, "not_connected")):
        with pytest.raises(ProviderUnavailable, match=reason):
            await adapter.send(SMS)
        await adapter.aclose()


def test_status_of_an_sms_is_read_by_its_signature(sms: TwilioSms) -> None:
    url = "https://omotenashi.example/api/v1/notifications/webhook/twilio?notice=n-1"
    form = {"MessageSid": "SM1", "MessageStatus": "undelivered", "ErrorCode": "30003", "To": NUMBER}
    body = urlencode(form).encode()
    signed = {SIGNATURE_HEADER: twilio_signature(TWILIO_SANDBOX_TOKEN, url, form)}
    report = sms.parse_webhook(url, body, signed)
    assert (report.notice_id, report.event, report.channel) == ("n-1", DeliveryEvent.BOUNCED, Channel.SMS)
    assert (report.id, report.reason) == ("SM1/undelivered", "undelivered_30003")
    for place, raw, headers in (
        (url.replace("n-1", "n-2"), body, signed),
        (url, body.replace(b"undelivered", b"delivered"), signed),
        (url, body, {}),
        (url, b"\xff=1", signed),
    ):
        with pytest.raises(ForgedWebhook):
            sms.parse_webhook(place, raw, headers)


async def test_line_message_with_one_key_arrives_once(line: LineMessagingApi, sandbox: Sandbox) -> None:
    sandbox.fault("line.push", "timeout_after_success", seconds=5)
    with pytest.raises(OutcomeUnknown):
        await line.send(LINE)
    first, again = await line.send(LINE), await line.send(LINE)
    assert first == again, "both name the request that was accepted"
    [message] = sandbox.get("/mailbox.json", to="U1")["messages"]
    assert message["text"].startswith("予約確定\nヘアサロン花")


async def test_line_login_is_confirmed_with_its_nonce(line: LineMessagingApi) -> None:
    assert await line.verify_login("U77.a-nonce", "a-nonce") == "U77"
    assert await line.verify_login("U77.a-nonce", "another") is None
    assert await line.is_friend("U77")
    assert not await line.is_friend("Ublocked1")


def test_events_of_line_are_read_by_their_signature(line: LineMessagingApi) -> None:
    events = [{"type": "unfollow", "source": {"type": "user", "userId": "U1"}}, {"type": "follow", "source": {}}]
    body = json.dumps({"destination": "x", "events": events}).encode()
    digest = line_signature(LINE_SANDBOX_SECRET, body)
    assert line.parse_webhook(body, {LINE_SIGNATURE: digest}) == ["U1"]
    for raw, signature in ((body + b" ", digest), (body, ""), (b"[]", line_signature(LINE_SANDBOX_SECRET, b"[]"))):
        with pytest.raises(ForgedWebhook):
            line.parse_webhook(raw, {LINE_SIGNATURE: signature})


def line_signature(secret: str, body: bytes) -> str:
    return base64.b64encode(hmac.digest(secret.encode(), body, hashlib.sha256)).decode()


PUSH = PushMessage("予約確定", "ヘアサロン花", "https://o.jp/m/abcdefghij", KEY, "ja", 3600)


class Browser:
    """Holds the keys of a subscription."""

    def __init__(self, sandbox: Sandbox, name: str = "browser") -> None:
        self.key = ec.generate_private_key(ec.SECP256R1())
        self.auth = b"0123456789abcdef"
        self.endpoint = f"{sandbox.url}/push/{name}"

    def subscription(self) -> Subscription:
        point = self.key.public_key().public_bytes(
            serialization.Encoding.X962, serialization.PublicFormat.UncompressedPoint
        )
        return Subscription(self.endpoint, text_of(point), text_of(self.auth))

    def read(self, body: bytes) -> Any:
        return json.loads(http_ece.decrypt(body, private_key=self.key, auth_secret=self.auth, version="aes128gcm"))


def text_of(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


async def test_push_message_is_read_by_its_browser_alone(push: WebPush, sandbox: Sandbox) -> None:
    browser = Browser(sandbox)
    await push.send(browser.subscription(), PUSH)
    [message] = sandbox.get("/mailbox.json", to="browser")["messages"]
    assert browser.read(base64.b64decode(message["attachments"][0]["content"])) == {
        "title": "予約確定",
        "body": "ヘアサロン花",
        "url": "https://o.jp/m/abcdefghij",
        "tag": KEY,
        "lang": "ja",
    }
    assert (message["headers"]["ttl"], message["headers"]["topic"]) == ("3600", KEY.replace("-", ""))
    token, _, key = message["headers"]["authorization"].removeprefix("vapid t=").partition(", k=")
    assert key == push.public_key
    point = base64.urlsafe_b64decode(key + "=")
    public = ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), point)
    claims = jwt.decode(token, public, algorithms=["ES256"], audience=sandbox.url)
    assert claims["sub"].startswith("mailto:")


async def test_push_subscription_that_has_ended_is_named(push: WebPush, sandbox: Sandbox) -> None:
    with pytest.raises(ProviderRefused, match=ENDED):
        await push.send(Browser(sandbox, "gone-1").subscription(), PUSH)


@pytest.mark.parametrize(
    ("endpoint", "is_taken"),
    [
        ("https://fcm.googleapis.com/fcm/send/abc", True),
        ("https://web.push.apple.com/abc", True),
        ("http://fcm.googleapis.com/fcm/send/abc", False),
        ("https://fcm.googleapis.com.evil.example/x", False),
        ("https://evil.example/?fcm.googleapis.com", False),
        ("https://evilpush.apple.com/x", False),
        ("https://user:password@fcm.googleapis.com/x", False),
        ("https://fcm.googleapis.com:8443/x", False),
        ("https://169.254.169.254/latest", False),
        ("https://[", False),
    ],
)
def test_push_takes_known_services_alone(sandbox: Sandbox, endpoint: str, is_taken: bool) -> None:
    hosts = Settings(_env_file=None, environment=Environment.TEST).push_hosts
    assert WebPush(sandbox.settings(push_hosts=hosts, push_insecure=False)).takes(endpoint) is is_taken


#: As long as a real one.
UNSUBSCRIBE = f"https://omotenashi.example/messages/20261130-abcd1234.{'A' * 70}"


class Inbox:
    """What an SMTP server has taken; ``answer`` refuses where it is set."""

    def __init__(self) -> None:
        self.taken: list[Any] = []
        self.rcpt_answer = "250 OK"
        self.data_answer = "250 OK"

    async def handle_RCPT(self, server: Any, session: Any, envelope: Any, address: str, options: Any) -> str:
        envelope.rcpt_tos.append(address)
        return self.rcpt_answer

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:
        self.taken.append(envelope)
        return self.data_answer


@pytest.fixture
def inbox() -> Iterator[tuple[Inbox, Settings]]:
    inbox = Inbox()
    controller = Controller(inbox, hostname="127.0.0.1", port=free_port())
    controller.start()
    yield (
        inbox,
        Settings(
            _env_file=None,
            environment=Environment.TEST,
            smtp_host="127.0.0.1",
            smtp_port=controller.port,
            smtp_security="none",
            provider_timeout=timedelta(seconds=2),
        ),
    )
    controller.stop()


async def test_smtp_message_arrives_whole(inbox: tuple[Inbox, Settings]) -> None:
    server, settings = inbox
    mail = SmtpEmail(settings)
    sent = await mail.send(email(unsubscribe_url=UNSUBSCRIBE))
    await mail.aclose()
    [envelope] = server.taken
    message = message_from_bytes(envelope.content, policy=default)
    assert envelope.rcpt_tos == ["hanako@example.jp"]
    assert (message["Message-ID"], sent) == ("<n-1@omotenashi.example>", "<n-1@omotenashi.example>")
    assert message["Subject"] == "ご予約が確定しました（山田様）😊"
    lines = envelope.content.split(b"\r\n\r\n")[0].split(b"\r\n")
    assert f"List-Unsubscribe: <{UNSUBSCRIBE}>".encode() in lines, "whole on one line, as mail programs read it"
    assert b"List-Unsubscribe-Post: List-Unsubscribe=One-Click" in lines
    plain, html = message.get_body(("plain",)), message.get_body(("html",))
    assert plain is not None
    assert html is not None
    assert "お待ちしております" in plain.get_content()
    assert [part.get_filename() for part in message.iter_attachments()] == ["予約.ics"]


@pytest.mark.parametrize(
    ("rcpt", "data", "raised"),
    [
        ("550 no such user", "250 OK", ProviderRefused),
        ("451 later", "250 OK", ProviderUnavailable),
        ("250 OK", "554 refused", ProviderRefused),
        ("250 OK", "452 full", ProviderUnavailable),
    ],
)
async def test_smtp_answers_say_what_is_to_be_done(
    inbox: tuple[Inbox, Settings], rcpt: str, data: str, raised: type
) -> None:
    server, settings = inbox
    server.rcpt_answer, server.data_answer = rcpt, data
    mail = SmtpEmail(settings)
    with pytest.raises(raised):
        await mail.send(email())
    await mail.aclose()


async def test_smtp_server_that_is_away_has_sent_nothing() -> None:
    settings = Settings(_env_file=None, environment=Environment.TEST, smtp_host="127.0.0.1", smtp_port=free_port())
    mail = SmtpEmail(settings)
    with pytest.raises(ProviderUnavailable):
        await mail.send(email())
    with pytest.raises(ForgedWebhook):
        mail.parse_webhook(b"[]", {})
    await mail.aclose()
