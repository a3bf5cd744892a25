"""What one run does: how many bookings, how many kills, and how fast. All chance comes from one seed."""

import random
from dataclasses import dataclass
from datetime import timedelta

from domain.payments.providers import ProviderName

#: Every kind of process of the stack; each is killed once in a round.
KINDS = ("worker", "relay", "api", "temporal", "postgres", "redis", "sandbox")

#: Their death is felt longest: a key that a dead API took is free after 30 s, a message that a dead worker or provider
#: left half sent waits a minute. They come first in the last round, so that everything heals while others die.
SLOW_TO_HEAL = ("worker", "api", "sandbox")

#: A child that ran 30 s has recovered (`stack.supervisor.RECOVERED_AFTER`): its next crash pauses briefly again. So
#: rounds of this length kill as often as possible without making the supervisor believe in a crash loop.
_LONG_ROUND = timedelta(seconds=42)
#: One round alone: as fast as two cores get over it.
_SHORT_ROUND = timedelta(seconds=15)


@dataclass(frozen=True, slots=True)
class Plan:
    """``hold``: how long a customer has to pay. ``drain``: how long after the load everything may still be under way;
    a message whose fate is unknown waits a minute by itself. ``providers``: at which the salons have their accounts, in
    turn. ``kinds``: which processes are killed. ``at_once``: so many requests of customers are under way at most. A
    machine that is busy with other things then takes longer; without it, more requests come than it can answer, all
    of them come again after 15 s, and what is seen is the other load."""

    seed: int
    rounds: int = 20
    bookings: int = 1000
    hold: timedelta = timedelta(seconds=15)
    drain: timedelta = timedelta(minutes=5)
    providers: tuple[str, ...] = tuple(name.value for name in ProviderName)
    kinds: tuple[str, ...] = KINDS
    at_once: int = 16

    @property
    def gap(self) -> float:
        """Seconds from one kill to the next, on average."""
        return (_LONG_ROUND if self.rounds > 1 else _SHORT_ROUND) / timedelta(seconds=len(self.kinds))

    @property
    def load(self) -> float:
        """Seconds over which the customers come: as long as there is killing."""
        return self.rounds * len(self.kinds) * self.gap

    def orders(self) -> list[list[str]]:
        """Who is killed in each round, one after the other. From one round to the next neighbours change places and
        nobody moves far, so that everybody has had time to recover."""
        dice = self.dice("orders")
        order = dice.sample(self.kinds, len(self.kinds))
        rounds = []
        for _ in range(self.rounds):
            if len(order) > 1:
                left = dice.randrange(len(order) - 1)
                order[left], order[left + 1] = order[left + 1], order[left]
            rounds.append(list(order))
        rounds[-1].sort(key=lambda kind: kind not in SLOW_TO_HEAL)
        return rounds

    def dice(self, purpose: str) -> random.Random:
        """A stream of chance of its own, so that one more throw here changes nothing there."""
        return random.Random(f"{self.seed} {purpose}")
