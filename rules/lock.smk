# Lock: one run of a study at a time, and none beside jobs that an earlier one left at work.

import fcntl
from contextlib import suppress

# the lock of this process, kept open until it ends
HELD = []


def take_lock():
    """Hold the study while this process lives: the kernel frees it however the process ends."""
    path = Path(f"results/{STUDY}/.lock")
    path.parent.mkdir(parents=True, exist_ok=True)
    stream = open(path, "a+")
    try:
        fcntl.flock(stream, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        stream.seek(0)
        raise WorkflowError(
            f"Another run of study {STUDY} is at work in this folder (process {stream.read().strip() or 'unknown'}); "
            "wait for it or stop it."
        ) from None
    except OSError as error:
        logger.warning(f"This disk knows no locks ({error}): see to it that study {STUDY} runs only once at a time.")
        return stream
    stream.truncate(0)
    stream.write(str(os.getpid()))
    stream.flush()
    return stream


def wait_for_orphans():
    """Let jobs end that outlived an earlier run which was killed: they would write their results over new ones.

    A job shares the lock of the folder of its log while it lives (scripts/job.py).
    """
    for logs in map(Path, (f"results/{STUDY}/logs", "resources/logs")):
        logs.mkdir(parents=True, exist_ok=True)
        with open(logs / ".jobs", "a+") as stream, suppress(OSError):
            try:
                fcntl.flock(stream, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                logger.info(f"Waiting for jobs that another run left at work in {logs.parent} ...")
                fcntl.flock(stream, fcntl.LOCK_EX)


onstart:
    HELD.append(take_lock())
    wait_for_orphans()
