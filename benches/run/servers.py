"""Building what is compared, and starting it on loopback."""

import contextlib
import json
import os
import pathlib
import shutil
import socket
import subprocess
import sys
import time
import tomllib
import urllib.error
import urllib.request

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
PEERS = ROOT / "benches" / "peers"
QUERIES = ROOT / "benches" / "queries"
BINARIES = pathlib.Path(os.environ.get("CARGO_TARGET_DIR", ROOT / "target")) / "release"


def say(text):
    print(f"\n== {text}", file=sys.stderr, flush=True)


def build():
    """Builds everything, the peers with the product's own release profile."""
    profile = tomllib.loads((ROOT / "Cargo.toml").read_text()).get("profile", {}).get("release", {})
    same_profile = [f"--config=profile.release.{key}={json.dumps(value)}" for key, value in profile.items()]
    peers = ["--manifest-path", PEERS / "Cargo.toml", "--locked", *same_profile]
    target = ["--release", "--target-dir", BINARIES.parent]
    for what in [["--locked"], [*peers, "-p", "peers"], [*peers, "-p", "fill"]]:
        subprocess.run(["cargo", "build", *target, *what], cwd=ROOT, check=True)


def check_versions():
    """Those that we compare with must speak to the database and to listeners through the same crates."""

    def version(folder, name):
        packages = tomllib.loads((folder / "Cargo.lock").read_text())["package"]
        return next(package["version"] for package in packages if package["name"] == name)

    for name in ["sqlx", "sea-orm", "tokio-tungstenite"]:
        theirs, ours = version(PEERS, name), version(ROOT, name)
        if theirs != ours:
            sys.exit(f"the peers use {name} {theirs} and supportgraph {ours}; run cargo update in benches/peers")


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Postgres:
    """A server of our own. PostgreSQL refuses to run as root, so then it runs as the user postgres."""

    def __init__(self, folder):
        found = sorted(pathlib.Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda path: int(path.parts[-3]))
        initdb = str(found[-1]) if found else shutil.which("initdb")
        if not initdb:
            sys.exit("missing: PostgreSQL's server; on Debian, apt-get install postgresql")
        self.bin = pathlib.Path(initdb).parent
        self.folder = folder / "postgres"
        self.folder.mkdir()
        self.as_user = ["runuser", "-u", "postgres", "--"] if os.geteuid() == 0 else []
        if self.as_user:
            folder.chmod(0o711)
            shutil.chown(self.folder, "postgres")
        self.port = free_port()
        # The product gets a plain role, since row level security holds back nothing from a superuser. Its peers know nothing
        # of that.
        self.url = f"postgres://supportgraph@127.0.0.1:{self.port}/supportgraph"
        self.url_of_peers = f"postgres://postgres@127.0.0.1:{self.port}/supportgraph"

    def run(self, *command):
        subprocess.run(
            [*self.as_user, self.bin / command[0], *command[1:]],
            cwd=self.folder,
            check=True,
            stdout=subprocess.DEVNULL,
        )

    def start(self):
        data = self.folder / "data"
        self.run("initdb", "-D", data, "-U", "postgres", "-A", "trust", "-E", "UTF8", "--no-sync")
        # Nothing here has to survive a crash, and nothing may run beside a measurement.
        settings = {
            "listen_addresses": "127.0.0.1",
            "shared_buffers": "256MB",
            "fsync": "off",
            "synchronous_commit": "off",
            "full_page_writes": "off",
            "autovacuum": "off",
        }
        options = " ".join(f"-c {name}={value}" for name, value in settings.items())
        options = f"-p {self.port} -k {self.folder} {options}"
        self.run("pg_ctl", "-D", data, "-l", self.folder / "log", "-w", "-s", "start", "-o", options)
        self.pid = int((data / "postmaster.pid").read_text().splitlines()[0])
        self.sql("create role supportgraph login", "postgres")
        self.sql("create database supportgraph owner supportgraph", "postgres")

    def sql(self, text, database="supportgraph"):
        self.run("psql", "-q", "-h", "127.0.0.1", "-p", str(self.port), "-U", "postgres", "-d", database, "-c", text)

    def stop(self):
        if hasattr(self, "pid"):
            self.run("pg_ctl", "-D", self.folder / "data", "-m", "immediate", "-s", "stop")


class Server:
    """One of those that are compared."""

    def __init__(self, name, command, database_pid, folder, **environment):
        self.name = name
        self.port = free_port()
        self.database_pid = database_pid
        environment = {key: value.format(port=self.port) for key, value in environment.items()}
        command = [str(part).format(port=self.port) for part in command]
        # No setting of the caller may change what is measured.
        inherited = {key: value for key, value in os.environ.items() if not key.startswith("SUPPORTGRAPH_")}
        self.log = folder / f"{name}.log"
        self.process = subprocess.Popen(
            command,
            env={**inherited, **environment},
            cwd=folder,
            stdout=subprocess.DEVNULL,
            stderr=self.log.open("w"),
        )

    @property
    def address(self):
        return f"127.0.0.1:{self.port}"

    def wait(self):
        for _ in range(200):
            try:
                socket.create_connection(("127.0.0.1", self.port), timeout=1).close()
                return
            except OSError:
                if self.process.poll() is not None:
                    break
                time.sleep(0.05)
        sys.exit(f"{self.name} does not answer:\n{self.log.read_text()}")

    def ask(self, path, body=None):
        """The data of an answer: by GET, or by POST if there is a body."""
        headers = {"content-type": "application/json"} if body else {}
        request = urllib.request.Request(f"http://{self.address}{path}", body, headers)
        try:
            with urllib.request.urlopen(request, timeout=30) as response:
                answer = json.load(response)
        except urllib.error.HTTPError as refused:
            sys.exit(f"{self.name} refuses {path}: {refused.read().decode()[:500]}")
        if answer.get("errors"):
            sys.exit(f"{self.name} fails at {path}: {json.dumps(answer['errors'])[:500]}")
        return answer["data"]

    def stop(self):
        self.process.terminate()
        try:
            self.process.wait(timeout=15)
        except subprocess.TimeoutExpired:
            self.process.kill()


def supportgraph(name, url, database_pid, folder, **settings):
    """The product on a database, without budgets; a setting is written like `LIMITS__PAGE_SIZE`."""
    # One caller stands for many here.
    limits = {f"LIMITS__{lane}_COST_PER_MINUTE": "0" for lane in ["SCREEN", "BI", "PLAYGROUND"]}
    settings = {**limits, "LIMITS__REQUESTS_PER_CALLER": "1000000", **settings}
    return Server(
        name,
        [BINARIES / "supportgraph", "serve"],
        database_pid,
        folder,
        SUPPORTGRAPH_SERVER__LISTEN="127.0.0.1:{port}",
        SUPPORTGRAPH_DATABASE__URL=url,
        **{f"SUPPORTGRAPH_{key}": value for key, value in settings.items()},
    )


def peer(name, folder, database_pid, *arguments):
    """One of the peers, which all take their address first."""
    return Server(name, [BINARIES / name, "127.0.0.1:{port}", *arguments], database_pid, folder)


@contextlib.contextmanager
def stopping(servers):
    """Waits until all of them answer, and stops them in the end."""
    try:
        for server in servers:
            server.wait()
        yield servers
    finally:
        for server in servers:
            server.stop()
