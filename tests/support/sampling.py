"""Cross-products in part: ``make test`` asks a sample that the commit chooses, ``make test-all`` asks everything.

The report names the seed. ``OMOTENASHI_TEST_SEED=<seed>`` repeats the sample of a run that failed.
"""

import functools
import os
import random
import subprocess
from collections.abc import Iterable
from pathlib import Path
from typing import TypeVar

T = TypeVar("T")

SEED = "OMOTENASHI_TEST_SEED"
WHOLE = "OMOTENASHI_TEST_WHOLE"


@functools.cache
def seed() -> str:
    """The environment's seed, else the first eight hexadecimal digits of the commit, else ``0``."""
    if os.environ.get(SEED):
        return os.environ[SEED]
    found = subprocess.run(
        ["git", "rev-parse", "--short=8", "HEAD"],
        cwd=Path(__file__).parent,
        capture_output=True,
        text=True,
        check=False,
    )
    return found.stdout.strip() or "0"


def is_whole() -> bool:
    """Whether everything is asked: ``make test-all``."""
    return os.environ.get(WHOLE, "") not in {"", "0"}


def sample(everything: Iterable[T], *, one_in: int, purpose: str) -> list[T]:
    """One in ``one_in`` of these, in their order; at least one. ``purpose`` makes samples differ from each other."""
    found = list(everything)
    if is_whole() or len(found) <= 1:
        return found
    dice = random.Random(f"{seed()} {purpose}")
    chosen = sorted(dice.sample(range(len(found)), max(1, len(found) // one_in)))
    return [found[index] for index in chosen]


def share(everything: Iterable[T], part: int, parts: int) -> list[T]:
    """The ``part``-th of ``parts`` shares that together are everything, dealt by the seed; everything in a whole run.

    For tests that are parametrised by who asks: each combination's turn comes, and no run leaves out an operation.
    """
    found = list(everything)
    if is_whole():
        return found
    order = list(range(len(found)))
    random.Random(f"{seed()} share").shuffle(order)
    mine = {index for place, index in enumerate(order) if place % parts == part % parts}
    return [one for index, one in enumerate(found) if index in mine]


def examples(number: int, *, whole: int) -> int:
    """How many examples a property gets: ``number``, or ``whole`` in a whole run."""
    return whole if is_whole() else number


def describe() -> str:
    """A line for the report."""
    if is_whole():
        return "cross-products: whole"
    return f"cross-products: a sample by seed {seed()} (repeat: {SEED}={seed()}; everything: make test-all)"
