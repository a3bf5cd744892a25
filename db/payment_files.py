"""Files about a payment: the PDF of a receipt, and what goes to the customer's bank with the evidence of a dispute.

No transaction is open while one is made, which takes some hundred milliseconds.
"""

import asyncio
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager

from db.engine.session import UnitOfWork
from db.payments.receipts import Receipt
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

Works = Callable[[], AbstractAsyncContextManager[UnitOfWork]]
"""Opens a transaction."""

#: The evidence is in English.
_LANGUAGE = "en"


async def make_receipt_file(works: Works, receipt: Receipt, language: str) -> bytes:
    """The PDF of a receipt that has none yet in this language, which is kept; that of another request if it came
    first."""
    made = await asyncio.to_thread(receipt_file, receipt.content, receipt.kind.value, language)
    async with works() as work:
        return await work.payments.receipts.keep_file(receipt, language, made)


async def evidence_to_send(works: Works, dispute: Dispute) -> tuple[EvidenceTexts, tuple[EvidenceFile, ...]]:
    """The texts and files of a dispute whose evidence is gathered. The receipt is the one that was issued, if any.
    The same files at each try."""
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


async def _receipt(works: Works, dispute: Dispute) -> bytes | None:
    async with works() as work:
        receipt = await work.payments.receipts.find(dispute.payment_id)
        if receipt is None:
            return None
        file = await work.payments.receipts.find_file(receipt.id, _LANGUAGE)
    return file if file is not None else await make_receipt_file(works, receipt, _LANGUAGE)
