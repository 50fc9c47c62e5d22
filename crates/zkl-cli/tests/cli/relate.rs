//! Relations between tables, as a user meets them.

use crate::common::Workdir;

const ALL: &str = "id,weight,kind\n1,10,oak\n2,,ash\n3,30,elm\n3,30,elm\n";
const TRAIN: &str = "id,weight,kind\n3,30,elm\n1,10,oak\n";
const TEST: &str = "id,weight,kind\n3,30,elm\n2,,ash\n";

#[test]
fn a_split_is_proved_verified_and_listed_and_a_false_one_is_refused() {
    let workdir = Workdir::new();
    workdir.ok(&["init"]);
    for (name, text) in [("all", ALL), ("train", TRAIN), ("test", TEST)] {
        let file = workdir.write(&format!("{name}.csv"), text);
        workdir.ok(&["notarize", &file, "--proof", "universal"]);
    }
    let data = ["--data", "all=all.csv", "--data", "train=train.csv", "--data", "test=test.csv"];
    let relate = |relation: &'static str| [&["relate", relation][..], &data, &["--proof", "universal"]].concat();
    let text = workdir.ok(&[relate("train, test = split(all)"), vec!["-o", "split.receipt"]].concat());
    assert!(text.contains("Proved train, test = split(all), entry 3"), "{text}");
    assert!(text.contains("id, weight, kind"), "{text}");

    let text = workdir.ok(&["verify", "split.receipt"]);
    assert!(text.starts_with("VALID"), "{text}");
    assert!(text.contains("all was split into train and test"), "{text}");
    assert!(text.contains("train, 2 rows"), "{text}");
    let verified = workdir.json(&["verify", "split.receipt", "--require", "proved,public-setup"]);
    assert_eq!((&verified["kind"], &verified["relation"]["operation"]), (&"relation".into(), &"split".into()));
    assert!(workdir.ok(&["inspect", "split.receipt"]).contains("split: whole all, part_1 train, part_2 test"));
    let circuits = workdir.json(&["circuits", "--receipt", "split.receipt"]).to_string();
    assert!(circuits.contains("relation/rows-16-"), "{circuits}");
    assert!(workdir.ok(&["log"]).contains("split: whole all, part_1 train, part_2 test"));

    // Some columns alone, the other way round.
    workdir.ok(&relate("all = append(train, test on id, kind)"));

    let wrong = ["relate", "same_rows(train, test)", "--data", "train=train.csv", "--data", "test=test.csv"];
    let error = workdir.fails(3, &wrong);
    assert!(error.contains("the relation does not hold: no counterpart has row 2 of train, row 2 of test"), "{error}");
    let error = workdir.fails(2, &["relate", "same_rows(train, test)", "--data", "train=train.csv"]);
    assert!(error.contains("test has no file: name it with --data"), "{error}");
    let error = workdir.fails(2, &[&wrong[..], &["--data", "all=all.csv"]].concat());
    assert!(error.contains("all is not a table of the relation"), "{error}");
    let error = workdir.fails(2, &["relate", "same_rows(train test)", "--data", "train=train.csv"]);
    assert!(error.contains("expected , or on or )\n") && error.contains("hint: "), "{error}");
    let other = ["relate", "same_rows(train, test)", "--data", "train=test.csv", "--data", "test=test.csv"];
    let error = workdir.fails(2, &other);
    assert!(error.contains("the table given for train is not the notarized one"), "{error}");
}

#[test]
fn filters_erasures_bounds_and_absence_are_proved_verified_and_refused_with_the_rows_that_break_them() {
    let workdir = Workdir::new();
    workdir.ok(&["init"]);
    let heavy = "id,weight,kind\n3,30,elm\n3,30,elm\n";
    let rest = "id,weight,kind\n1,10,oak\n3,30,elm\n3,30,elm\n";
    for (name, text) in [("all", ALL), ("heavy", heavy), ("rest", rest)] {
        let file = workdir.write(&format!("{name}.csv"), text);
        workdir.ok(&["notarize", &file, "--proof", "universal"]);
    }
    let relate = |relation: &'static str, names: &[&'static str]| {
        let data = names.iter().flat_map(|name| ["--data".to_owned(), format!("{name}={name}.csv")]);
        let mut args = vec!["relate".to_owned(), relation.to_owned(), "--proof".to_owned(), "universal".to_owned()];
        args.extend(data);
        args
    };
    let ok = |args: Vec<String>| workdir.ok(&args.iter().map(String::as_str).collect::<Vec<_>>());
    let fails = |code, args: Vec<String>| workdir.fails(code, &args.iter().map(String::as_str).collect::<Vec<_>>());
    let output = |mut args: Vec<String>, file: &str| {
        args.extend(["-o".to_owned(), file.to_owned()]);
        args
    };
    let filter = "heavy = filter(all on kind, weight, id, weight > 1.1e1 and kind = elm)";
    let error = fails(2, relate(filter, &["all", "heavy"]));
    assert!(error.contains("\"weight\" is of type int, and compared with something else"), "{error}");
    let filter = "heavy = filter(all on kind, weight, id, weight > 11.50 and kind = elm)";
    ok(output(relate(filter, &["all", "heavy"]), "filter.receipt"));
    let text = workdir.ok(&["verify", "filter.receipt"]);
    let words = "heavy has the rows of all with weight > 11.5 and kind = elm, all of them and no others, each as often, compared in id, weight, kind";
    assert!(text.starts_with("VALID") && text.contains(words), "{text}");
    let verified = workdir.json(&["verify", "filter.receipt", "--require", "proved,public-setup"]);
    let condition = &verified["relation"]["where"][0];
    assert_eq!((&condition["column"], &condition["is"]["above"]), (&"weight".into(), &"11.5".into()));
    assert!(workdir.ok(&["log"]).contains("filter: whole all, filtered heavy"));
    let circuits = workdir.json(&["circuits", "--receipt", "filter.receipt"]).to_string();
    assert!(circuits.contains("relation/filter-16-"), "{circuits}");
    let error = fails(3, relate("heavy = filter(all, weight >= 10)", &["all", "heavy"]));
    assert!(error.contains("the relation does not hold: no counterpart has row 1 of all"), "{error}");

    ok(output(relate("rest = erase(all, id = 2)", &["all", "rest"]), "erase.receipt"));
    let text = workdir.ok(&["verify", "erase.receipt"]);
    assert!(
        text.contains("rest has the rows of all but those with id = 2: these are gone, all others are there"),
        "{text}"
    );
    let error = fails(3, relate("rest = erase(all, id = 1)", &["all", "rest"]));
    assert!(error.contains("no counterpart has row 2 of all, row 1 of rest"), "{error}");

    ok(output(relate("bounds(all on weight, 10, 30, nulls)", &["all"]), "bounds.receipt"));
    let text = workdir.ok(&["verify", "bounds.receipt"]);
    assert!(text.contains("every row of all has no value or weight between 10 and 30"), "{text}");
    let error = fails(3, relate("bounds(all on weight, 10, 30)", &["all"]));
    assert!(error.contains("the range does not hold row 2 of all"), "{error}");
    let error = fails(3, relate("bounds(all on weight, 11, 30, nulls)", &["all"]));
    assert!(error.contains("the range does not hold row 1 of all"), "{error}");

    ok(output(relate("absent(rest, id = 2)", &["rest"]), "absent.receipt"));
    assert!(workdir.ok(&["verify", "absent.receipt"]).contains("no row of rest has id = 2"));
    let error = fails(3, relate("absent(all, id = 3 and kind = elm)", &["all"]));
    assert!(error.contains("these values has row 3 of all, row 4 of all"), "{error}");
    let error = fails(3, relate("present(rest, id = 2)", &["rest"]));
    assert!(error.contains("the relation does not hold: no row has these values"), "{error}");
}

#[test]
fn subsets_and_unique_keys_are_proved_verified_and_refused_with_the_rows_that_break_them() {
    let workdir = Workdir::new();
    workdir.ok(&["init"]);
    for (name, text) in [("all", ALL), ("train", TRAIN)] {
        let file = workdir.write(&format!("{name}.csv"), text);
        workdir.ok(&["notarize", &file, "--proof", "universal"]);
    }
    let both = ["--data", "all=all.csv", "--data", "train=train.csv"];
    let relate = |relation: &'static str, data: &[&'static str]| {
        [&["relate", relation][..], data, &["--proof", "universal"]].concat()
    };
    let text = workdir.ok(&[relate("subset(train of all)", &both), vec!["-o", "subset.receipt"]].concat());
    assert!(text.contains("Proved subset(train of all), entry 2"), "{text}");
    let text = workdir.ok(&["verify", "subset.receipt"]);
    assert!(text.starts_with("VALID"), "{text}");
    let words =
        "train is a subset of all: its rows are rows of all, none more often than there, compared in id, weight, kind";
    assert!(text.contains(words), "{text}");
    assert!(workdir.ok(&["log"]).contains("subset: whole all, subset train"));
    let circuits = workdir.json(&["circuits", "--receipt", "subset.receipt"]).to_string();
    assert!(circuits.contains("relation/subset-16-"), "{circuits}");

    let train = &both[2..];
    let text = workdir.ok(&[relate("unique(train on id, kind)", train), vec!["-o", "unique.receipt"]].concat());
    assert!(text.contains("Proved unique(train on id, kind), entry 3"), "{text}");
    let text = workdir.ok(&["verify", "unique.receipt"]);
    assert!(text.starts_with("VALID") && text.contains("no two rows of train are equal in id, kind"), "{text}");
    let verified = workdir.json(&["verify", "unique.receipt", "--require", "proved,public-setup"]);
    assert_eq!((&verified["kind"], &verified["relation"]["operation"]), (&"relation".into(), &"unique".into()));

    let text = workdir.ok(&[relate("k_anonymous(all on id, k = 1)", &both[..2]), vec!["-o", "k.receipt"]].concat());
    assert!(text.contains("Proved k_anonymous(all on id, k = 1), entry 4"), "{text}");
    let text = workdir.ok(&["verify", "k.receipt"]);
    assert!(
        text.starts_with("VALID") && text.contains("every row of all is equal to 0 others at least in id"),
        "{text}"
    );
    let error = workdir.fails(3, &relate("k_anonymous(all on id, k = 2)", &both[..2]));
    assert!(error.contains("too few rows are equal to row 1 of all, row 2 of all"), "{error}");
    let error = workdir.fails(3, &relate("unique(all on id)", &both[..2]));
    assert!(error.contains("the relation does not hold: an earlier row has the key of row 4 of all"), "{error}");
    let error = workdir.fails(3, &relate("subset(all of train)", &both));
    assert!(error.contains("one side has 2 rows, the other 4"), "{error}");
    let other = workdir.write("other.csv", "id,weight,kind\n1,10,oak\n1,10,oak\n5,10,oak\n");
    workdir.ok(&["notarize", &other, "--proof", "universal"]);
    let data = ["--data", "all=all.csv", "--data", "other=other.csv"];
    let error = workdir.fails(3, &relate("subset(other of all)", &data));
    assert!(error.contains("no counterpart has row 1 of other, row 3 of other"), "{error}");
    let error = workdir.fails(2, &relate("subset(train, all)", &both));
    assert!(error.contains("expected of, as in: subset(sample of all)"), "{error}");
}
