"""Lists of payments."""

from uuid import UUID

from starlette.responses import Response

from api.access.listing import Listing
from api.http.paging import Page
from api.v1.payments.payments.schemas import PaymentRead


async def payments_page(access: Listing, booking_id: UUID | None, business_id: UUID | None, page: Page) -> Response:
    """A page of a booking's payments, of a business's, or of the caller's own, newest first."""
    if booking_id is not None:
        async with access.of("booking", booking_id) as work:
            rows = await work.payments.lists.list_(booking_id=booking_id, after_id=page.after_id, limit=page.fetch)
    elif business_id is not None:
        async with access.of("business", business_id) as work:
            rows = await work.payments.lists.list_(business_id=business_id, after_id=page.after_id, limit=page.fetch)
    else:
        async with access.mine() as work:
            rows = await work.payments.lists.of_user(access.me.id, page.after_id, page.fetch)
    return page.answer(rows, PaymentRead.of, lambda payment: (payment.id,))
