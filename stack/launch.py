"""Run a program that ends with its parent: ``launch.py PARENT SIGNAL UID GID PROGRAM ARGUMENT…``.

Started by path with a bare interpreter (``python -I -S``), so it imports nothing of the platform. It exists because
between fork and exec only async-signal-safe work is allowed, which these steps are not.
"""

import ctypes
import os
import sys

_PR_SET_PDEATHSIG = 1


def main(arguments: list[str]) -> None:
    """Give up privileges, ask the kernel for a signal at the parent's death, become the program."""
    parent, death_signal, uid, gid = (int(value) for value in arguments[:4])
    program = arguments[4:]
    if uid >= 0:
        os.setgroups([])
        os.setgid(gid)
        os.setuid(uid)
    if sys.platform == "linux":
        # After setuid: a change of credentials clears it.
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, death_signal)
    if os.getppid() != parent:
        sys.exit(0)  # the parent died before it could be watched
    os.execv(program[0], program)  # noqa: S606 - the supervisor's own command line


if __name__ == "__main__":
    main(sys.argv[1:])
