"""``python -m tests.mutation [MODULE …] [--one-in 3] [--seconds 600]``: exit code 1 below nine tenths killed.

Each mutant runs in a fork that loads the mutated module in place of the real one, and its tests until the first that
fails. One whose tests do not end within a minute counts as killed. Bounded in time: no mutant begins after the limit.
"""

import argparse
import ast
import importlib.abc
import importlib.machinery
import importlib.util
import os
import signal
import sys
from collections.abc import Sequence
from pathlib import Path
from time import monotonic
from types import ModuleType

import hypothesis
import pytest

from tests.mutation.mutants import Mutant, mutants

ROOT = Path(__file__).parents[2]
PAYMENTS, BOOKINGS = "tests/domain/payments", "tests/domain/bookings"
#: Module of rules -> its tests, the nearest ones first.
TARGETS: dict[str, tuple[str, ...]] = {
    "domain.payments.dues": (f"{PAYMENTS}/test_dues.py", f"{BOOKINGS}/test_agreement.py"),
    "domain.bookings.agreement": (f"{BOOKINGS}/test_agreement.py",),
    "domain.payments.settlement": (f"{PAYMENTS}/test_settlement.py",),
    "domain.payments.refunds": (f"{PAYMENTS}/test_refunds.py",),
    "domain.payments.provider_events": (f"{PAYMENTS}/test_provider_events.py", f"{PAYMENTS}/test_changes.py"),
    "domain.payments.intents": (f"{PAYMENTS}/test_intents.py",),
    "domain.payments.opening": (f"{PAYMENTS}/test_opening.py",),
    "domain.payments.orders": (f"{PAYMENTS}/test_orders.py",),
    "domain.payments.changes": (f"{PAYMENTS}/test_changes.py",),
    "domain.payments.reconciliation": (f"{PAYMENTS}/test_reconciliation.py",),
    "domain.payments.payouts": (f"{PAYMENTS}/test_payouts.py",),
    "domain.payments.disputes": (f"{PAYMENTS}/test_disputes.py",),
    "domain.payments.tax": (f"{PAYMENTS}/test_tax.py", f"{PAYMENTS}/test_receipts.py"),
    "domain.payments.venue": (f"{PAYMENTS}/test_venue.py",),
    "domain.payments.dispute_evidence": (f"{PAYMENTS}/test_dispute_evidence.py",),
    "domain.payments.checkouts": (f"{PAYMENTS}/test_checkouts.py",),
    "domain.payments.without_card": (f"{BOOKINGS}/test_lost_card.py",),
    "domain.bookings.lost_card": (f"{BOOKINGS}/test_lost_card.py",),
    "domain.payments.accounts": (f"{PAYMENTS}/test_accounts.py",),
}
_LIMIT = 60
_WANTED = 0.9


class _Mutated(importlib.abc.MetaPathFinder, importlib.abc.Loader):
    """Gives the mutated module to every import of it."""

    def __init__(self, name: str, path: Path, tree: ast.Module) -> None:
        self._name, self._path, self._tree = name, path, tree

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> importlib.machinery.ModuleSpec | None:
        return importlib.util.spec_from_loader(fullname, self) if fullname == self._name else None

    def exec_module(self, module: ModuleType) -> None:
        exec(compile(self._tree, self._path, "exec"), module.__dict__)  # noqa: S102  (our own source)


def main() -> int:
    """Run the mutants of the asked modules and print those that no test noticed."""
    asked = _asked()
    hypothesis.settings.register_profile("mutation", deadline=None, max_examples=60, derandomize=True, database=None)
    hypothesis.settings.load_profile("mutation")
    ends, killed, seen = monotonic() + asked.seconds, 0, 0
    for name in asked.modules or TARGETS:
        path = ROOT / (name.replace(".", "/") + ".py")
        source = path.read_text(encoding="utf-8")
        if not _passes(name, path, ast.parse(source)):
            print(f"{name}: its tests fail without a mutant")  # noqa: T201  (a command)
            return 2
        chosen = mutants(source)[:: asked.one_in]
        alive = []
        for mutant in chosen:
            if monotonic() > ends:
                break
            seen += 1
            if _passes(name, path, mutant.tree):
                alive.append(mutant)
            else:
                killed += 1
        _show(name, len(chosen), alive)
    share = killed / max(seen, 1)
    print(f"{killed} of {seen} killed: {share:.1%}")  # noqa: T201  (a command)
    return 0 if share >= _WANTED else 1


def _show(name: str, count: int, alive: Sequence[Mutant]) -> None:
    print(f"{name}: {count} mutants, {len(alive)} survived", flush=True)  # noqa: T201  (a command)
    for mutant in alive:
        print(f"  line {mutant.line}: {mutant.change}", flush=True)  # noqa: T201  (a command)


def _passes(name: str, path: Path, tree: ast.Module) -> bool:
    """Whether all tests of the module pass with this tree, in a process of its own."""
    child = os.fork()
    if child == 0:
        os._exit(_test(name, path, tree))
    _, status = os.waitpid(child, 0)
    return os.waitstatus_to_exitcode(status) == 0


def _test(name: str, path: Path, tree: ast.Module) -> int:
    signal.alarm(_LIMIT)
    quiet = os.open(os.devnull, os.O_WRONLY)
    os.dup2(quiet, 1)
    os.dup2(quiet, 2)
    for loaded in [one for one in sys.modules if one.split(".")[0] == "domain"]:
        del sys.modules[loaded]
    sys.meta_path.insert(0, _Mutated(name, path, tree))
    options = [
        "-x",
        "-q",
        "--noconftest",
        "-p",
        "no:cacheprovider",
        "-p",
        "no:xdist",
        "-p",
        "no:asyncio",
        "-o",
        "addopts=",
    ]
    return int(pytest.main([*options, "-o", "filterwarnings=ignore", *TARGETS[name]]))


def _asked() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.mutation", description=__doc__)
    parser.add_argument("modules", nargs="*", choices=[*TARGETS, []], help="all without any")
    parser.add_argument("--one-in", type=int, default=1, help="only every n-th mutant")
    parser.add_argument("--seconds", type=float, default=1800, help="begin no mutant after so long")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
