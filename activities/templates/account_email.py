"""From the content of a letter, a message about no booking, to an e-mail.

A new letter is a line in :data:`FORMS` and a text in each language under ``letter/``. Tokens are made here, when the
message is sent: they stand in no table, no event and no workflow history.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote

from activities.templates.layout import MessageLayout, render_layout, written
from activities.templates.words import PLATFORM, Bilingual, device, moment, one_line, pick
from db.messages.notices import AccountEmailContent
from domain.messages.kinds import AccountEmailKind
from providers.email.interface import Email
from runtime.links import Links, Purpose


@dataclass(frozen=True, slots=True)
class Opens:
    """What the link of a letter is for: ``{public_url}{path}#token=…``. The token stands behind ``#``, which browsers
    send to no server, so that it lands in no access log and in no ``Referer``."""

    purpose: Purpose
    path: str
    label: Bilingual


@dataclass(frozen=True, slots=True)
class Form:
    """What a text may use beside the names: facts by what they are. A fact that was not told is empty. ``at``, the
    time of what the letter tells, is always there; ``device`` and ``ip`` are of the session that the fact
    ``session_id`` names."""

    times: tuple[str, ...] = ()
    words: tuple[str, ...] = ()
    flags: tuple[str, ...] = ()
    opens: Opens | None = None
    #: The platform writes to a business, not the business to somebody.
    by_platform: bool = False


_VERIFY = Opens(Purpose.VERIFY_EMAIL, "/verify-email", {"ja": "メールアドレスを確認する", "en": "Confirm my e-mail"})
_RESET = Opens(
    Purpose.RESET_PASSWORD, "/reset-password", {"ja": "新しいパスワードを設定する", "en": "Choose a new password"}
)
_JOIN = Opens(Purpose.STAFF_INVITATION, "/staff/invitation", {"ja": "招待を受ける", "en": "Accept the invitation"})

_EXPORT = Opens(Purpose.DATA_EXPORT, "/data-export", {"ja": "データを受け取る", "en": "Get my data"})

FORMS: Mapping[AccountEmailKind, Form] = {
    AccountEmailKind.EMAIL_VERIFICATION: Form(opens=_VERIFY),
    AccountEmailKind.PASSWORD_RESET: Form(opens=_RESET),
    AccountEmailKind.PASSWORD_CHANGED: Form(),
    AccountEmailKind.NEW_DEVICE: Form(),
    AccountEmailKind.LOGIN_LOCKED: Form(times=("until",)),
    AccountEmailKind.TOKEN_REUSED: Form(),
    AccountEmailKind.TWO_FACTOR_CHANGED: Form(flags=("enabled", "recovery_code_used")),
    AccountEmailKind.BUSINESS_SUBMITTED: Form(by_platform=True),
    AccountEmailKind.BUSINESS_APPROVED: Form(by_platform=True),
    AccountEmailKind.BUSINESS_REJECTED: Form(by_platform=True),
    AccountEmailKind.BUSINESS_INFO_REQUESTED: Form(by_platform=True),
    AccountEmailKind.BUSINESS_SUSPENDED: Form(by_platform=True),
    AccountEmailKind.BUSINESS_REINSTATED: Form(by_platform=True),
    AccountEmailKind.BUSINESS_REVIEW_CLOSED: Form(by_platform=True),
    AccountEmailKind.REVIEW_DUE: Form(by_platform=True),
    AccountEmailKind.STAFF_INVITED: Form(opens=_JOIN),
    AccountEmailKind.STAFF_ENDED: Form(),
    AccountEmailKind.DATA_EXPORT_READY: Form(opens=_EXPORT),
    AccountEmailKind.ERASURE_PLANNED: Form(times=("delete_at",)),
    AccountEmailKind.ERASURE_DONE: Form(),
}


def compose_account_email(content: AccountEmailContent, links: Links, public_url: str) -> Email:
    """The whole letter in the recipient's language. ``content.address`` must be there, and ``content.link`` for a
    letter that opens something, with a key that is not retired.

    Raises KeyError for a kind without a form and ``jinja2.TemplateNotFound`` for one without a text: bugs, seen by the
    tests.
    """
    form = FORMS[AccountEmailKind(content.kind)]
    language, variables = content.language, _variables(content, form)
    business = "" if form.by_platform else pick(content.business_name, language)
    frame = MessageLayout(
        sender=business or PLATFORM,
        greeting=_greeting(content),
        signature=[*([business] if business else []), f"{PLATFORM}  {public_url}"],
    )
    if form.opens is not None and content.link is not None:
        token = links.issue(form.opens.purpose, content.link.id, content.link.expires_at, content.link.kid)
        url = f"{public_url.rstrip('/')}{form.opens.path}#token={quote(token)}"
        variables |= {"url": url, "token": token}
        variables["valid_until"] = moment(content.link.expires_at, content.time_zone, language)
        frame = replace(frame, button=(pick(form.opens.label, language), url))
    subject, *paragraphs = written([f"{language}/letter/{content.kind}.j2"], variables)
    plain, html = render_layout(language, subject, paragraphs, frame)
    return Email(
        to=content.address or "",
        from_name=PLATFORM,
        reply_to=None,
        subject=subject,
        text=plain,
        html=html,
        notice_id=str(content.id),
        language=language,
    )


def unsendable(content: AccountEmailContent, links: Links, now: datetime) -> str | None:
    """Why it would be wrong to send this now: nobody to send it to, or a link that opens nothing any more."""
    if content.address is None:
        return "no_address"
    if FORMS[AccountEmailKind(content.kind)].opens is None:
        return None
    link = content.link
    if link is None or link.over or link.expires_at <= now:
        return "outdated"
    return "key_retired" if link.kid is not None and link.kid not in links.keys.keys else None


def _variables(content: AccountEmailContent, form: Form) -> dict[str, Any]:
    facts, language, zone = content.facts, content.language, content.time_zone

    def written_out(at: object) -> str:
        return moment(datetime.fromisoformat(str(at)).astimezone(UTC), zone, language) if at else ""

    return {
        "platform": PLATFORM,
        "business": pick(content.business_name, language),
        "email": one_line(content.address or ""),
        "device": device(content.user_agent or ""),
        "ip": content.ip or "",
        "reason": one_line(content.reason or ""),
        "at": written_out(facts.get("at") or content.created_at),
        **{name: written_out(facts.get(name)) for name in form.times},
        **{name: one_line(str(facts.get(name) or "")) for name in form.words},
        **{name: bool(facts.get(name)) for name in form.flags},
    }


def _greeting(content: AccountEmailContent) -> str:
    names = [one_line(content.family_name), one_line(content.given_name)]
    name = " ".join(part for part in (names if content.language == "ja" else names[::-1]) if part)
    if content.language == "ja":
        return f"{name} 様" if name else "お客様"
    return f"Dear {name}," if name else "Hello,"
