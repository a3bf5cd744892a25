"""The platform reviews a new business, asks for more, and approves it."""

import httpx

from runtime.settings import Settings
from stack.demo.expectations import Unexpected, expect, until
from stack.demo.people import Person
from stack.demo.salon import Salon
from stack.operators import set_operator

TITLE = "A business is approved"
#: What an authority issues: the smallest thing that is a PDF.
_PDF = b"%PDF-1.4\n1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj\n2 0 obj<</Type/Pages/Kids[]/Count 0>>endobj\n%%EOF\n"
_QUESTION = "許可証の裏面もお送りください。"


async def play(salon: Salon, settings: Settings) -> None:
    """From a draft to a public page."""
    await salon.admin.join("小川", "誠")
    await set_operator(settings, salon.admin.email)
    await salon.admin.log_in()
    base = f"/owner/businesses/{salon.business_id}"
    too_early = await salon.owner.ask("POST", f"{base}/submit", {})
    expect("an incomplete business is refused: code", too_early.code, "verification_incomplete")
    salon.timeline.say(f"an incomplete application lists what is missing: {', '.join(too_early.details['missing'])}")
    await _confirm_email(salon, salon.owner)
    for kind in ("registration", "identity", "permit"):
        await _send_document(salon, kind)
    salon.timeline.say("the owner confirms her e-mail and uploads three documents, past the API, to the object storage")
    await salon.owner.post(f"{base}/submit")
    salon.timeline.say("submitted", f"verification/{salon.business_id}")
    await _decide(salon, "request-info", {"reason": _QUESTION})
    await until("the question in her mailbox", lambda: _asked(salon), bool)
    salon.timeline.say(f"the operator asks for more; the question reaches her mailbox: {_QUESTION}")
    await _send_document(salon, "permit")
    await salon.owner.post(f"{base}/submit")
    seen = await salon.admin.get(f"/admin/businesses/{salon.business_id}")
    approved = await _decide(salon, "approve", {"version": seen["version"]})
    expect("the business is approved: status", approved["status"], "approved")
    await salon.hanako.get(f"/businesses/{salon.business_id}")
    salon.timeline.say("she answers, the operator approves, and everybody can see it", salon.business_id)


async def _confirm_email(salon: Salon, person: Person) -> None:
    token = await until("the confirmation mail", lambda: salon.provider.token_in_mail(person.email), bool)
    await person.post("/auth/verify-email", {"token": token})


async def _send_document(salon: Salon, kind: str) -> None:
    path = f"/owner/businesses/{salon.business_id}/documents"
    ticket = await salon.owner.post(path, {"kind": kind, "content_type": "application/pdf"})
    upload = ticket["upload"]
    async with httpx.AsyncClient(timeout=30, trust_env=False) as browser:
        sent = await browser.post(upload["url"], data=upload["fields"], files={"file": ("permit.pdf", _PDF)})
    if not sent.is_success:
        raise Unexpected("the storage to take a document", f"{sent.status_code} {sent.text[:200]}")
    await salon.owner.post(f"{path}/{ticket['document']['id']}/complete")


async def _decide(salon: Salon, word: str, body: dict[str, str] | None = None) -> dict[str, str]:
    """An operator's word; the run of the review may be on its way still."""

    async def say() -> dict[str, str] | None:
        answer = await salon.admin.ask("POST", f"/admin/businesses/{salon.business_id}/{word}", body or {})
        if answer.status == 503:
            return None
        expect(f"{word}: status", answer.status, 200)
        decided: dict[str, str] = answer.data
        return decided

    decided = await until(f"the review to hear {word}", say, lambda said: said is not None)
    assert decided is not None  # noqa: S101 - `until` waited for it
    return decided


async def _asked(salon: Salon) -> bool:
    return any(_QUESTION in message["text"] for message in await salon.provider.emails(salon.owner.email))
