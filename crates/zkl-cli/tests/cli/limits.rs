//! Limits that the system sets to a process.

use crate::common::Workdir;

#[test]
fn limits_end_in_an_error_message_and_not_in_a_signal() {
    let workdir = Workdir::with_penguins();
    let run = |lines: &str| {
        let answer = workdir.shell(lines, &[]);
        assert_eq!(answer.code, Some(2), "{lines}: {}", answer.stderr);
        assert!(answer.stderr.starts_with("error: ") && !answer.stderr.contains("panicked"), "{}", answer.stderr);
        answer.stderr
    };
    let refused = run("ulimit -v 600000; zkl log");
    assert!(refused.contains("may use 585 MiB of address space") && refused.contains("\nhint: raise"), "{refused}");
    run("ulimit -n 10; zkl log");
    // A file that may not grow: the store's, an export's, a receipt's.
    for command in ["prove penguins 'rows >= 300' --proof dev", "export public", "receipt penguins -o penguins.receipt"]
    {
        run(&format!("ulimit -f 1; zkl {command}"));
    }
    assert_eq!(workdir.json(&["fsck"])["sound"], true);
    assert!(!workdir.path("penguins.receipt").exists());
}
