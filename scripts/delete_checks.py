#!/usr/bin/env python3
"""Deletes each check of the verifiers and asks the tests whether they notice.

A check is `if CONDITION { return Err(..) }`, `if CONDITION { Ok(..) } else { Err(..) }` or a call that is made for its error alone
(`same(a, b)?;`). All of them are put behind a switch in a copy of the repository, which is built once; then the tests run once per
check, with that one switched off through an environment variable. A check that no test misses is reported, and the exit code is 1.

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

# What decides whether something is accepted, and the test targets that must notice when it does not; the quick ones first.
VERIFIERS = {
    "crates/zkl-snark/src/universal": (["zkl-snark:lib", "zkl-circuits:lib", "zkl-ledger:receipts"]),
    "crates/zkl-snark/src/groth16": (["zkl-snark:lib", "zkl-circuits:lib", "zkl-ledger:receipts"]),
    "crates/zkl-argument/src": (["zkl-argument:lib", "zkl-argument:scan", "zkl-argument:relation", "zkl-argument:hyperkzg", "zkl-argument:masked_opening",
                                 "zkl-argument:commit", "zkl-argument:srs", "zkl-argument:public_string", "zkl-circuits:lib"]),
    "crates/zkl-circuits/src/scan": (["zkl-circuits:lib", "zkl-ledger:receipts", "zkl-ledger:segments"]),
    "crates/zkl-circuits/src/relation": (["zkl-circuits:lib", "zkl-ledger:receipts"]),
    "crates/zkl-receipt/src": (["zkl-receipt:lib", "zkl-ledger:receipts", "zkl-ledger:fixtures", "zkl-ledger:custody",
                                "zkl-ledger:segments"]),
    "crates/zkl-merkle/src": (["zkl-merkle:lib", "zkl-merkle:suite", "zkl-ledger:custody", "zkl-ledger:receipts"]),
}
# Proving, and what only serves tests: an honest prover's checks of itself are not what a verifier rests on.
NOT_VERIFIERS = re.compile(r"(^|/)(tests?|prove|prover|testing|generate|store|file|query)(/|\.rs$)|/tests\.rs$")

HELPER = """
/// Whether this check is switched off, to see that a test misses it.
pub(crate) fn check_is_deleted(id: &str) -> bool {
    static DELETED: std::sync::OnceLock<Option<String>> = std::sync::OnceLock::new();
    DELETED.get_or_init(|| std::env::var("%s").ok()).as_deref() == Some(id)
}
""" % SWITCH

STATEMENT = re.compile(r"^(?P<indent>\s+)(?P<call>[a-z_][\w.:]*\(.*\)(?:\.map_err\([^;]*\))?\?);$")
CHOICE = re.compile(r"^(?P<indent>\s+)(?:let \w+ = )?if (?P<condition>.+) \{ (?P<yes>.+) \} else \{ (?P<no>.+) \};?$")


def in_const_fn(lines, at):
    """A switch reads the environment, which a constant function cannot."""
    heads = (line for line in reversed(lines[:at]) if re.search(r"\bfn \w+", line))
    return "const fn" in next(heads, "")


def is_statement(lines, at):
    """Whether a line is no continuation of the one before."""
    before = lines[at - 1].split("//")[0].strip()
    return not before or before.endswith((";", "{", "}"))


def switched(lines, crate, path):
    """Puts the checks of a file behind switches. Returns the lines and the names of the checks."""
    lines, checks = list(lines), []

    def check(at):
        checks.append(f"{path}:{at + 1}")
        return f'crate::check_is_deleted("{checks[-1]}")'

    end = next((i for i, line in enumerate(lines) if line.strip() == "#[cfg(test)]"), len(lines))
    for at in range(end):
        line = lines[at]
        if in_const_fn(lines, at):
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
        elif (found := CHOICE.match(line)) and "let " not in found["condition"]:
            yes, no = found["yes"], found["no"]
            if no.startswith("Err(") and not yes.startswith("Err("):
                lines[at] = line.replace(f"if {found['condition']} {{", f"if {check(at)} || ({found['condition']}) {{", 1)
            elif yes.startswith("Err(") and not no.startswith("Err("):
                lines[at] = line.replace(f"if {found['condition']} {{", f"if !{check(at)} && ({found['condition']}) {{", 1)
        elif (found := STATEMENT.match(line)) and is_statement(lines, at):
            lines[at] = f"{found['indent']}if !{check(at)} {{ {found['call']}; }}"
    return lines, checks


def instrument(copy, wanted):
    """Switches for all checks of the verifiers in `copy`. Returns the checks with their test targets."""
    found = {}
    for room, targets in VERIFIERS.items():
        crate = "/".join(room.split("/")[:2])
        touched = False
        for file in sorted((copy / room).rglob("*.rs")):
            path = str(file.relative_to(copy))
            if NOT_VERIFIERS.search(path) or not any(part in path for part in wanted):
                continue
            lines, checks = switched(file.read_text().split("\n"), crate, path)
            found |= {check: targets for check in checks}
            if checks:
                file.write_text("\n".join(lines))
                touched = True
        root = copy / crate / "src/lib.rs"
        if touched and "check_is_deleted" not in root.read_text():
            root.write_text(root.read_text() + HELPER)
    return found


def build(copy, features):
    """Builds all tests. Returns the executables of targets, as `package:target`."""
    command = [os.environ.get("CARGO", "cargo"), "test", "--locked", "--workspace", "--features", features, "--no-run",
               "--lib", "--tests", "--message-format=json"]
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


def noticed(check, targets, executables):
    """The target and test that miss the check, or None."""
    for target in targets:
        executable, package = executables[target]
        # What is named like this takes long, or pins source text that the switches change.
        command = [executable, "--test-threads", "1", "--skip", "sources", "--skip", "compile_fail"]
        try:
            run = subprocess.run(command, cwd=package, env=os.environ | {SWITCH: check, "CARGO_MANIFEST_DIR": str(package)},
                                 stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, errors="replace", timeout=900)
        except subprocess.TimeoutExpired:
            return f"{target}: does not end"
        if run.returncode:
            failed = re.findall(r"^test (.+) \.\.\. FAILED$", run.stdout, re.M)
            return f"{target}: {failed[0] if failed else 'aborted'}"
    return None


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("parts", nargs="*", default=[""], help="checks of files whose path contains one of these")
    parser.add_argument("--list", action="store_true", help="list the checks")
    parser.add_argument("--features", default="zkl-cli/pg,zkl-cli/s3,zkl-testkit/postgres,zkl-testkit/s3-servers")
    parser.add_argument("--jobs", type=int, default=2)
    args = parser.parse_args()

    with tempfile.TemporaryDirectory() as place:
        copy = Path(place) / ROOT.name
        shutil.copytree(ROOT, copy, ignore=shutil.ignore_patterns("target", ".git", "corpus"))
        checks = instrument(copy, args.parts or [""])
        if args.list:
            print("\n".join(checks))
            return
        executables = build(copy, args.features)
        wanted = sorted({target for targets in checks.values() for target in targets})
        broken = [target for target in wanted if noticed("none", [target], executables)]
        if broken:
            sys.exit(f"red with every check in its place: {', '.join(broken)}")
        survivors = 0
        with ThreadPoolExecutor(args.jobs) as pool:
            for check, by in zip(checks, pool.map(lambda item: noticed(*item, executables), checks.items())):
                print(f"{check}  {by or 'NO TEST MISSES IT'}", flush=True)
                survivors += by is None
        print(f"{len(checks)} checks, {survivors} that no test misses")
        sys.exit(bool(survivors))


if __name__ == "__main__":
    main()
