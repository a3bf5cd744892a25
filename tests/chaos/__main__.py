"""``make chaos``, or ``python -m tests.chaos --seed 7 --rounds 1 --bookings 300``: exit code 0 if all promises held."""

import argparse
import asyncio
import secrets
import shutil
import sys
import tempfile
from datetime import timedelta
from pathlib import Path

from rich.console import Console

from runtime.temporal import guard_exit
from tests.chaos import report
from tests.chaos.plan import KINDS, Plan
from tests.chaos.run import run


def main() -> int:
    """The exit code: 1 if anything was not as promised; then the stack's folder is kept."""
    plan, options = _asked()
    console = Console(width=150, highlight=False)
    folder = Path(tempfile.mkdtemp(prefix="omotenashi-chaos-"))
    kinds = f"{plan.rounds} rounds, {plan.bookings} bookings, {plan.load:.0f} s of killing"
    console.print(f"seed {plan.seed}: {kinds}", soft_wrap=True)
    guard_exit()
    good = False
    try:
        result = asyncio.run(run(plan, folder, lambda line: console.print(line, soft_wrap=True)))
        report.show(result, console)
        console.print(f"written to {report.write(result, options.report)}", soft_wrap=True)
        good = not result.wrong
    finally:
        if good and not options.keep:
            shutil.rmtree(folder, ignore_errors=True)
        else:
            console.print(f"Logs and data: {folder}", soft_wrap=True)
    return 0 if good else 1


def _asked() -> tuple[Plan, argparse.Namespace]:
    parser = argparse.ArgumentParser(prog="python -m tests.chaos", description=__doc__)
    standard = Plan(0)
    parser.add_argument("--seed", type=int, default=secrets.randbelow(10_000), help="of all chance; else a new one")
    parser.add_argument("--rounds", type=int, default=standard.rounds, help="each kills every kind of process once")
    parser.add_argument("--bookings", type=int, default=standard.bookings)
    parser.add_argument("--hold", type=float, default=standard.hold.total_seconds(), help="seconds to pay in")
    parser.add_argument(
        "--providers",
        nargs="+",
        choices=standard.providers,
        default=standard.providers,
        help="at which payment providers the salons have their accounts",
    )
    parser.add_argument("--kill", nargs="+", choices=KINDS, default=KINDS, help="which processes are killed")
    parser.add_argument("--report", type=Path, help="where the JSON goes instead of .omotenashi/chaos")
    parser.add_argument("--keep", action="store_true", help="keep the stack's folder")
    asked = parser.parse_args()
    hold = timedelta(seconds=asked.hold)
    return Plan(
        asked.seed, asked.rounds, asked.bookings, hold, providers=tuple(asked.providers), kinds=tuple(asked.kill)
    ), asked


if __name__ == "__main__":
    sys.exit(main())
