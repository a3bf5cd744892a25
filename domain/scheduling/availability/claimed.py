"""The claims of one unit as bit strings that are made once and used for many questions."""

from collections.abc import Iterable
from dataclasses import dataclass, field

from domain.scheduling.availability.bits import runs
from domain.scheduling.hours import DAY

LONGEST = 3 * DAY
"""Minutes of the longest claim of one service: a day, with a day before and after it."""
_EMPTY_BEFORE = LONGEST


@dataclass(frozen=True, slots=True, eq=False)
class Claimed:
    """The claimed minutes of one unit: bit ``n`` is UTC minute ``base + n``. No claim begins within the first
    ``LONGEST`` minutes, so that every start that meets a claim has a bit."""

    base: int
    minutes: int
    _meeting: dict[int, int] = field(default_factory=dict)

    @classmethod
    def of(cls, claims: Iterable[tuple[int, int]]) -> "Claimed":
        """Of half-open ranges of UTC minutes, in any order, of which there is one at least."""
        ranges = sorted(claims)
        base = ranges[0][0] - _EMPTY_BEFORE
        size = max(end for _, end in ranges) - base
        # Bytes are changed in place, a long number would be copied for each claim.
        marked = bytearray(size // 8 + 2)
        longer = 0
        for start, end in ranges:
            at, within = divmod(start - base, 8)
            length = end - start
            if length > DAY:
                longer |= ((1 << length) - 1) << start - base
                continue
            bits = (1 << length) - 1 << within
            until = at + (length + within + 7) // 8
            bits |= int.from_bytes(marked[at:until], "little")
            marked[at:until] = bits.to_bytes(until - at, "little")
        return cls(base, int.from_bytes(marked, "little") | longer)

    def since(self, origin: int) -> int:
        """The claimed minutes from UTC minute ``origin`` on, which becomes bit 0."""
        return _shifted(self.minutes, self.base - origin)

    def meeting(self, length: int, origin: int) -> int:
        """The starts from which ``length`` minutes (``LONGEST`` at most) meet a claim; bit 0 is UTC minute
        ``origin``."""
        bits = self._meeting.get(length)
        if bits is None:
            bits = self._meeting[length] = ~runs(~self.minutes, length)
        return _shifted(bits, self.base - origin)


def _shifted(bits: int, by: int) -> int:
    return bits << by if by >= 0 else bits >> -by
