"""Sets of minutes as Python integers: bit ``n`` is minute ``n`` of a range.

Integers have any length, so one operation handles a month of minutes at once. The functions here are independent of
what the bits mean.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import compress
from math import gcd
from operator import itemgetter


def ones(count: int) -> int:
    """``count`` set bits from bit 0; no bits for a count below one."""
    return (1 << count) - 1 if count > 0 else 0


def span(start: int, end: int) -> int:
    """Bits ``start`` up to, but not including, ``end``; no bits if it ends before it starts."""
    return ones(end - start) << start


def join(parts: Sequence[int], width: int) -> int:
    """The union of ``parts``; part ``n`` begins at bit ``n * width``.

    ``width`` is a multiple of 8; a part may extend into the next one (at most ``2 * width`` bits). Joining small
    numbers as bytes takes a tenth of the time of setting every range in one long number.
    """
    size = width // 4
    even = b"".join([part.to_bytes(size, "little") for part in parts[::2]])
    odd = b"".join([part.to_bytes(size, "little") for part in parts[1::2]])
    return int.from_bytes(even, "little") | int.from_bytes(odd, "little") << width


def runs(bits: int, length: int) -> int:
    """The bits from which ``length`` set bits follow, including the bit itself (``length >= 1``).

    Doubles the known run in each round: log2(length) operations instead of ``length``.
    """
    known = 1
    while known * 2 <= length:
        bits &= bits >> known
        known *= 2
    if known < length:
        bits &= bits >> (length - known)
    return bits


@lru_cache(maxsize=64)
def every(step: int, count: int) -> int:
    """Bits 0, ``step``, 2 ``step`` … below ``count``."""
    bits, known = 1, step
    while known < count:
        bits |= bits << known
        known *= 2
    return bits & ones(count)


def squeeze(bits: int, step: int, count: int) -> int:
    """Bits 0, ``step``, 2 ``step`` … of ``bits``, ``count`` of them, side by side.

    Moves blocks of bits together, twice as many in each round: log2(count) operations.
    """
    if step == 1:
        return bits & ones(count)
    bits &= every(step, count * step)
    width = 1
    while width < count:
        bits = (bits | bits >> width * (step - 1)) & _blocks(2 * width, 2 * width * step, count * step)
        width *= 2
    return bits


@lru_cache(maxsize=128)
def _blocks(width: int, spacing: int, size: int) -> int:
    """``width`` set bits at 0, ``spacing``, 2 ``spacing`` … below ``size``."""
    bits, known = ones(width), spacing
    while known < size:
        bits |= bits << known
        known *= 2
    return bits


@dataclass(frozen=True, slots=True)
class Lattice:
    """The positions ``first``, ``first + step``, … ``count`` of them."""

    first: int
    step: int
    count: int

    @classmethod
    def of(cls, bits: int, steps: Sequence[int]) -> "Lattice":
        """The one with the first of these ``steps`` on which all set bits lie; 1 always fits. There is a set bit."""
        first = (bits & -bits).bit_length() - 1
        bits >>= first
        size = bits.bit_length()
        step = next((step for step in steps if not bits & ~every(step, -(-size // 1024) * 1024)), 1)
        return cls(first, step, (size - 1) // step + 1)

    def squeezed(self, bits: int) -> int:
        """The bits at these positions, side by side."""
        return squeeze(bits >> self.first, self.step, self.count)

    def spread(self, bits: int) -> int:
        """The bits at these positions, one in each byte."""
        text = f"{self.squeezed(bits):0{self.count}b}".encode()
        return int.from_bytes(text, "big") & every(8, 8 * self.count)  # the digits 0 and 1 differ in their last bit

    def positions(self, chosen: Iterable[int]) -> list[int]:
        """The positions for which ``chosen``, which has a value for each, is not 0."""
        return list(compress(range(self.first, self.first + self.step * self.count, self.step), chosen))


def common_step(numbers: Sequence[int]) -> int:
    """The largest step from one of these ascending numbers to the next that reaches all of them."""
    return gcd(*(number - numbers[0] for number in numbers[1:])) or 1


class Tally:
    """Counts, for all bit positions at once, in how many added bit strings the bit is set.

    The counts are stored by binary digit: ``slices[j]`` has the digit with the value 2**j of the count of every
    position.
    """

    __slots__ = ("slices",)

    def __init__(self) -> None:
        self.slices: list[int] = []

    def add(self, bits: int, times: int = 1) -> None:
        """Count ``bits`` ``times`` times."""
        weight = 0
        while times:
            if times & 1:
                self._carry(bits, weight)
            times >>= 1
            weight += 1

    def _carry(self, bits: int, weight: int) -> None:
        slices = self.slices
        while bits:
            while weight >= len(slices):
                slices.append(0)
            slices[weight], bits = slices[weight] ^ bits, slices[weight] & bits
            weight += 1

    def at_least(self, count: int) -> int:
        """The positions with a count of ``count`` or more (``count >= 1``)."""
        if count >> len(self.slices):
            return 0
        above, equal = 0, -1  # -1 is a set bit at every position
        for weight in reversed(range(len(self.slices))):
            if count >> weight & 1:
                equal &= self.slices[weight]
            else:
                above |= equal & self.slices[weight]  # it may stay in ``equal``, because the result contains both
        return above | equal

    def any(self) -> int:
        """The positions with a count above zero."""
        bits = 0
        for part in self.slices:
            bits |= part
        return bits

    def at(self, wanted: Sequence[int]) -> list[int]:
        """The count at each of the ``wanted`` positions."""
        if not self.slices or not wanted:
            return [0] * len(wanted)
        pick = itemgetter(*wanted, 0)  # one more position, so that a single wanted one gives a tuple too
        size = max(wanted) + 1
        digits = [pick(f"{part & ones(size):0{size}b}"[::-1]) for part in reversed(self.slices)]
        values = {key: int("".join(key), 2) for key in set(zip(*digits, strict=True))}
        return [values[key] for key in zip(*digits, strict=True)][:-1]

    def on(self, lattice: Lattice) -> int | None:
        """The counts at these positions, one in each byte, the first one lowest; None for one above 255."""
        if len(self.slices) > 8:
            return None
        return sum(lattice.spread(part) << weight for weight, part in enumerate(self.slices))
