"""How many documents one business may send."""

from domain.errors import RuleBroken
from domain.media.quotas import Holdings, Quota, check_owner


def check_documents(held: Holdings, quota: Quota, size: int, new: int = 1) -> None:
    """Raise unless ``new`` more documents of ``size`` bytes may be stored: WrongState before the owner has confirmed
    the address, RuleBroken where the quota is used."""
    check_owner(held)
    if held.files + new > quota.files:
        raise RuleBroken({"rule": "too_many_documents"})
    if held.size + size > quota.size:
        raise RuleBroken({"rule": "document_space_used"})
