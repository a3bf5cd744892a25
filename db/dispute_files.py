"""The files that go to the customer's bank with the evidence of a dispute: made once, the same at each try."""

import asyncio
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager

from db.engine.session import UnitOfWork
from domain.payments.dispute_evidence import (
    LARGEST,
    EvidenceFile,
    EvidencePage,
    EvidencePart,
    EvidenceTexts,
    evidence_texts,
)
from domain.payments.disputes import Dispute
from runtime.documents.page_files import page_file
from runtime.documents.receipt_files import receipt_file

#: The evidence is in English.
_LANGUAGE = "en"


async def evidence_to_send(
    works: Callable[[], AbstractAsyncContextManager[UnitOfWork]], dispute: Dispute
) -> tuple[EvidenceTexts, tuple[EvidenceFile, ...]]:
    """The texts and files of a dispute whose evidence is gathered. The receipt is the one that was issued, if any. No
    transaction is open while a file is made, which takes some hundred milliseconds."""
    evidence = dispute.evidence or {}
    texts = evidence_texts(evidence)
    pages = texts.pages(evidence["booking"]["code"])
    receipt = await _receipt(works, dispute)
    made = [] if receipt is None else [EvidenceFile(EvidencePart.RECEIPT, receipt)]
    for part, page in pages.items():
        made.append(EvidenceFile(part, await asyncio.to_thread(_page, page, dispute)))
    return texts, tuple(file for file in made if len(file.content) <= LARGEST)


def _page(page: EvidencePage, dispute: Dispute) -> bytes:
    return page_file(page.title, page.about, page.lines, dispute.created_at.date(), _LANGUAGE)


async def _receipt(works: Callable[[], AbstractAsyncContextManager[UnitOfWork]], dispute: Dispute) -> bytes | None:
    async with works() as work:
        receipt = await work.payments.receipts.find(dispute.payment_id)
        if receipt is None:
            return None
        file = await work.payments.receipts.find_file(receipt.id, _LANGUAGE)
    if file is None:
        made = await asyncio.to_thread(receipt_file, receipt.content, receipt.kind.value, _LANGUAGE)
        async with works() as work:
            file = await work.payments.receipts.keep_file(receipt, _LANGUAGE, made)
    return file
