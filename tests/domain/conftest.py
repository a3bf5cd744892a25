"""How the property tests run: the same examples every time, and no judgement of speed on shared machines.

A short run has the first half of the examples of a whole one. ``HYPOTHESIS_PROFILE=search`` looks for new
counter-examples, at random and for longer.
"""

import os

from hypothesis import HealthCheck, settings

from tests.support import sampling

SLOW_IS_FINE = [HealthCheck.too_slow, HealthCheck.data_too_large]

settings.register_profile(
    "suite",
    deadline=None,
    derandomize=True,
    max_examples=sampling.examples(50, whole=100),
    database=None,
    suppress_health_check=SLOW_IS_FINE,
)
settings.register_profile("search", deadline=None, max_examples=2_000, suppress_health_check=SLOW_IS_FINE)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "suite"))
