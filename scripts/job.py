"""What every script does first."""

import atexit
import fcntl
import gc
import os
import sys
import time
import traceback
from contextlib import suppress
from pathlib import Path

from amygene.io.problems import InputError

#: what stays open until the job ends
HELD = []


def start(log):
    """Send output to the rule's log; tell a user's mistake in words and everything else with its traceback.

    The log ends with the CPU time that the job took to start (Python and its imports) and to work, and with the most
    memory that it held.
    """
    share_lock(Path(log).parent)
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
        print(f"memory: {peak_memory()}", file=stream)

    sys.excepthook = tell
    atexit.register(account)
    one_thread()
    # what was imported stays; nilearn collects garbage at every image and would look through it again each time
    gc.freeze()


def one_thread():
    """Products of matrices take one thread, whatever the rule is given: their last bits depend on the number."""
    # Snakemake sets these too, to the rule's threads; here they reach the libraries that are not loaded yet
    os.environ.update(dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1"))
    with suppress(ModuleNotFoundError):  # abagen's environment lacks it
        from threadpoolctl import threadpool_limits

        threadpool_limits(1)


def share_lock(folder):
    """Share the lock of a folder until this process ends, however it ends.

    A new run waits for it (rules/lock.smk).
    """
    stream = open(folder / ".jobs", "a+")  # noqa: SIM115 - open until the job ends
    with suppress(OSError):  # a disk without locks
        fcntl.flock(stream, fcntl.LOCK_SH)
    HELD.append(stream)


def peak_memory():
    """Most memory that this process held; Snakemake's benchmark looks too rarely to see it in a short job."""
    try:
        with open("/proc/self/status") as status:
            peak = next(line.split()[1] for line in status if line.startswith("VmHWM:"))
    except (OSError, StopIteration):
        return "not known on this system"
    return f"{int(peak) / 1024:.0f} MB"
