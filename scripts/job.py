"""What every script does first."""

import atexit
import contextlib
import os
import sys
import time
import traceback

from amygene.problems import InputError


def start(log):
    """Send output to the rule's log; tell a user's mistake in words and everything else with its traceback.

    The log ends with the CPU time that the job took to start (Python and its imports) and to work.
    """
    stream = open(log, "w", buffering=1)  # noqa: SIM115 - open until the job ends
    sys.stdout = sys.stderr = stream
    started = time.process_time()

    def tell(kind, error, trace):
        if issubclass(kind, InputError):
            print(error, file=stream)
        else:
            traceback.print_exception(kind, error, trace, file=stream)

    def account():
        print(f"CPU: {started:.2f} s to start, {time.process_time() - started:.2f} s of work", file=stream)

    sys.excepthook = tell
    atexit.register(account)
    one_thread()


def one_thread():
    """Products of matrices take one thread, whatever the rule is given: their last bits depend on the number."""
    # Snakemake sets these too, to the rule's threads; here they reach the libraries that are not loaded yet
    os.environ.update(dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1"))
    with contextlib.suppress(ModuleNotFoundError):  # abagen's environment lacks it
        from threadpoolctl import threadpool_limits

        threadpool_limits(1)
