"""Tables of Ray, in a cluster of this machine."""

from __future__ import annotations

from collections.abc import Iterator

import pyarrow
import pytest

ray = pytest.importorskip("ray")

from engines import ROWS, Killer, check, smokes  # noqa: E402
from zkp_dataset_ledger import InvalidInputError, InvalidTypeError, Ledger, ProofConfig, ReadOptions  # noqa: E402


@pytest.fixture(scope="module", autouse=True)
def cluster() -> Iterator[None]:
    ray.init(num_cpus=2, include_dashboard=False, _node_ip_address="127.0.0.1", log_to_driver=False)
    yield
    ray.shutdown()


def test_the_entry_is_that_of_a_table_on_one_machine_although_a_worker_was_killed() -> None:
    from zkp_dataset_ledger.ray import notarize_dataset

    table, killer = smokes(), Killer()
    # Blocks end elsewhere than segments do.
    dataset = ray.data.from_arrow([table.slice(0, 700_000), table.slice(700_000)])
    with Ledger("memory:") as ledger:
        notarized = notarize_dataset(ledger, dataset, name="smokers", progress=killer)
        killer.join()
        assert len(killer.killed) == 1
        assert [(news.done, news.total) for news in killer.news if news.stage == "scan"] == [(0, 2), (1, 2), (2, 2)]
        check(ledger, notarized, table)
        assert len(ledger.entries(kind="notarization")) == 2


def test_texts_have_types_that_are_said() -> None:
    from zkp_dataset_ledger.ray import notarize_dataset

    dataset = ray.data.from_items([{"age": age, "city": city} for age, city in [(34, "York"), (58, "Bath"), (41, "York")]])
    with Ledger("memory:") as ledger:
        with pytest.raises(InvalidInputError, match="type of city"):
            notarize_dataset(ledger, dataset, name="people")
        config = ProofConfig(read=ReadOptions(columns={"city": "category"}))
        assert notarize_dataset(ledger, dataset.repartition(3), name="people", config=config).profile()["city"].categories == {
            "York": 2,
            "Bath": 1,
        }


def test_what_is_no_table_of_ray_is_refused() -> None:
    from zkp_dataset_ledger.ray import notarize_dataset

    with Ledger("memory:") as ledger:
        with pytest.raises(InvalidTypeError, match="no dataset of Ray"):
            notarize_dataset(ledger, smokes(0, 3), name="x")
        with pytest.raises(InvalidTypeError, match="several machines") as raised:
            ledger.notarize_dataset(ray.data.range(3), name="x")
        assert "zkp_dataset_ledger.ray" in (raised.value.hint or "")
        with pytest.raises(InvalidInputError, match="no rows"):
            notarize_dataset(ledger, ray.data.from_arrow(pyarrow.table({"x": pyarrow.array([], pyarrow.int64())})), name="x")
        assert ledger.checkpoint is None and ROWS > 1 << 20
