#!/usr/bin/env python3
"""Deletes each check of the verifiers and asks the tests whether they notice.

A check is `if CONDITION { return Err(..) }`, `if CONDITION { Ok(..) } else { Err(..) }` or a call that is made for its error alone
(`same(a, b)?;`). All of them are put behind a switch in a copy of the repository, which is built once. A first run of the tests, with
every check in its place, tells in which tests each one refuses something: only those can miss it. They run again with that check
switched off through an environment variable. A check that no test misses is reported, and the exit code is 1.

    scripts/delete_checks.py                        every check, some hours
    scripts/delete_checks.py --list                 the checks, without building
    scripts/delete_checks.py universal/verify.rs    those of files whose path contains this
"""

import argparse
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
SWITCH = "ZKL_DELETED_CHECK"
RECORD = "ZKL_CHECKS_THAT_REFUSE"

# What decides whether something is accepted, and the test targets that must notice when it does not; the quick ones first.
VERIFIERS = {
    "crates/zkl-snark/src/universal": (["zkl-snark:lib", "zkl-circuits:lib", "zkl-ledger:receipts"]),
    "crates/zkl-snark/src/groth16": (["zkl-snark:lib", "zkl-circuits:lib", "zkl-ledger:receipts"]),
    "crates/zkl-argument/src": (["zkl-argument:lib", "zkl-argument:scan", "zkl-argument:relation", "zkl-argument:hyperkzg", "zkl-argument:masked_opening",
                                 "zkl-argument:commit", "zkl-argument:srs", "zkl-argument:public_string", "zkl-argument:msm", "zkl-circuits:lib"]),
    "crates/zkl-circuits/src/scan": (["zkl-circuits:lib", "zkl-ledger:receipts", "zkl-ledger:segments"]),
    "crates/zkl-circuits/src/relation": (["zkl-circuits:lib", "zkl-ledger:receipts"]),
    "crates/zkl-receipt/src": (["zkl-receipt:lib", "zkl-ledger:receipts", "zkl-ledger:fixtures", "zkl-ledger:custody",
                                "zkl-ledger:segments"]),
    "crates/zkl-merkle/src": (["zkl-merkle:lib", "zkl-merkle:suite", "zkl-ledger:custody", "zkl-ledger:receipts"]),
}
# What says that a circuit has other constraints.
PINS = ("zkl-circuits:lib", ("keys::matrices::tests::the_universal_key_of_every_circuit_of_the_project_is_pinned_and_is_what_the_circuit_gives",
                             "relation::tests::kinds::the_circuits_are_satisfied_and_have_the_pinned_numbers_of_constraints"))
# Proving, and what only serves tests: an honest prover's checks of itself are not what a verifier rests on.
PROVERS = re.compile(r"\bfn (masked_opening|open|open_in|prove\w*|commit\w*|push_\w+|assign|sample)\b")
# The shape of a circuit decides every length in it, whatever a prover has: another one is a fault of the code. And an error that is passed on was
# found elsewhere.
NO_CHECKS = re.compile(r"GadgetError::Length|return Err\(error\);")
NOT_VERIFIERS = re.compile(r"(^|/)(tests?|prove|prover|testing|generate|store|file|query)(/|\.rs$)|/tests\.rs$")

HELPER = """
/// Whether this check is switched off, to see that a test misses it.
pub(crate) fn check_is_deleted(id: &str) -> bool {
    static DELETED: std::sync::OnceLock<Option<String>> = std::sync::OnceLock::new();
    DELETED.get_or_init(|| std::env::var("%s").ok()).as_deref() == Some(id)
}

/// Notes that this check refuses something, and in which test: threads of tests are called like them.
pub(crate) fn check_refuses(id: &'static str) {
    use std::io::Write as _;
    static SEEN: std::sync::Mutex<std::collections::BTreeSet<(String, &'static str)>> = std::sync::Mutex::new(std::collections::BTreeSet::new());
    let Ok(record) = std::env::var("%s") else { return };
    let test = std::thread::current().name().unwrap_or("?").to_owned();
    if SEEN.lock().unwrap().insert((test.clone(), id)) {
        let mut file = std::fs::OpenOptions::new().create(true).append(true).open(record).unwrap();
        file.write_all(format!("{id}\\t{test}\\n").as_bytes()).unwrap();
    }
}

/// Notes that a call refuses, unless it is told that it passed.
pub(crate) struct CheckedCall(pub(crate) &'static str);

impl CheckedCall {
    pub(crate) fn passed(self) {
        std::mem::forget(self);
    }
}

impl Drop for CheckedCall {
    fn drop(&mut self) {
        check_refuses(self.0);
    }
}
""" % (SWITCH, RECORD)

STATEMENT = re.compile(r"^(?P<indent>\s+)(?P<call>[a-z_][\w.:]*\(.*\)(?:\.map_err\([^;]*\))?\?);$")
CHOICE = re.compile(r"^(?P<indent>\s+)(?:let \w+ = )?if (?P<condition>.+) \{ (?P<yes>.+) \} else \{ (?P<no>.+) \};?$")


def is_left_out(lines, at):
    """Whether a line is a prover's, or in a constant function: a switch reads the environment, which those cannot."""
    head = next((line for line in reversed(lines[:at]) if re.search(r"\bfn \w+", line)), "")
    return "const fn" in head or PROVERS.search(head) is not None


def is_statement(lines, at):
    """Whether a line is no continuation of the one before."""
    before = lines[at - 1].split("//")[0].strip()
    return not before or before.endswith((";", "{", "}"))


def switched(lines, path):
    """Puts the checks of a file behind switches. Returns the lines, and the checks with whether each is a call."""
    lines, checks = list(lines), []

    def check(at, is_call=False):
        checks.append((f"{path}:{at + 1}", is_call))
        return f'crate::check_is_deleted("{checks[-1][0]}")'

    def refuses():
        return f'crate::check_refuses("{checks[-1][0]}"); '

    end = next((i for i, line in enumerate(lines) if line.strip() == "#[cfg(test)]"), len(lines))
    for at in range(end):
        line = lines[at]
        if is_left_out(lines, at) or NO_CHECKS.search(line):
            continue
        if line.strip().startswith("return Err("):
            indent = len(line) - len(line.lstrip()) - 4
            start = next((i for i in range(at - 1, max(at - 12, -1), -1)
                          if len(lines[i]) - len(lines[i].lstrip()) == indent and not lines[i].strip().startswith(("&&", "||", "{"))), None)
            if start is None or not re.match(r"\s*(\} else )?if ", lines[start]) or "check_is_deleted" in lines[start]:
                continue
            # `a || b` must be one operand.
            head, condition = re.match(r"(\s*(?:\} else )?if )(.*)$", lines[start]).groups()
            if start == at - 1 and condition.endswith(" {") and "let " not in condition:
                condition = f"({condition[:-2]}) {{"
            elif "||" in "".join(lines[start:at]):
                continue
            lines[start] = f"{head}!{check(at)} && {condition}"
            lines[at] = line.replace("return", f"{refuses()}return", 1)
        elif (found := CHOICE.match(line)) and "let " not in found["condition"]:
            yes, no = found["yes"], found["no"]
            if no.startswith("Err(") and not yes.startswith("Err("):
                whole = f"if {check(at)} || ({found['condition']}) {{ {yes} }} else {{ {refuses()}{no} }}"
                lines[at] = line.replace(f"if {found['condition']} {{ {yes} }} else {{ {no} }}", whole, 1)
            elif yes.startswith("Err(") and not no.startswith("Err("):
                whole = f"if !{check(at)} && ({found['condition']}) {{ {refuses()}{yes} }} else {{ {no} }}"
                lines[at] = line.replace(f"if {found['condition']} {{ {yes} }} else {{ {no} }}", whole, 1)
        elif (found := STATEMENT.match(line)) and is_statement(lines, at):
            switch = check(at, is_call=True)
            lines[at] = (f"{found['indent']}if !{switch} {{ let watched = crate::CheckedCall(\"{checks[-1][0]}\"); "
                         f"{found['call']}; watched.passed(); }}")
    return lines, checks


def instrument(copy, wanted):
    """Switches for all checks of the verifiers in `copy`. Returns the checks with their test targets and whether they are calls."""
    found = {}
    for room, targets in VERIFIERS.items():
        crate = "/".join(room.split("/")[:2])
        touched = False
        for file in sorted((copy / room).rglob("*.rs")):
            path = str(file.relative_to(copy))
            if NOT_VERIFIERS.search(path) or not any(part in path for part in wanted):
                continue
            lines, checks = switched(file.read_text().split("\n"), path)
            found |= {check: (targets, is_call) for check, is_call in checks}
            if checks:
                file.write_text("\n".join(lines))
                touched = True
        root = copy / crate / "src/lib.rs"
        if touched and "check_is_deleted" not in root.read_text():
            root.write_text(root.read_text() + HELPER)
    return found


def build(copy, features, wanted):
    """Builds the tests that are wanted. Returns the executables of targets, as `package:target`."""
    tests = sorted({name for _, name in (target.split(":") for target in wanted)} - {"lib"})
    command = [os.environ.get("CARGO", "cargo"), "test", "--locked", "--workspace", "--features", features, "--no-run",
               "--lib", *(f"--test={name}" for name in tests), "--message-format=json"]
    built = subprocess.run(command, cwd=copy, stdout=subprocess.PIPE, text=True)
    executables = {}
    for message in map(json.loads, built.stdout.splitlines()):
        if message.get("reason") == "compiler-message" and message["message"]["level"] == "error":
            print(message["message"]["rendered"], file=sys.stderr)
        if executable := message.get("executable"):
            package = Path(message["manifest_path"]).parent
            kind = "lib" if "lib" in message["target"]["kind"] else message["target"]["name"]
            executables[f"{package.name}:{kind}"] = (executable, package)
    if built.returncode:
        sys.exit("the copy with switches does not build")
    return executables


def run(target, executables, tests=(), threads=1, **environment):
    """Runs a test target, all of it or some of its tests. Returns what failed, or None."""
    executable, package = executables[target]
    # What is named like this takes long, or pins source text that the switches change.
    command = [executable, "--test-threads", str(threads), "--skip", "sources", "--skip", "compile_fail"]
    command += ["--exact", *tests] if tests else []
    environment = {"CARGO_MANIFEST_DIR": str(package), "CARGO_PKG_NAME": package.name} | environment
    try:
        ended = subprocess.run(command, cwd=package, env=os.environ | environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                               text=True, errors="replace", timeout=1800)
    except subprocess.TimeoutExpired:
        return f"{target}: does not end"
    if ended.returncode:
        failed = re.findall(r"^test (.+) \.\.\. FAILED$", ended.stdout, re.M)
        return f"{target}: {failed[0] if failed else 'aborted'}"
    return None


def refusals(target, executables, threads):
    """Runs a target with every check in its place. Returns the tests in which each check refuses something."""
    with tempfile.NamedTemporaryFile("r") as record:
        if failed := run(target, executables, threads=max(threads, 2), **{RECORD: record.name}):
            sys.exit(f"red with every check in its place: {failed}")
        tests = {}
        for line in record.read().splitlines():
            check, test = line.split("\t")
            tests.setdefault(check, []).append(test)
        return tests


def noticed(check, targets, is_call, executables, refused):
    """The target and test that miss the check, or None."""
    if not any(refused[target].get(check) for target in targets) and not is_call:
        return None
    unknown = []
    for target in targets:
        tests = refused[target].get(check, [])
        named = [test for test in tests if "::" in test or test.isidentifier() and test not in ("main", "tokio")]
        if len(named) < len(tests):
            unknown.append(target)
        for some in (named[:3], named[3:20], named[20:]):
            if some and (missed := run(target, executables, some, **{SWITCH: check})):
                return missed
    # A constraint of a circuit: matrices are pinned.
    if is_call and PINS[0] in targets and (missed := run(PINS[0], executables, PINS[1], **{SWITCH: check})):
        return missed
    # Refused on threads without a name; or a call without which honest proofs fail.
    for target in targets if is_call else unknown:
        if missed := run(target, executables, **{SWITCH: check}):
            return missed
    return None


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("parts", nargs="*", default=[""], help="checks of files whose path contains one of these")
    parser.add_argument("--list", action="store_true", help="list the checks")
    parser.add_argument("--features", default="zkl-cli/full,zkl-testkit/postgres,zkl-testkit/s3-servers")
    parser.add_argument("--jobs", type=int, default=2)
    args = parser.parse_args()

    with tempfile.TemporaryDirectory() as place:
        copy = Path(place) / ROOT.name
        shutil.copytree(ROOT, copy, ignore=shutil.ignore_patterns("target", ".git", "corpus"))
        checks = instrument(copy, args.parts or [""])
        if args.list:
            print("\n".join(checks))
            return
        wanted = sorted({target for targets, _ in checks.values() for target in targets})
        executables = build(copy, args.features, wanted)
        refused = {target: refusals(target, executables, args.jobs) for target in wanted}
        survivors = 0
        with ThreadPoolExecutor(args.jobs) as pool:
            for check, by in zip(checks, pool.map(lambda item: noticed(item[0], *item[1], executables, refused), checks.items())):
                print(f"{check}  {by or 'NO TEST MISSES IT'}", flush=True)
                survivors += by is None
        print(f"{len(checks)} checks, {survivors} that no test misses")
        sys.exit(bool(survivors))


if __name__ == "__main__":
    main()
