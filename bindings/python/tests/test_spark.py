"""Tables of Spark, on this machine."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Iterator
from typing import Any

import pytest

pyspark = pytest.importorskip("pyspark")
if shutil.which("java") is None:
    pytest.skip("Spark needs Java", allow_module_level=True)

from engines import ROWS, Killer, check, smokes  # noqa: E402
from zkp_dataset_ledger import InvalidInputError, InvalidTypeError, Ledger, ProofConfig, ReadOptions  # noqa: E402


@pytest.fixture(scope="module")
def spark(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    from pyspark.sql import SparkSession

    place = tmp_path_factory.mktemp("spark")
    os.environ["PYSPARK_PYTHON"] = sys.executable
    # On one machine Spark gives up at the first failure, unless it is told how many there may be.
    builder = SparkSession.builder.master("local[2,4]").config("spark.driver.host", "127.0.0.1").config("spark.driver.bindAddress", "127.0.0.1")
    builder = builder.config("spark.ui.enabled", "false").config("spark.local.dir", str(place)).config("spark.sql.warehouse.dir", str(place))
    session = builder.config("spark.io.encryption.enabled", "true").config("spark.log.level", "OFF").getOrCreate()
    yield session
    session.stop()


def test_the_entry_is_that_of_a_table_on_one_machine_although_a_worker_was_killed(spark: Any) -> None:
    from pyspark.sql import functions
    from zkp_dataset_ledger.spark import notarize_dataset

    # Three partitions, none of which ends where a segment does.
    frame = spark.range(0, ROWS, numPartitions=3).select((functions.col("id") % 3 == 0).alias("smokes"))
    killer = Killer()
    with Ledger("memory:") as ledger:
        notarized = notarize_dataset(ledger, frame, name="smokers", progress=killer)
        killer.join()
        assert len(killer.killed) == 1
        assert [(news.done, news.total) for news in killer.news if news.stage == "scan"] == [(0, 2), (1, 2), (2, 2)]
        check(ledger, notarized, smokes())
        assert len(ledger.entries(kind="notarization")) == 2
    # It was persisted for the time of the call.
    assert frame.storageLevel == pyspark.StorageLevel.NONE


def test_texts_have_types_that_are_said(spark: Any) -> None:
    from zkp_dataset_ledger.spark import notarize_dataset

    frame = spark.createDataFrame([(34, "York"), (58, "Bath"), (41, "York")], "age int, city string")
    with Ledger("memory:") as ledger:
        with pytest.raises(InvalidInputError, match="type of city"):
            notarize_dataset(ledger, frame, name="people")
        config = ProofConfig(read=ReadOptions(columns={"city": "category"}))
        # More partitions than rows: some have none.
        found = notarize_dataset(ledger, frame.repartition(5), name="people", config=config)
        assert found.profile()["city"].categories == {"York": 2, "Bath": 1}


def test_what_is_no_table_of_spark_is_refused(spark: Any) -> None:
    from zkp_dataset_ledger.spark import notarize_dataset

    with Ledger("memory:") as ledger:
        with pytest.raises(InvalidTypeError, match="no data frame of Spark"):
            notarize_dataset(ledger, smokes(0, 3), name="x")
        with pytest.raises(InvalidInputError, match="no rows"):
            notarize_dataset(ledger, spark.range(0), name="x")
        assert ledger.checkpoint is None
