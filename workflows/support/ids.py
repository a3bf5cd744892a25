"""Workflow ids are business keys: `workflow/{key}`."""

from datetime import UTC, datetime
from uuid import UUID

#: The one run that computes marked business days.
BACKFILL = "analytics/backfill"


def booking(booking_id: UUID) -> str:
    """The one workflow of a booking."""
    return f"booking/{booking_id}"


def waitlist(business_id: UUID) -> str:
    """The one run that offers freed time of a business to those who wait."""
    return f"waitlist/{business_id}"


def refund(refund_id: UUID) -> str:
    """The one workflow of a refund."""
    return f"refund/{refund_id}"


def dispute(dispute_id: UUID, due_at: datetime | None = None) -> str:
    """The workflow of a dispute, one for each deadline that the provider gives it; ``due_at`` is aware."""
    return f"dispute/{dispute_id}" + (f"/{due_at.astimezone(UTC):%Y%m%dT%H%M%SZ}" if due_at else "")


def media(media_id: UUID) -> str:
    """The one workflow of a picture or film."""
    return f"media/{media_id}"


def reaccommodation(booking_id: UUID, number: int) -> str:
    """The one workflow of the ``number``-th time that a booking was stranded."""
    return f"reaccommodation/{booking_id}/{number}"


def notice(notice_id: UUID) -> str:
    """The one workflow of a notice."""
    return f"notice/{notice_id}"


def flag_rollout(rollout_id: UUID) -> str:
    """The one workflow of a feature flag's rollout."""
    return f"flag-rollout/{rollout_id}"


def analytics_export(export_id: UUID) -> str:
    """The one workflow of an export of figures."""
    return f"analytics-export/{export_id}"


def business_archive(archive_id: UUID) -> str:
    """The one workflow of an archive of a business."""
    return f"business-archive/{archive_id}"


def customer_import(import_id: UUID) -> str:
    """The one workflow of an import of customers."""
    return f"customer-import/{import_id}"


def campaign(campaign_id: UUID) -> str:
    """The one workflow of a campaign."""
    return f"campaign/{campaign_id}"


def automation(automation_id: UUID) -> str:
    """The one open run of an automation."""
    return f"automation/{automation_id}"


def export(export_id: UUID) -> str:
    """The one workflow of a data export."""
    return f"export/{export_id}"


def erasure(user_id: UUID) -> str:
    """The one workflow of the erasure of a person's data."""
    return f"erasure/{user_id}"


def two_factor_reset(reset_id: UUID) -> str:
    """The one workflow of the reset of a second factor."""
    return f"two-factor-reset/{reset_id}"


def review(review_id: UUID) -> str:
    """The one open run of a customer's review."""
    return f"review/{review_id}"


def verification(business_id: UUID) -> str:
    """The one open review of a business."""
    return f"verification/{business_id}"
