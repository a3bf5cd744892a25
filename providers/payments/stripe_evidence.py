"""Evidence about a dispute in Stripe's fields (API reference, "Update a dispute", ``evidence``), and its files (API
reference, "Create a file"). Pure."""

import hashlib
import io
import json
from datetime import datetime

from stripe.params import DisputeUpdateParamsEvidence, FileCreateParams

from domain.payments.dispute_evidence import EvidenceFile, EvidencePart, EvidenceTexts


def evidence_fields(evidence: EvidenceTexts) -> DisputeUpdateParamsEvidence:
    """All fields are texts: at most 20,000 characters each, 150,000 together."""
    return {
        "product_description": evidence.description,
        "service_date": evidence.service_on,
        "cancellation_policy_disclosure": evidence.policy,
        "uncategorized_text": evidence.record,
    }


def add_file(fields: DisputeUpdateParamsEvidence, part: EvidencePart, file_id: str) -> None:
    """The id of an uploaded file, in the field for what it is about."""
    match part:
        case EvidencePart.RECEIPT:
            fields["receipt"] = file_id
        case EvidencePart.POLICY:
            fields["cancellation_policy"] = file_id
        case EvidencePart.MESSAGES:
            fields["customer_communication"] = file_id


def submission_key(key: str, fields: DisputeUpdateParamsEvidence, at: datetime) -> str:
    """The idempotency key of a submission. A receipt may be issued between two tries, and Stripe refuses a key that
    comes with other parameters. Stripe gives a stored answer for a day, an error 500 too ("Idempotent requests"), and
    the deadline may come before that: each hour has its own key."""
    digest = hashlib.sha256(json.dumps(fields, sort_keys=True).encode()).hexdigest()[:16]
    return f"{key}:{digest}:{at:%Y%m%d%H}"


def upload_of(file: EvidenceFile) -> FileCreateParams:
    """The parameters of the upload; the SDK takes the name of the file from the object that it reads."""
    content = io.BytesIO(file.content)
    content.name = file.name
    return {"file": content, "purpose": "dispute_evidence"}
