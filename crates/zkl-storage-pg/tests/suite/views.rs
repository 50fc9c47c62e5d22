//! What analysts see, and what administrators do.

use zkl_core::{
    storage::{StorageBackend, StorageBackendExt},
    time::Timestamp,
    tree::TreeSize,
};
use zkl_storage_pg::PgBackend;
use zkl_testkit::{
    conformance::{assert_holds, block_on},
    log::TestLog,
    postgres::shared,
};

use crate::support::{append, config, fresh, with_entries};

const LOG: TestLog = TestLog::salted(64);

fn sql(backend: &PgBackend, sql: &str) -> String {
    shared().psql("postgres", &format!("set search_path = {}; set timezone = 'UTC'; {sql}", backend.schema())).unwrap()
}

#[test]
fn the_examples_of_the_documentation_run() {
    block_on(async {
        let (_, backend) = with_entries(LOG, 300).await;
        let page = include_str!("../../../../docs/storage/postgres.md");
        let blocks: Vec<&str> = page.split("```sql\n").skip(1).filter_map(|rest| rest.split("```").next()).collect();
        assert!(blocks.len() >= 3, "{} examples", blocks.len());
        for block in blocks {
            // Names of roles and schemas in examples are made up.
            let example = block.replace("ledger.", &format!("{}.", backend.schema()));
            let example = example.replace("schema ledger", &format!("schema {}", backend.schema()));
            sql(&backend, &format!("begin; create role writer; create role analyst; {example}; rollback"));
        }
        assert_holds(&backend, LOG, 300).await;
    });
}

#[test]
fn views_show_entries_heads_and_histories() {
    block_on(async {
        let (_, backend) = with_entries(LOG, 20).await;
        let seventh = LOG.transaction(7);
        let (kind, name) = (seventh.kind, seventh.dataset.as_ref().map_or("", |name| name.as_str()));
        let line = format!("7|{}|{kind}|{name}|{}|{}\n", seventh.id, "2023-11-14 22:13:23+00", seventh.entry.len());
        assert_eq!(sql(&backend, "select * from entries where index = 7"), line);
        let head = LOG.head(20);
        assert_eq!(sql(&backend, "select size, root from checkpoint"), format!("20|{}\n", head.root));
        assert_eq!(sql(&backend, "select checkpoint from checkpoint").trim_end(), head.checkpoint.trim_end());
        let datasets = backend.datasets(None, 0).await.unwrap();
        let histories = datasets.iter().map(|summary| {
            let latest = LOG.transaction(summary.latest.0);
            format!("{}|{}|{}|{}\n", summary.name, summary.transactions, summary.latest, latest.kind)
        });
        let listed =
            sql(&backend, "select dataset, entries, latest_index, latest_operation from dataset_history order by 1");
        assert_eq!(listed, histories.collect::<String>());
        assert_eq!(sql(&backend, "select sum(entries) from activity where day = '2023-11-14'"), "20\n");
    });
}

#[test]
fn statements_inside_entries_are_decoded_and_others_are_null() {
    block_on(async {
        let (_, backend) = fresh().await;
        let envelope = sql(
            &backend,
            r#"select json_build_object('payloadType', 'application/vnd.in-toto+json', 'payload', encode(convert_to(
               '{"_type":"https://in-toto.io/Statement/v1","subject":[{"name":"penguins"}],"predicateType":"urn:x:v1",
               "predicate":{"rows":344}}', 'UTF8'), 'base64'), 'signatures', '[]'::json)"#,
        );
        let mut batch = LOG.batch(0, 3);
        batch.transactions[1].entry = envelope.trim().as_bytes().to_vec();
        batch.transactions[2].entry = vec![0xff; 9];
        // A time that no calendar has must not spoil the view.
        batch.transactions[2].recorded_at = Timestamp(u64::MAX);
        backend.append(TreeSize(0), batch).await.unwrap();
        let found = sql(
            &backend,
            "select index, predicate_type, predicate ->> 'rows', subject -> 0 ->> 'name' from statements \
                                   order by index",
        );
        assert_eq!(found, "0|||\n1|urn:x:v1|344|penguins\n2|||\n");
        assert_eq!(sql(&backend, "select recorded_at from entries where index = 2"), "infinity\n");
    });
}

#[test]
fn a_dump_restores_into_another_database_and_the_log_goes_on() {
    block_on(async {
        let (_, backend) = with_entries(LOG, 700).await;
        let digest = backend.put_blob(&[7; 100_000]).await.unwrap();
        let database = zkl_testkit::postgres::fresh_name();
        let file = shared().dir().join(format!("{database}.dump"));
        let file = file.to_str().unwrap();
        shared().run("pg_dump", &["-Fc", "-n", backend.schema(), "-f", file, "postgres"]).unwrap();
        shared().run("createdb", &[&database]).unwrap();
        shared().run("pg_restore", &["--exit-on-error", "-d", &database, file]).unwrap();
        let url = shared().url();
        let (server, _) = url.rsplit_once('/').unwrap();
        let restored =
            PgBackend::open(&format!("{server}/{database}?schema={}", backend.schema()), &config()).await.unwrap();
        assert_holds(&restored, LOG, 700).await;
        assert_eq!(restored.blob(digest).await.unwrap(), Some(vec![7; 100_000]));
        append(&restored, LOG, 700, 100).await;
        assert_holds(&restored, LOG, 800).await;
        assert_eq!(backend.size().await.unwrap(), TreeSize(700));
    });
}
