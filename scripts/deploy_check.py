"""Checks the files of deploy/: they validate, they hold what matters, and what they say of the programs is true of the programs.

usage: deploy_check.py TOOLS BINARIES
TOOLS is what setup_deploy.sh prints, BINARIES the directory of `zkl` and `zkl-server`.
"""

import copy
import os
import re
import shutil
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from functools import cache
from pathlib import Path

import kubernetes_validate
import yaml

ROOT = Path(__file__).resolve().parent.parent
DEPLOY = ROOT / "deploy"
TOOLS, BINARIES = Path(sys.argv[1]), Path(sys.argv[2])
PROGRAMS = ("zkl", "zkl-server")
# Of the operators that the monitoring and the CSI component are for.
FOREIGN = {"ServiceMonitor", "PrometheusRule", "SecretProviderClass"}


def run(*command, **options):
    """Output of a command that must succeed."""
    done = subprocess.run(command, capture_output=True, text=True, **options)
    if done.returncode:
        raise SystemExit(f"{' '.join(map(str, command))}: {done.stdout}{done.stderr}")
    return done.stdout


@cache
def help_of(program, *commands):
    return run(BINARIES / program, *commands, "--help")


@cache
def variables():
    """Every variable that the programs read, as their help names them."""
    pages = [help_of("zkl-server", "serve"), help_of("zkl", "init"), help_of("zkl", "verify")]
    return set(re.findall(r"\[env: (ZKL_[A-Z_]+)", "".join(pages)))


def command_problems(where, words):
    """What is wrong with a command line of one of the programs."""
    program, arguments = words[0], words[1:]
    if program not in PROGRAMS:
        return [f"{where}: {program} is no program of the image"]
    commands, flags, is_value = [], [], False
    for word in arguments:
        if word.startswith("--"):
            flags.append(word.split("=")[0])
            # Of the flags that are used here, these take no value.
            is_value = word not in ("--quiet",) and "=" not in word
        elif is_value:
            is_value = False
        elif re.fullmatch(r"[a-z-]+", word):
            commands.append(word)
    listed = help_of(program)
    for depth, command in enumerate(commands):
        listed = help_of(program, *commands[:depth])
        if not re.search(rf"^  {command}\b", listed, re.M):
            return [f"{where}: `{program} {' '.join(commands[:depth])}` has no command {command}"]
    known = help_of(program, *commands)
    return [f"{where}: `{program} {' '.join(commands)}` has no {flag}" for flag in flags if not re.search(rf"{flag}\b", known)]


# Kubernetes


def render(directory):
    return [part for part in yaml.safe_load_all(run(TOOLS / "kubectl", "kustomize", directory)) if part]


def schema_problems(objects):
    found = []
    for item in objects:
        if item["kind"] in FOREIGN:
            continue
        try:
            kubernetes_validate.validate(item, "1.37", strict=True)
        except kubernetes_validate.ValidationError as error:
            found.append(f"{item['kind']} {item['metadata']['name']}: {error.message}")
    return found


def pods(objects):
    """(name, pod template) of everything that makes pods."""
    for item in objects:
        spec = item.get("spec", {})
        if item["kind"] == "CronJob":
            spec = spec["jobTemplate"]["spec"]
        if "template" in spec:
            yield f"{item['kind']} {item['metadata']['name']}", spec["template"]


def container_problems(where, container, settings):
    locked = container.get("securityContext", {})
    checks = {
        "may gain rights": locked.get("allowPrivilegeEscalation") is False,
        "has a root file system that can be written": locked.get("readOnlyRootFilesystem") is True,
        "keeps capabilities": locked.get("capabilities", {}).get("drop") == ["ALL"] and "add" not in locked["capabilities"],
        "has no limit of memory": "memory" in container.get("resources", {}).get("limits", {}),
        "has no requests": {"cpu", "memory"} <= container.get("resources", {}).get("requests", {}).keys(),
        "has an image without a version": re.search(r":\d", container["image"]) is not None,
    }
    found = [f"{where} {problem}" for problem, is_fine in checks.items() if not is_fine]
    found += command_problems(where, container["command"] + container["args"])
    names = [entry["name"] for entry in container.get("env", [])] + list(settings)
    found += [f"{where}: the programs read no {name}" for name in names if name.startswith("ZKL_") and name not in variables()]
    return found


def server_problems(where, pod, settings, by_kind, labels):
    server, ports = pod["containers"][0], {}
    for port in server["ports"]:
        ports[port["name"]] = port["containerPort"]
    listens = {name: int(settings[variable].rsplit(":", 1)[1]) for name, variable in (("http", "ZKL_LISTEN"), ("metrics", "ZKL_METRICS_LISTEN"))}
    found = [] if ports == listens else [f"{where}: ports {ports}, but it listens on {listens}"]
    for probe, path in (("startupProbe", "/livez"), ("livenessProbe", "/livez"), ("readinessProbe", "/readyz")):
        got = server.get(probe, {}).get("httpGet")
        if got != {"path": path, "port": "metrics"}:
            found.append(f"{where}: {probe} is {got}")
    if "preStop" not in server.get("lifecycle", {}):
        found.append(f"{where} has no preStop")
    default = int(re.search(r"--grace.*?\[default: (\d+)\]", help_of("zkl-server", "serve"), re.S)[1])
    if pod.get("terminationGracePeriodSeconds", 30) < default + server["lifecycle"]["preStop"]["sleep"]["seconds"]:
        found.append(f"{where} is killed before it has ended")
    if not any(policy["spec"]["podSelector"]["matchLabels"].items() <= labels.items() for policy in by_kind.get("NetworkPolicy", [])):
        found.append(f"{where} may be reached by everybody")
    return found


def kubernetes_problems(objects):
    """What is wrong with the objects of an overlay."""
    found = schema_problems(objects)
    by_kind = {}
    for item in objects:
        by_kind.setdefault(item["kind"], []).append(item)
    settings = {}
    for item in by_kind.get("ConfigMap", []):
        if item["metadata"]["name"] == "zkl-server":
            settings = item["data"]
    for where, template in pods(objects):
        pod = template["spec"]
        user = pod.get("securityContext", {})
        if not (user.get("runAsNonRoot") is True and user.get("runAsUser", 0) > 0):
            found.append(f"{where} runs as root")
        if user.get("seccompProfile", {}).get("type") != "RuntimeDefault":
            found.append(f"{where} has every system call")
        if pod.get("automountServiceAccountToken") is not False:
            found.append(f"{where} has a token of the API server")
        for container in pod.get("initContainers", []) + pod["containers"]:
            found += container_problems(f"{where}, {container['name']},", container, settings)
    servers = by_kind.get("StatefulSet", []) + by_kind.get("Deployment", [])
    for item in servers:
        where, template = f"{item['kind']} {item['metadata']['name']}", item["spec"]["template"]
        reads_only = "--read-only" in template["spec"]["containers"][0]["args"]
        if not reads_only and (item["kind"] != "StatefulSet" or item["spec"].get("replicas") != 1):
            found.append(f"{where} has several writers")
        found += server_problems(where, template["spec"], settings, by_kind, template["metadata"]["labels"])
    for item in by_kind.get("Service", []) + by_kind.get("PodDisruptionBudget", []):
        wanted = item["spec"]["selector"]
        wanted = wanted.get("matchLabels", wanted)
        if not any(wanted.items() <= server["spec"]["template"]["metadata"]["labels"].items() for server in servers):
            found.append(f"{item['kind']} {item['metadata']['name']} selects nothing")
    for item in by_kind.get("HorizontalPodAutoscaler", []):
        target = item["spec"]["scaleTargetRef"]
        if not any((target["kind"], target["name"]) == ("Deployment", server["metadata"]["name"]) for server in by_kind.get("Deployment", [])):
            found.append(f"the autoscaler {item['metadata']['name']} has no Deployment")
    if "StatefulSet" in by_kind:
        steps = [job["spec"]["jobTemplate"]["spec"]["template"]["spec"] for job in by_kind.get("CronJob", [])]
        words = [[c["args"][0] for c in pod.get("initContainers", []) + pod["containers"]] for pod in steps]
        if ["backup", "fsck"] not in words:
            found.append("there is no job that makes a backup and then checks it")
    return found


def without(*path):
    def change(item):
        for key in path[:-1]:
            item = item[key]
        del item[path[-1]]

    return change


def put(value, *path):
    def change(item):
        for key in path[:-1]:
            item = item[key]
        item[path[-1]] = value

    return change


SERVER = ("spec", "template", "spec", "containers", 0)
# Each of these must be noticed: (kind, change, what is said).
MUTATIONS = [
    ("StatefulSet", put(2, "spec", "replicas"), "several writers"),
    ("StatefulSet", without("spec", "template", "spec", "securityContext", "runAsNonRoot"), "runs as root"),
    ("StatefulSet", put(0, "spec", "template", "spec", "securityContext", "runAsUser"), "runs as root"),
    ("StatefulSet", without(*SERVER, "resources", "limits"), "no limit of memory"),
    ("StatefulSet", without(*SERVER, "readinessProbe"), "readinessProbe"),
    ("StatefulSet", put("/healthz", *SERVER, "livenessProbe", "httpGet", "path"), "livenessProbe"),
    ("StatefulSet", put(9000, *SERVER, "ports", 0, "containerPort"), "it listens on"),
    ("StatefulSet", put(["serve", "--no-such-flag"], *SERVER, "args"), "has no --no-such-flag"),
    ("StatefulSet", put([{"name": "ZKL_NO_SUCH", "value": "1"}], *SERVER, "env"), "read no ZKL_NO_SUCH"),
    ("StatefulSet", put(True, *SERVER, "noSuchField"), "noSuchField"),
    ("StatefulSet", put(20, "spec", "template", "spec", "terminationGracePeriodSeconds"), "is killed before"),
    ("StatefulSet", without(*SERVER, "securityContext", "readOnlyRootFilesystem"), "can be written"),
    ("StatefulSet", put("zkl-server:latest", *SERVER, "image"), "without a version"),
    ("Deployment", put(["serve"], *SERVER, "args"), "several writers"),
    ("Deployment", without(*SERVER, "readinessProbe"), "readinessProbe"),
    ("Deployment", put(20, "spec", "template", "spec", "terminationGracePeriodSeconds"), "is killed before"),
    ("HorizontalPodAutoscaler", put("zkl-server", "spec", "scaleTargetRef", "name"), "has no Deployment"),
    ("HorizontalPodAutoscaler", put("StatefulSet", "spec", "scaleTargetRef", "kind"), "has no Deployment"),
    ("PodDisruptionBudget", put({"a": "b"}, "spec", "selector", "matchLabels"), "selects nothing"),
    ("Service", put({"a": "b"}, "spec", "selector"), "selects nothing"),
    ("CronJob", put(["no-such"], "spec", "jobTemplate", "spec", "template", "spec", "containers", 0, "args"), "no command no-such"),
    ("NetworkPolicy", put({"a": "b"}, "spec", "podSelector", "matchLabels"), "reached by everybody"),
]


def check_kubernetes():
    found, count = [], 0
    overlays = sorted(path.parent for path in (DEPLOY / "kubernetes").glob("overlays/**/kustomization.yaml"))
    components = sorted(path.parent.name for path in (DEPLOY / "kubernetes").glob("components/*/kustomization.yaml"))
    with tempfile.TemporaryDirectory(dir=DEPLOY / "kubernetes") as scratch:
        # Everything at once, for the components that no overlay has.
        lines = ["resources: [../overlays/rocksdb]", "components:"]
        lines += [f"  - ../components/{name}" for name in components if name not in ("backup", "readers")]
        (Path(scratch) / "kustomization.yaml").write_text("\n".join(lines) + "\n")
        for directory in [*overlays, Path(scratch)]:
            objects = render(directory)
            count += len(objects)
            name = "all components" if directory == Path(scratch) else directory.relative_to(DEPLOY)
            found += [f"{name}: {problem}" for problem in kubernetes_problems(objects)]
    objects = render(DEPLOY / "kubernetes/overlays/postgres")
    for kind, change, said in MUTATIONS:
        changed = copy.deepcopy(objects)
        change(next(item for item in changed if item["kind"] == kind))
        if not any(said in problem for problem in kubernetes_problems(changed)):
            found.append(f"this check does not notice: {said}")
    alerts = yaml.safe_load((DEPLOY / "prometheus/alerts.yml").read_text())
    rule = yaml.safe_load((DEPLOY / "kubernetes/components/monitoring/prometheusrule.yaml").read_text())
    if rule["spec"] != alerts:
        found.append("components/monitoring/prometheusrule.yaml has other alerts than prometheus/alerts.yml")
    # Where Prometheus is.
    if promtool := shutil.which("promtool"):
        run(promtool, "check", "rules", DEPLOY / "prometheus/alerts.yml")
        run(promtool, "test", "rules", DEPLOY / "prometheus/alerts.test.yml")
    names = {alert["alert"] for group in alerts["groups"] for alert in group["rules"]}
    manual = (ROOT / "docs/operations.md").read_text()
    explained = set(re.findall(r"^\| `(\w+)` \|", manual, re.M))
    if names != explained:
        found.append(f"docs/operations.md explains other alerts: {sorted(names ^ explained)}")
    return found, f"{len(overlays)} overlays, {count} objects, {len(MUTATIONS)} changes noticed"


# Compose


def check_compose():
    found, count = [], 0
    profiles = ("dev", "production", "task")
    with tempfile.TemporaryDirectory() as scratch:
        work = Path(scratch)
        for name in ("compose", "prometheus", "grafana"):
            run("cp", "-r", DEPLOY / name, work / name)
        run(work / "compose/prepare.sh")
        command = ["docker-compose", "-f", work / "compose/compose.yml"]
        command += [word for profile in profiles for word in ("--profile", profile)]
        services = yaml.safe_load(run(*command, "config", cwd=work / "compose"))["services"]
        for name in (work / "compose/secrets").iterdir():
            # Grafana's user is not ours; its file is in a directory of mode 0700.
            if name.stat().st_mode & 0o077 and name.name != "grafana_password":
                found.append(f"prepare.sh lets others read {name.name}")
    names = set(services)
    for name, service in services.items():
        where = f"compose, {name},"
        if not re.search(r":v?\d", service["image"]) and not service["image"].startswith("zkl-server"):
            found.append(f"{where} has an image without a version")
        for volume in service.get("volumes", []):
            source = str(volume).split(":")[0]
            if source.startswith(str(work)) and not source.startswith(str(work / "compose")) and not (DEPLOY / Path(source).relative_to(work)).exists():
                found.append(f"{where} mounts {source}, which is not there")
        if not service["image"].startswith("zkl-server"):
            continue
        count += 1
        checks = {
            "runs as root": service.get("user", "0").split(":")[0] not in ("", "0", "root"),
            "has a root file system that can be written": service.get("read_only") is True,
            "keeps capabilities": service.get("cap_drop") == ["ALL"],
            "may gain rights": "no-new-privileges:true" in service.get("security_opt", []),
        }
        found += [f"{where} {problem}" for problem, is_fine in checks.items() if not is_fine]
        program = service.get("entrypoint", ["zkl-server"])
        found += command_problems(where, [*program, *service["command"]])
        environment = service.get("environment", {})
        found += [f"{where}: the programs read no {key}" for key in environment if key.startswith("ZKL_") and key not in variables()]
        if "healthcheck" in service:
            found += command_problems(f"{where} health,", service["healthcheck"]["test"][1:])
    if not {"ledger", "ledger-dev", "postgres", "object-store", "witness", "prometheus"} <= names:
        found.append(f"compose has only {sorted(names)}")
    scraped = yaml.safe_load((DEPLOY / "prometheus/prometheus.yml").read_text())
    targets = scraped["scrape_configs"][0]["static_configs"][0]["targets"]
    if targets != ["ledger:8401"] or scraped["rule_files"] != ["/etc/prometheus/alerts.yml"]:
        found.append(f"Prometheus scrapes {targets} with {scraped['rule_files']}")
    return found, f"{len(services)} services, {count} of them ours"


# Images


def check_images():
    found = []
    files = sorted((DEPLOY / "images").glob("*.Dockerfile"))
    run(TOOLS / "bin/hadolint", *files)
    for path in files:
        text = path.read_text()
        last = text[text.rindex("\nFROM ") :]
        user = re.search(r"^USER (\d+)", last, re.M)
        if not user or user[1] == "0":
            found.append(f"{path.name} runs as root")
        for name in ("title", "description", "licenses", "source", "version", "revision"):
            if f"org.opencontainers.image.{name}=" not in last:
                found.append(f"{path.name} has no label {name}")
        for base in re.findall(r"^ARG (?:RUST|RUNTIME)=(\S+)", text, re.M):
            if not re.search(r":[\w.-]+$", base) or base.endswith(":latest"):
                found.append(f"{path.name}: {base} has no version")
        for name in re.findall(r"\b(ZKL_[A-Z_]+)=", last):
            if name not in variables():
                found.append(f"{path.name}: the programs read no {name}")
        for line in re.findall(r"CMD (\[.*\])", last):
            words = [word.rsplit("/", 1)[-1] for word in yaml.safe_load(line)]
            found += command_problems(path.name, words if words[0] in PROGRAMS else ["zkl-server", *words])
    return found, f"{len(files)} Dockerfiles"


# The programs


def free_port():
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


def check_server():
    """What probes and health checks ask is answered, and the check of health sees a server that is not there."""
    found = []
    with tempfile.TemporaryDirectory() as scratch:
        address = f"127.0.0.1:{free_port()}"
        environment = {"PATH": os.environ["PATH"], "ZKL_LEDGER": f"{scratch}/ledger", "ZKL_KEYS": f"{scratch}/keys"}
        environment |= {"ZKL_LISTEN": "127.0.0.1:0", "ZKL_METRICS_LISTEN": address, "ZKL_LOG": "json"}
        run(BINARIES / "zkl", "init", env=environment)
        health = [BINARIES / "zkl-server", "health"]
        if subprocess.run(health, env=environment, capture_output=True).returncode != 1:
            found.append("`zkl-server health` is content without a server")
        server = subprocess.Popen([BINARIES / "zkl-server", "serve"], env=environment, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
        try:
            server.stdout.readline()
            # It listens before it is ready.
            deadline = time.monotonic() + 60
            while subprocess.run(health, env=environment, capture_output=True).returncode and time.monotonic() < deadline:
                time.sleep(0.1)
            for path in ("/livez", "/readyz", "/metrics"):
                with urllib.request.urlopen(f"http://{address}{path}", timeout=30) as answer:
                    if answer.status != 200:
                        found.append(f"{path} answers {answer.status}")
        finally:
            server.terminate()
            if server.wait(60):
                found.append("SIGTERM does not end the server in order")
    return found, "probes, metrics, health"


def main():
    problems = []
    for check in (check_images, check_compose, check_kubernetes, check_server):
        found, said = check()
        problems += found
        print(f"deploy: {check.__name__.removeprefix('check_')}: {said}")
    for problem in problems:
        print(f"deploy: {problem}", file=sys.stderr)
    return bool(problems)


if __name__ == "__main__":
    sys.exit(main())
