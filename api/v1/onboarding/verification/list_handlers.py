"""Reads the verification of a business."""

import asyncio
from datetime import timedelta
from uuid import UUID

from api.access.callers import ApiServices
from api.v1.onboarding.verification.schemas import DecisionRead, DocumentRead, ReviewRead, VerificationRead
from db.engine.session import UnitOfWork
from domain.business_status import BusinessStatus
from domain.media.files import FileType
from domain.onboarding.verification import missing

#: How long an operator may read a document with one answer.
_READABLE_FOR = timedelta(minutes=10)


async def read_verification(
    work: UnitOfWork, services: ApiServices, business_id: UUID, to_operator: bool, with_links: bool = True
) -> VerificationRead:
    """Everything about a business's review. Only operators get links to the documents, and each other's notes."""
    business = await work.businesses.get(business_id)
    review = await work.onboarding.lists.find_latest(business_id)
    documents = await work.onboarding.lists.list_documents(business_id)
    decisions = await work.onboarding.lists.list_decisions(business_id)
    absent = missing(await work.onboarding.verifications.review_facts(business_id))

    def link(key: str, file_type: str) -> str:
        ending = FileType(file_type).name.lower()
        return services.storage.link(key, _READABLE_FOR, content_type=file_type, download_as=f"document.{ending}")

    urls = [
        await asyncio.to_thread(link, document.object_key, document.content_type)
        if to_operator and with_links
        else None
        for document in documents
    ]
    return VerificationRead(
        business_id=business_id,
        status=BusinessStatus(business.status),
        version=await work.onboarding.verifications.version(business_id),
        missing=list(absent),
        review=ReviewRead.of(review, to_operator) if review else None,
        documents=[DocumentRead.of(document, url) for document, url in zip(documents, urls, strict=True)],
        decisions=[DecisionRead.of(each) for each in decisions],
    )
