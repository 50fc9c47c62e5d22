"""Calls that end early: signals, cancelled tasks, functions that raise, forks, panics. The ledger is as it was."""

from __future__ import annotations

import asyncio
import os
import pathlib
import signal
import subprocess
import sys
import textwrap
import threading
from collections.abc import Iterator

import pytest
from conftest import CSV, FIXTURE_LOG, FIXTURES
from zkp_dataset_ledger import InternalError, InvalidTypeError, Ledger, OperationCancelledError, Progress, ProofConfig, _native

ATTESTED = ProofConfig.attested()


def openings(place: pathlib.Path) -> list[str]:
    return sorted(os.listdir(place / "openings")) if (place / "openings").exists() else []


@pytest.fixture
def interruptible() -> Iterator[None]:
    """A shell that runs something in the background lets it ignore Ctrl-C."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


def test_ctrl_c_ends_a_call(tmp_path: pathlib.Path, interruptible: None) -> None:
    stages: list[str] = []

    def interrupt(progress: Progress) -> None:
        stages.append(progress.stage)
        if progress.stage == "scan":
            os.kill(os.getpid(), signal.SIGINT)

    with Ledger(tmp_path / "ledger") as ledger:
        with pytest.raises(KeyboardInterrupt):
            ledger.notarize_dataset(CSV, name="patients", progress=interrupt)
        assert "append" not in stages
        assert ledger.checkpoint is None and not openings(tmp_path / "ledger")
        # And everything goes on.
        assert ledger.notarize_dataset(CSV, name="patients", config=ATTESTED).entry.index == 0


def test_what_a_progress_function_raises_ends_the_call(tmp_path: pathlib.Path) -> None:
    def stop(_: Progress) -> None:
        raise ZeroDivisionError("enough")

    with Ledger(tmp_path / "ledger") as ledger:
        with pytest.raises(ZeroDivisionError, match="enough"):
            ledger.notarize_dataset(CSV, name="patients", progress=stop)
        assert ledger.checkpoint is None and not openings(tmp_path / "ledger")
        with pytest.raises(InvalidTypeError):
            ledger.notarize_dataset(CSV, name="patients", progress="yes")  # type: ignore[arg-type]


def test_progress_is_told_in_the_thread_of_the_call(proved: tuple[Ledger, object, object]) -> None:
    ledger = proved[0]
    told: list[tuple[int, Progress]] = []
    ledger.prove("patients", "max(age) <= 100", progress=lambda news: told.append((threading.get_ident(), news)))
    assert {thread for thread, _ in told} == {threading.get_ident()}
    assert [news.stage for _, news in told][-1] == "append" and "prove" in {news.stage for _, news in told}


def test_a_bar_of_tqdm_shows_progress(capsys: pytest.CaptureFixture[str]) -> None:
    pytest.importorskip("tqdm")
    with Ledger("memory:") as ledger:
        ledger.notarize_dataset(CSV, name="patients", config=ATTESTED, progress=True)
    assert "appending" in capsys.readouterr().err


def test_a_cancelled_task_cancels_the_work(tmp_path: pathlib.Path) -> None:
    async def main() -> None:
        with Ledger(tmp_path / "ledger") as ledger:
            begun = asyncio.Event()
            task = asyncio.create_task(
                ledger.notarize_dataset_async(CSV, name="patients", progress=lambda _: begun.set())
            )
            await begun.wait()
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task
            assert (await ledger.notarize_dataset_async(CSV, name="other", config=ATTESTED)).entry.index == 0
            assert [found.name for found in ledger.datasets()] == ["other"]

    asyncio.run(main())
    assert len(openings(tmp_path / "ledger")) == 1


def test_coroutines_do_the_same(proved: tuple[Ledger, object, object]) -> None:
    ledger = proved[0]

    async def main() -> None:
        stages: list[str] = []
        receipts = await asyncio.gather(
            ledger.prove_async("patients", "rows >= 1", progress=lambda news: stages.append(news.stage)),
            ledger.dataset("patients").prove_async("min(age) >= 1"),
        )
        assert "prove" in stages
        for receipt in receipts:
            assert await receipt.verify_async(trust=ledger.log_key)

    asyncio.run(main())


def test_a_call_of_another_thread_is_cancelled() -> None:
    cancel = _native.Cancel()
    cancel.set()
    with Ledger("memory:") as ledger:
        with pytest.raises(OperationCancelledError):
            # What asyncio does.
            ledger._notarize(CSV, "patients", None, lambda _: None, cancel)
        assert ledger.checkpoint is None


def test_threads_share_a_ledger(tmp_path: pathlib.Path) -> None:
    with Ledger(tmp_path / "ledger") as ledger:
        def notarize(name: str) -> None:
            ledger.notarize_dataset(CSV, name=name, config=ATTESTED)

        threads = [threading.Thread(target=notarize, args=(f"t{i}",)) for i in range(6)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert [found.name for found in ledger.datasets()] == [f"t{i}" for i in range(6)]


@pytest.mark.parametrize("computes", [False, True])
def test_a_panic_is_an_exception(computes: bool) -> None:
    with pytest.raises(InternalError, match="on purpose"):
        _native.danger_panic(computes)


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork on this platform")
def test_a_forked_process_is_told_what_to_do(tmp_path: pathlib.Path) -> None:
    script = """
        import os, sys
        from zkp_dataset_ledger import ForkedError, Ledger, ProofConfig, verify
        place, receipt, key = sys.argv[1:]
        config = ProofConfig.attested()
        ledger = Ledger(place)
        ledger.notarize_dataset(b"x\\n1\\n", name="before", config=config)
        claim = verify(receipt, trust=key, allow_forgeable=True)
        child = os.fork()
        if child == 0:
            notarize = lambda: ledger.notarize_dataset(b"x\\n1\\n", name="x", config=config)
            for call in (lambda: ledger.datasets(), notarize, lambda: Ledger(place)):
                try:
                    call()
                except ForkedError as error:
                    assert "spawn" in error.hint, error.hint
                else:
                    os._exit(1)
            # What the child makes itself is its own, and so are its threads.
            assert verify(receipt, trust=key, allow_forgeable=True) == claim
            with Ledger("memory:") as own:
                own.notarize_dataset(b"x\\n2\\n", name="child", config=config)
            del ledger
            sys.exit(7)
        assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 7
        ledger.notarize_dataset(b"x\\n3\\n", name="after", config=config)
        with Ledger(place) as again:
            assert [found.name for found in again.datasets()] == ["after", "before"]
    """
    arguments = [str(tmp_path / "ledger"), str(FIXTURES / "v2/claim.receipt"), FIXTURE_LOG]
    # A child that waits for threads that it does not have would wait forever.
    done = subprocess.run([sys.executable, "-c", textwrap.dedent(script), *arguments], capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr


def test_the_interpreter_ends_while_a_ledger_is_open_and_works(tmp_path: pathlib.Path) -> None:
    script = """
        import sys, threading
        from zkp_dataset_ledger import Ledger
        ledger = Ledger(sys.argv[1])
        begun = threading.Event()
        work = lambda: ledger.notarize_dataset(b"x\\n1\\n", name="x", progress=lambda _: begun.set())
        threading.Thread(target=work, daemon=True).start()
        begun.wait()
    """
    done = subprocess.run([sys.executable, "-c", textwrap.dedent(script), str(tmp_path / "ledger")], capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr
