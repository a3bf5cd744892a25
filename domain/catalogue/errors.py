"""Errors about services."""

from typing import ClassVar, TypedDict

from domain.errors import RuleBroken


class LegalNoticeDetails(TypedDict, total=False):
    """The services that are paid online."""

    field: str
    services: list[str]


class LegalNoticeRequired(RuleBroken):
    """Nothing may be sold online without the 特定商取引法 notice. ``details["services"]``: the services that are paid
    online."""

    code = "legal_notice_required"
    shape: ClassVar[type] = LegalNoticeDetails
