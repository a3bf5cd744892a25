"""Evidence about a dispute in Stripe's fields (API reference, "Update a dispute", ``evidence``). Pure."""

from stripe.params import DisputeUpdateParamsEvidence

from domain.payments.dispute_evidence import EvidenceTexts


def evidence_fields(evidence: EvidenceTexts) -> DisputeUpdateParamsEvidence:
    """All fields are texts: at most 20,000 characters each, 150,000 together."""
    return {
        "product_description": evidence.description,
        "service_date": evidence.service_on,
        "cancellation_policy_disclosure": evidence.policy,
        "uncategorized_text": evidence.record,
    }
