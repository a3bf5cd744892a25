"""Messages that are not about a booking, as they are sent in real cases."""

from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from activities.templates import examples
from activities.templates.account_email import FORMS, compose_account_email
from db.messages.notices import AccountEmailContent, AccountEmailLink
from domain.messages.kinds import AccountEmailKind
from providers.email.interface import Email
from runtime.keyring import KeyRing
from runtime.links import Links

K = AccountEmailKind
NOW = datetime(2026, 11, 18, 3, 0, tzinfo=UTC)  # Wed, 12:00 in Tokyo
LINKS = Links(KeyRing("k2", {"k1": b"the former key", "k2": b"the present key"}))
URL = "https://omotenashi.example"
SUPPORT = "support@omotenashi.example"
LINK = AccountEmailLink(UUID(int=7), NOW + timedelta(hours=1), "k1", False)
FIREFOX = "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:132.0) Gecko/20100101 Firefox/132.0"
UNTIL = {"ja": "2026年11月18日（水）13:00", "en": "Wed 18 Nov 2026, 13:00 (Japan time)"}
BUSINESS_ID = UUID(int=9)
NAMES = {"ja": "ヘアサロン花", "en": "Hair Salon Hana"}
AT = {"ja": "2026年11月18日（水）12:00", "en": "Wed 18 Nov 2026, 12:00 (Japan time)"}

CAMPAIGN = replace(
    examples.CAMPAIGN,
    texts={
        "ja": {
            "subject": "{{ business }}より夏のお知らせ",
            "body": "{{ customer }}様へ\n\nヘッドスパを10%引きでご用意しました。",
        },
        "en": {"subject": "Summer at {{ business }}", "body": "10% off the head spa in August, {{ customer }}."},
    },
)


@dataclass(frozen=True)
class Case:
    """One message in one case, and what it must say in each language."""

    name: str
    kind: AccountEmailKind
    ja: tuple[str, ...]
    en: tuple[str, ...]
    facts: dict[str, Any] = field(default_factory=dict)
    #: Of a kind that is sent about a business and about none.
    business: bool = False

    @property
    def about(self) -> dict[str, Any]:
        return {"business_id": BUSINESS_ID, "business_name": NAMES} if self.business else {}

    def says(self, language: str) -> tuple[str, ...]:
        return self.ja if language == "ja" else self.en


def _of_business(kind: AccountEmailKind, ja: tuple[str, ...], en: tuple[str, ...]) -> Case:
    return Case(kind.value, kind, ja, en)


_OFFER = {"start_at": "2026-11-20T15:00:00+09:00", "until": "2026-11-18T13:00:00+09:00"}
_REASON = "許可証が読めません。"
_KEPT = {"until": "2026-12-18T12:00:00+09:00"}
CASES = (
    Case("email_verification", K.EMAIL_VERIFICATION, ("ai@example.com", UNTIL["ja"]), ("ai@example.com", UNTIL["en"])),
    Case(
        "password_reset", K.PASSWORD_RESET, ("パスワードは変わりません", UNTIL["ja"]), ("stays the same", UNTIL["en"])
    ),
    Case("password_changed", K.PASSWORD_CHANGED, ("変更日時：" + AT["ja"],), ("When: " + AT["en"],)),
    Case("new_device", K.NEW_DEVICE, ("端末：Firefox (Windows)", AT["ja"]), ("IP address: 192.0.2.7", AT["en"])),
    Case(
        "login_locked",
        K.LOGIN_LOCKED,
        ("再開予定：2026年11月18日（水）12:30",),
        ("Paused until: Wed 18 Nov 2026, 12:30",),
        {"until": "2026-11-18T12:30:00+09:00"},
    ),
    Case("token_reused", K.TOKEN_REUSED, ("パスワードを変更してください",), ("change your password",)),
    Case("two_factor_on", K.TWO_FACTOR_CHANGED, ("有効にしました",), ("was turned on",), {"enabled": True}),
    Case("two_factor_off", K.TWO_FACTOR_CHANGED, ("無効にしました",), ("was turned off",), {"enabled": False}),
    Case(
        "recovery_code_used",
        K.TWO_FACTOR_CHANGED,
        ("もう使えません",),
        ("can no longer be used",),
        {"recovery_code_used": True},
    ),
    Case(
        "two_factor_reset_planned",
        K.TWO_FACTOR_RESET_PLANNED,
        ("2026年11月19日（木）12:00", "取り消"),
        ("Thu 19 Nov 2026, 12:00", "cancel"),
        {"reset_at": "2026-11-19T12:00:00+09:00"},
    ),
    Case(
        "analytics_export_ready",
        K.ANALYTICS_EXPORT_READY,
        ("2026年12月18日（金）12:00", "全店舗"),
        ("Fri 18 Dec 2026, 12:00", "all businesses"),
        _KEPT,
    ),
    Case(
        "analytics_export_ready_of_business",
        K.ANALYTICS_EXPORT_READY,
        ("2026年12月18日（金）12:00", "ヘアサロン花"),
        ("Fri 18 Dec 2026, 12:00", "Hair Salon Hana"),
        _KEPT,
        business=True,
    ),
    Case("data_export_ready", K.DATA_EXPORT_READY, (UNTIL["ja"],), (UNTIL["en"],)),
    Case(
        "erasure_planned",
        K.ERASURE_PLANNED,
        ("2026年12月18日（金）12:00", "取り消しはできません"),
        ("Fri 18 Dec 2026, 12:00", "cannot be undone"),
        {"delete_at": "2026-12-18T12:00:00+09:00"},
    ),
    Case("erasure_done", K.ERASURE_DONE, ("完了日時：" + AT["ja"],), ("Completed: " + AT["en"],)),
    _of_business(K.BUSINESS_SUBMITTED, ("受付日時：" + AT["ja"],), ("Received: " + AT["en"],)),
    _of_business(K.BUSINESS_APPROVED, ("予約を受け付けます",), ("takes bookings from now on",)),
    _of_business(K.BUSINESS_REJECTED, ("理由：" + _REASON,), ("Reason: " + _REASON,)),
    _of_business(K.BUSINESS_INFO_REQUESTED, ("12月18日（金）12:00までに", _REASON), ("by Fri 18 Dec, 12:00", _REASON)),
    _of_business(K.BUSINESS_REVIEW_CLOSED, ("審査を終了しました",), ("is closed",)),
    _of_business(K.BUSINESS_SUSPENDED, ("そのまま有効です", _REASON), ("Existing bookings are not affected", _REASON)),
    _of_business(K.BUSINESS_REINSTATED, ("再開しています",), ("takes bookings again",)),
    _of_business(K.REVIEW_DUE, ("承認・却下・追加情報の依頼",), ("approve it, reject it or ask",)),
    Case(
        "moderation_due",
        K.MODERATION_DUE,
        ("2026年11月25日（水）12:00までに",),
        ("by Wed 25 Nov 2026, 12:00",),
        {"decide_by": "2026-11-25T12:00:00+09:00"},
    ),
    Case(
        "staff_invited",
        K.STAFF_INVITED,
        ("あなたを招待しています", UNTIL["ja"]),
        ("invited you to its team", UNTIL["en"]),
    ),
    Case(
        "waitlist_proof",
        K.WAITLIST_PROOF,
        ("「カット」の空き待ち", UNTIL["ja"]),
        ("wait for Cut at", UNTIL["en"]),
        {"until": "2026-11-18T13:00:00+09:00"},
    ),
    Case(
        "waitlist_offered",
        K.WAITLIST_OFFERED,
        ("担当：花子", "日時：2026年11月20日（金）15:00", "お返事の期限：" + UNTIL["ja"]),
        ("Staff: Hanako", "Date and time: Fri 20 Nov 2026, 15:00", "Please answer by: " + UNTIL["en"]),
        _OFFER,
    ),
    Case("waitlist_offer_over", K.WAITLIST_OFFER_OVER, ("期限を過ぎたため",), ("has passed",), _OFFER),
    Case(
        "waitlist_offer_withdrawn",
        K.WAITLIST_OFFER_OVER,
        ("ご用意できなくなりました", "登録は続いています"),
        ("cannot offer Cut", "still on the waitlist"),
        {**_OFFER, "withdrawn": True},
    ),
    Case(
        "waitlist_ended",
        K.WAITLIST_ENDED,
        ("空きが出ませんでした",),
        ("no time for Cut became free",),
        {"passed": True},
    ),
    Case("waitlist_unanswered", K.WAITLIST_ENDED, ("お返事がなかった",), ("not answered",), {"unanswered": True}),
    Case("waitlist_removed", K.WAITLIST_ENDED, ("お店の都合",), ("has ended your place",), {"removed": True}),
    Case(
        "campaign_message",
        K.CAMPAIGN_MESSAGE,
        (
            "佐藤 愛様へ",
            "送信者：ヘアサロン花",
            "〒150-0001 東京都渋谷区神宮前",
            "配信の停止",
        ),
        ("in August, Ai Sato.", "Sender: Hair Salon Hana", "Jingumae", "unsubscribe at any time"),
    ),
    Case("staff_ended", K.STAFF_ENDED, ("終了日時：" + AT["ja"],), ("Ended: " + AT["en"],)),
)


def content(kind: AccountEmailKind = K.PASSWORD_RESET, language: str = "ja", **changes: Any) -> AccountEmailContent:
    """The content of a message of this kind, with everything that can be known."""
    form = FORMS[kind]
    about_business = form.about_business or form.from_business or kind in {K.STAFF_INVITED, K.STAFF_ENDED}
    whole = AccountEmailContent(
        id=UUID(int=1),
        business_id=None,
        kind=kind.value,
        language=language,
        audience="user",
        facts={},
        created_at=NOW,
        address="ai@example.com",
        family_name="佐藤" if language == "ja" else "Sato",
        given_name="愛" if language == "ja" else "Ai",
        business_name=NAMES if about_business else None,
        time_zone="Asia/Tokyo",
        user_agent=FIREFOX,
        ip="192.0.2.7",
        reason=_REASON,
        service_name={"ja": "カット", "en": "Cut"} if form.from_business else None,
        staff=({"ja": "花子", "en": "Hanako"},) if kind is K.WAITLIST_OFFERED else (),
        colour=None,
        has_logo=False,
        link=LINK if form.opens else None,
        campaign=CAMPAIGN if kind is K.CAMPAIGN_MESSAGE else None,
    )
    return replace(whole, **changes)


def compose(what: AccountEmailContent) -> Email:
    """The message."""
    return compose_account_email(what, LINKS, URL, SUPPORT)


def written(case: Case, language: str, **changes: Any) -> Email:
    """The message of a case."""
    return compose(content(case.kind, language, **({"facts": case.facts} | case.about | changes)))
