"""Counts requests for the rate limits while Redis is unreachable: slower, but equally strict."""

from collections.abc import Sequence

from sqlalchemy import ARRAY, BigInteger, Integer, Text, bindparam, text

from db.engine.store import Store
from domain.platform.rate_limits import LimitResult, Window, evaluate_limits

_COUNT = text("SELECT counted, resets FROM app_count(:subjects, :limits, :lengths)").bindparams(
    bindparam("subjects", type_=ARRAY(Text)),
    bindparam("limits", type_=ARRAY(Integer)),
    bindparam("lengths", type_=ARRAY(BigInteger)),
)


class RateLimitStore(Store):
    """The table ``rate_limits``."""

    async def count(self, windows: Sequence[Window]) -> list[LimitResult]:
        """Count one request against every window, or against none if one is full. One statement. A concurrent request
        of the same caller waits for the end of this transaction, so keep it short."""
        lengths = [window.bucket_milliseconds for window in windows]
        values = {
            "subjects": [f"{window.subject}:{length}" for window, length in zip(windows, lengths, strict=True)],
            "limits": [window.limit for window in windows],
            "lengths": lengths,
        }
        row = (await self.session.execute(_COUNT, values)).one()
        return evaluate_limits(windows, row.counted, row.resets)
