"""Texts of messages that a business writes itself: list, preview, change, reset."""

from typing import Annotated, get_args
from uuid import UUID

from fastapi import Depends, Path
from starlette.responses import Response

from activities.templates.own_preview import preview_own_text
from api.access.callers import Access, Services
from api.access.permissions import may
from api.http import routing
from api.http.envelope import Envelope, SuccessMessage, ok
from api.v1.messages.texts.schemas import (
    MessageTextPreviewCommand,
    MessageTextPreviewRead,
    MessageTextRead,
    MessageTextsRead,
    MessageTextUpdate,
    TextLanguage,
)
from domain.messages.kinds import NoticeKind
from domain.messages.permissions import MessageAction
from domain.messages.text_examples import preview
from domain.messages.texts import RULES, check_editable

router = routing.router("/notifications", tags=["notifications"])

Kind = Annotated[NoticeKind, Path(description="What the message is about.")]
Language = Annotated[TextLanguage, Path(description="Language of the text: `ja` or `en`.")]
MayDesign = Annotated[Access, Depends(may(MessageAction.DESIGN, "business"))]


@router.get("/texts", summary="Get the texts of messages", response_model=Envelope[MessageTextsRead])
async def get_message_texts(business_id: UUID, access: MayDesign) -> Response:
    """Every text that can be changed, with the variables that it may and must name."""
    async with access.work(business_id) as work:
        own = {(row.kind, row.language): row for row in await work.messages.texts.list_(business_id)}
    texts = [
        MessageTextRead.of(kind, language, own.get((kind, language)))
        for kind in RULES
        for language in get_args(TextLanguage)
    ]
    return ok(MessageTextsRead(texts=texts))


@router.post("/texts/preview", summary="Check and show a text", response_model=Envelope[MessageTextPreviewRead])
async def preview_message_text(body: MessageTextPreviewCommand, access: MayDesign, services: Services) -> Response:
    """With example data, as words and as the whole message. Refused where the text names something unknown or loses
    something required."""
    async with access.work(body.business_id) as work:
        subject, paragraphs = preview(body.kind, body.language, body.text())
        look = await work.messages.brands.get(body.business_id)
    url = services.settings.public_url
    shown = preview_own_text(body.kind, body.language, body.text(), url, look.colour)
    read = MessageTextPreviewRead(subject=subject, paragraphs=paragraphs, text=shown.text, html=shown.html)
    return ok(read)


@router.put("/texts/{kind}/{language}", summary="Update a text", response_model=Envelope[MessageTextRead])
async def update_message_text(
    kind: Kind, language: Language, business_id: UUID, body: MessageTextUpdate, access: MayDesign
) -> Response:
    """Counts for every message of this kind that is sent from now on."""
    async with access.work(business_id) as work:
        row = await work.messages.texts.set(business_id, kind, language, body.text())
    return ok(MessageTextRead.of(kind, language, row), SuccessMessage.UPDATED)


@router.delete("/texts/{kind}/{language}", summary="Reset a text", response_model=Envelope[MessageTextRead])
async def delete_message_text(kind: Kind, language: Language, business_id: UUID, access: MayDesign) -> Response:
    """The platform's own text counts again."""
    check_editable(kind)
    async with access.work(business_id) as work:
        await work.messages.texts.reset(business_id, kind, language)
    return ok(MessageTextRead.of(kind, language, None), SuccessMessage.UPDATED)
