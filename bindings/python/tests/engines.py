"""What tests of engines share: a table of two segments, and the end of a worker that is computing."""

from __future__ import annotations

import os
import signal
import threading
import time

import numpy
import psutil
import pyarrow
from zkp_dataset_ledger import Ledger, Notarized, Progress

# A segment has 2^20 rows.
ROWS = (1 << 20) + 20_000
CLAIM = "share(smokes = true) between 30% and 40%"


def smokes(first: int = 0, rows: int = ROWS) -> pyarrow.Table:
    """One column of bits, so that a segment is proved in seconds."""
    return pyarrow.table({"smokes": numpy.arange(first, first + rows) % 3 == 0})


def check(ledger: Ledger, notarized: Notarized, table: pyarrow.Table) -> None:
    """The entry is like that of a table on one machine, and claims about it are proved and verified."""
    alone = ledger.notarize_dataset(table, name="alone")
    assert notarized.profile() == alone.profile()
    assert (notarized.rows, notarized.columns) == (alone.rows, alone.columns)
    receipt = notarized.prove(CLAIM)
    statement = receipt.verify(trust=ledger.log_key, require=["pinned", "proved", "public-setup"]).statement
    assert statement["rows"] == table.num_rows and statement["scan"]["segments"] == 2


class Killer:
    """Told of progress, it kills the first worker that computes once segments are being proved."""

    def __init__(self) -> None:
        self.killed: list[int] = []
        self.news: list[Progress] = []
        self._thread: threading.Thread | None = None

    def __call__(self, news: Progress) -> None:
        self.news.append(news)
        if news.stage == "scan" and self._thread is None:
            self._thread = threading.Thread(target=self._kill)
            self._thread.start()

    def join(self) -> None:
        """Waits for its end."""
        assert self._thread is not None
        self._thread.join()

    def _kill(self) -> None:
        deadline = time.monotonic() + 120
        while time.monotonic() < deadline:
            for process in psutil.Process().children(recursive=True):
                try:
                    if _proves(process):
                        os.kill(process.pid, signal.SIGKILL)
                        self.killed.append(process.pid)
                        return
                except psutil.Error:
                    continue
            time.sleep(0.02)


def _proves(process: psutil.Process) -> bool:
    """Whether a worker has begun to compute: it has the module, and has spent time outside Python for a while."""
    if not any("_native.abi3" in mapped.path for mapped in process.memory_maps()):
        return False
    before = process.cpu_times().user
    time.sleep(0.3)
    return bool(process.cpu_times().user - before > 0.1)
