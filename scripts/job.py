"""What every script does first."""

import sys
import traceback

from amygene.problems import InputError


def start(log):
    """Send output to the rule's log; tell a user's mistake in words and everything else with its traceback."""
    stream = open(log, "w", buffering=1)  # noqa: SIM115 - open until the job ends
    sys.stdout = sys.stderr = stream

    def tell(kind, error, trace):
        if issubclass(kind, InputError):
            print(error, file=stream)
        else:
            traceback.print_exception(kind, error, trace, file=stream)

    sys.excepthook = tell
