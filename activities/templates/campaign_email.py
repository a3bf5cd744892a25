"""Renders messages of campaigns and automations: the business's own text, and what the law asks of advertising."""

from activities.templates import words
from activities.templates.layout import Look, MessageLayout, own_text, render_layout, shorten_subject, written
from activities.templates.words import CHOICES, LABELS, PLATFORM, Bilingual, one_line, pick
from db.messages.campaign_emails import CampaignContent
from db.messages.notices import AccountEmailContent
from domain.businesses.address import Prefecture
from domain.messages.address import Address
from domain.messages.formats import full_name, salutation
from domain.messages.texts import OwnText
from providers.email.interface import Email
from runtime.links import Links
from runtime.message_links import MessageLinks

_BUTTON: Bilingual = {"ja": "空き時間を見る", "en": "See available times"}
_TEST: Bilingual = {"ja": "【テスト】", "en": "[Test] "}
#: Why the message came, and that it can be refused (特定電子メール法施行規則 9条1号).
_WHY: Bilingual = {
    "ja": "このメールは、{business}からの広告メールの受信に同意された方にお送りしています。"
    "配信の停止は、下のリンクからいつでもお手続きいただけます。",
    "en": "You get this e-mail because you agreed to receive advertising from {business}. You can unsubscribe at any "
    "time with the link below.",
}
_SENDER: Bilingual = {"ja": "送信者", "en": "Sender"}


def compose_campaign_email(content: AccountEmailContent, links: Links, public_url: str, support_email: str) -> Email:
    """The complete message. ``content.campaign`` must be set, with a text in ``content.language``.

    What must be in it: the sender's name and address, the way to refuse and the note that one may, and whom to ask
    (特定電子メール法 4条, 施行規則 9条).
    """
    campaign, language = content.campaign, content.language
    if campaign is None or campaign.texts is None:
        raise LookupError("a message of a campaign without its text")
    business = pick(content.business_name, language)
    customer = full_name(one_line(content.family_name), one_line(content.given_name), language)
    own = OwnText(**campaign.texts[language])
    subject, paragraphs = own_text(own, {"business": business, "customer": customer}, ())
    subject, *paragraphs = written(
        [f"{language}/account/{content.kind}.j2"], {"own_subject": subject, "own_body": "\n\n".join(paragraphs)}
    )
    if campaign.is_test:
        subject = _TEST[language] + subject
    subject = shorten_subject(subject, language)
    message_links = MessageLinks(links, public_url)
    choices_url = message_links.url(content.id)
    frame = MessageLayout(
        sender=business,
        greeting=salutation(customer, language) if customer else "",
        footer=_WHY[language].format(business=business),
        button=(_BUTTON[language], f"{public_url.rstrip('/')}/{campaign.slug}"),
        contact=_sender(campaign, business, language),
        look=Look.of(content.business_id, content.colour, content.has_logo, message_links),
        choices=(CHOICES[language], choices_url),
    )
    plain, html = render_layout(language, subject, paragraphs, frame)
    return Email(
        to=content.address or "",
        from_name=business or PLATFORM,
        reply_to=campaign.email or support_email,
        subject=subject,
        text=plain,
        html=html,
        notice_id=str(content.id),
        language=language,
        unsubscribe_url=choices_url,
    )


def _sender(campaign: CampaignContent, business: str, language: str) -> list[str]:
    """Who sends it, from where, and whom to ask."""
    colon = "：" if language == "ja" else ": "
    phone = words.phone(campaign.phone, campaign.phone_as_typed, language)
    known = (("address", _address(campaign, language)), ("phone", phone), ("email", one_line(campaign.email or "")))
    return [
        f"{_SENDER[language]}{colon}{business}",
        *(f"{LABELS[key][language]}{colon}{value}" for key, value in known if value),
    ]


def _address(campaign: CampaignContent, language: str) -> str:
    prefecture = campaign.prefecture or ""
    if prefecture and language == "en":
        prefecture = Prefecture(prefecture).english
    whole = Address(
        pick(campaign.business_address, language),
        one_line(campaign.city or ""),
        prefecture,
        one_line(campaign.postal_code or ""),
    )
    return whole.in_japanese() if language == "ja" else whole.in_english()
