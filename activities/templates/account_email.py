"""Renders account e-mails.

A new message needs a line in :data:`FORMS` and a template in each language under ``account/``. Tokens are made here, at
the time of sending: no table, event or workflow history contains them.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote

from activities.templates.campaign_email import compose_campaign_email
from activities.templates.layout import Look, MessageLayout, render_layout, shorten_subject, written
from activities.templates.words import PLATFORM, Bilingual, device, one_line, pick, pick_all
from db.messages.notices import AccountEmailContent
from domain.messages.formats import full_name, moment, salutation, short
from domain.messages.kinds import AccountEmailKind
from domain.onboarding.verification import ANSWER_WITHIN
from providers.email.interface import Email
from runtime.links import Links, Purpose
from runtime.message_links import MessageLinks


@dataclass(frozen=True, slots=True)
class LinkTarget:
    """The target of a message's link: a page of the platform (`api.pages.account.links`). The token is in its path, so
    that it needs no JavaScript: browsers do not send a part after ``#`` to a server. Logs leave the token out, and no
    page sends a ``Referer``."""

    purpose: Purpose
    path: str
    label: Bilingual
    #: A second token beside the first, valid until the fact ``until``: what shows that its holder reads this mail.
    proof: Purpose | None = None

    def address(self, token: str) -> str:
        """The path with the token."""
        return self.path.format(token=quote(token))


@dataclass(frozen=True, slots=True)
class Form:
    """The facts that a template may use, by their type; a missing fact is empty. A time is there with the ending
    ``_short`` too. ``at``, the time of the event, is always there; ``device`` and ``ip`` come from the session in the
    fact ``session_id``, ``service`` and ``staff`` from the entry in the fact ``waitlist_entry_id``."""

    times: tuple[str, ...] = ()
    flags: tuple[str, ...] = ()
    opens: LinkTarget | None = None
    #: A page of the console, where the message is about a business: its part of the path, and the button's label.
    console: tuple[str, Bilingual] | None = None
    #: For the owner of the business or an operator: without a greeting.
    about_business: bool = False
    #: The business writes to its customer, under its own name.
    from_business: bool = False


_VERIFY = LinkTarget(
    Purpose.VERIFY_EMAIL, "/verify-email/{token}", {"ja": "メールアドレスを確認する", "en": "Confirm e-mail address"}
)
_RESET = LinkTarget(
    Purpose.RESET_PASSWORD,
    "/reset-password/{token}",
    {"ja": "新しいパスワードを設定する", "en": "Choose a new password"},
)
_KEEP_FACTOR = LinkTarget(
    Purpose.TWO_FACTOR_RESET, "/cancel-two-factor-reset/{token}", {"ja": "リセットを取り消す", "en": "Cancel the reset"}
)
_JOIN = LinkTarget(
    Purpose.STAFF_INVITATION,
    "/staff/invitation/{token}",
    {"ja": "招待を受ける", "en": "Accept the invitation"},
)

_EXPORT = LinkTarget(
    Purpose.DATA_EXPORT,
    "/data-export/{token}",
    {"ja": "データをダウンロードする", "en": "Download my data"},
)

_FIGURES: Bilingual = {"ja": "分析を開く", "en": "Open the figures"}

#: The link opens an entry of the waitlist.
_PROVE = LinkTarget(
    Purpose.WAITLIST,
    "/waitlist/{token}",
    {"ja": "メールアドレスを確認する", "en": "Confirm e-mail address"},
    Purpose.WAITLIST_PROOF,
)
_ANSWER = LinkTarget(Purpose.WAITLIST, "/waitlist/{token}", {"ja": "予約する・見送る", "en": "Book or decline"})
_WAIT = LinkTarget(Purpose.WAITLIST, "/waitlist/{token}", {"ja": "空き待ちを確認する", "en": "See my waitlist entry"})

_FOOTER = {
    "ja": "{platform}がお送りしています。ご質問は、このメールへのご返信か{support}までお寄せください。",
    "en": "Sent by {platform}. If you have questions, reply to this e-mail or write to {support}.",
}

FORMS: Mapping[AccountEmailKind, Form] = {
    AccountEmailKind.EMAIL_VERIFICATION: Form(opens=_VERIFY),
    AccountEmailKind.PASSWORD_RESET: Form(opens=_RESET),
    AccountEmailKind.PASSWORD_CHANGED: Form(),
    AccountEmailKind.NEW_DEVICE: Form(),
    AccountEmailKind.LOGIN_LOCKED: Form(times=("until",)),
    AccountEmailKind.TOKEN_REUSED: Form(),
    AccountEmailKind.TWO_FACTOR_CHANGED: Form(flags=("enabled", "recovery_code_used")),
    AccountEmailKind.TWO_FACTOR_RESET_PLANNED: Form(times=("reset_at",), opens=_KEEP_FACTOR),
    AccountEmailKind.BUSINESS_SUBMITTED: Form(about_business=True),
    AccountEmailKind.BUSINESS_APPROVED: Form(about_business=True),
    AccountEmailKind.BUSINESS_REJECTED: Form(about_business=True),
    AccountEmailKind.BUSINESS_INFO_REQUESTED: Form(about_business=True),
    AccountEmailKind.BUSINESS_SUSPENDED: Form(about_business=True),
    AccountEmailKind.BUSINESS_REINSTATED: Form(about_business=True),
    AccountEmailKind.BUSINESS_REVIEW_CLOSED: Form(about_business=True),
    AccountEmailKind.REVIEW_DUE: Form(about_business=True),
    AccountEmailKind.MODERATION_DUE: Form(times=("decide_by",), about_business=True),
    AccountEmailKind.STAFF_INVITED: Form(opens=_JOIN),
    AccountEmailKind.STAFF_ENDED: Form(),
    AccountEmailKind.DATA_EXPORT_READY: Form(opens=_EXPORT),
    AccountEmailKind.ANALYTICS_EXPORT_READY: Form(times=("until",), console=("analytics", _FIGURES)),
    AccountEmailKind.ERASURE_PLANNED: Form(times=("delete_at",)),
    AccountEmailKind.ERASURE_DONE: Form(),
    AccountEmailKind.WAITLIST_PROOF: Form(times=("until",), opens=_PROVE, from_business=True),
    AccountEmailKind.WAITLIST_OFFERED: Form(times=("start_at", "until"), opens=_ANSWER, from_business=True),
    AccountEmailKind.WAITLIST_OFFER_OVER: Form(
        times=("start_at",), flags=("withdrawn",), opens=_WAIT, from_business=True
    ),
    AccountEmailKind.WAITLIST_ENDED: Form(flags=("unanswered", "removed", "not_bookable"), from_business=True),
    # `activities.templates.campaign_email` writes it.
    AccountEmailKind.CAMPAIGN_MESSAGE: Form(from_business=True),
}


def compose_account_email(content: AccountEmailContent, links: Links, public_url: str, support_email: str) -> Email:
    """The complete message in the recipient's language. ``content.address`` must be set, and ``content.link`` for a
    message with a link; the link's key must not be retired. Replies go to ``support_email``.

    Raises KeyError for a kind without a form and ``jinja2.TemplateNotFound`` for a kind without a template. Both are
    bugs; tests check for them.
    """
    if content.campaign is not None:
        return compose_campaign_email(content, links, public_url, support_email)
    form, language = FORMS[AccountEmailKind(content.kind)], content.language
    variables = _variables(content, form)
    base = public_url.rstrip("/")
    sender = variables["business"] if form.from_business else PLATFORM
    frame = MessageLayout(
        sender=sender,
        greeting=_greeting(content, form),
        footer=_FOOTER[language].format(platform=PLATFORM, support=support_email),
        look=_look(content, form, MessageLinks(links, public_url)),
    )
    if form.opens is not None and content.link is not None:
        token = links.issue(form.opens.purpose, content.link.id, content.link.expires_at, content.link.kid)
        url = f"{base}{form.opens.address(token)}"
        if form.opens.proof is not None:
            until = datetime.fromisoformat(str(content.facts["until"])).astimezone(UTC)
            url += f"?proof={quote(links.issue(form.opens.proof, content.link.id, until, content.link.kid))}"
        variables["valid_until"] = moment(content.link.expires_at, content.time_zone, language)
        frame = replace(frame, button=(pick(form.opens.label, language), url))
    if form.console is not None and content.business_id is not None:
        shown, label = form.console
        frame = replace(frame, button=(pick(label, language), f"{base}/console/{content.business_id}/{shown}"))
    subject, *paragraphs = written([f"{language}/account/{content.kind}.j2"], variables)
    subject = shorten_subject(subject, language)
    plain, html = render_layout(language, subject, paragraphs, frame)
    return Email(
        to=content.address or "",
        from_name=sender,
        reply_to=support_email,
        subject=subject,
        text=plain,
        html=html,
        notice_id=str(content.id),
        language=language,
    )


def _look(content: AccountEmailContent, form: Form, links: MessageLinks) -> Look:
    if not form.from_business:
        return Look()
    return Look.of(content.business_id, content.colour, content.has_logo, links)


def unsendable(content: AccountEmailContent, links: Links, now: datetime) -> str | None:
    """Why the message must not be sent now: there is no address, or the link is no longer valid."""
    if content.address is None:
        return "no_address"
    if content.campaign is not None and content.campaign.is_over:
        return "outdated"
    if FORMS[AccountEmailKind(content.kind)].opens is None:
        return None
    link = content.link
    if link is None or link.over or link.expires_at <= now:
        return "outdated"
    return "key_retired" if link.kid is not None and link.kid not in links.keys.keys else None


def _variables(content: AccountEmailContent, form: Form) -> dict[str, Any]:
    facts, language, zone = content.facts, content.language, content.time_zone

    def time(at: object, written_as: Callable[[datetime, str, str], str] = moment) -> str:
        return written_as(datetime.fromisoformat(str(at)).astimezone(UTC), zone, language) if at else ""

    happened = facts.get("at") or content.created_at
    answer_by = datetime.fromisoformat(str(happened)).astimezone(UTC) + ANSWER_WITHIN
    return {
        "platform": PLATFORM,
        "business": pick(content.business_name, language),
        "service": pick(content.service_name, language),
        "staff": pick_all(content.staff, language),
        "email": one_line(content.address or ""),
        "device": device(content.user_agent or ""),
        "ip": content.ip or "",
        "reason": one_line(content.reason or ""),
        "at": time(happened),
        "answer_by": short(answer_by, zone, language),
        **{name: time(facts.get(name)) for name in form.times},
        **{f"{name}_short": time(facts.get(name), short) for name in form.times},
        **{name: bool(facts.get(name)) for name in form.flags},
    }


def _greeting(content: AccountEmailContent, form: Form) -> str:
    """Greets a person by name. Businesses, operators and persons without a name get no greeting."""
    name = full_name(one_line(content.family_name), one_line(content.given_name), content.language)
    return salutation(name, content.language) if name and not form.about_business else ""
