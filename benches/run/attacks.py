"""What attacks cost: the time until each is answered, the memory that they leave taken, and what others wait meanwhile."""

import http.client
import json
import pathlib
import socket
import statistics
import subprocess
import threading
import time

from .report import machine, number
from .servers import BINARIES, QUERIES, say, stopping, supportgraph

# What is wanted.
MOST_SECONDS = 1
MOST_GROWTH_MB = 50

# Somebody who behaves.
CONNECTIONS = 4
REQUESTS_A_SECOND = 20
BOARD = (QUERIES / "board.graphql").read_text()


def memory_mb(process):
    status = pathlib.Path(f"/proc/{process.pid}/status").read_text()
    line = next(line for line in status.splitlines() if line.startswith("VmRSS:"))
    return int(line.split()[1]) / 1024


def send(server, request):
    """Seconds until the whole answer is there, and its status."""
    started = time.monotonic()
    with socket.create_connection(("127.0.0.1", server.port), timeout=30) as connection:
        try:
            connection.sendall(request)
        except (BrokenPipeError, ConnectionResetError):
            # What is too large is answered before all of it was read.
            pass
        answer = http.client.HTTPResponse(connection)
        answer.begin()
        answer.read()
        return time.monotonic() - started, answer.status


def attack(server, attacks, until):
    """The seconds of every answer to each attack. All are sent at least once, one after the other."""
    took = {name: [] for name in attacks}
    while True:
        for name, request in attacks.items():
            seconds, status = send(server, request)
            if status >= 500:
                raise SystemExit(f"{name} is answered with {status}")
            took[name].append(seconds)
        if until.is_set():
            return took


def well_behaved(folder, server, seconds):
    """What somebody waits for who asks for a board again and again."""
    body = folder / "board.json"
    body.write_text(json.dumps({"query": BOARD}))
    arguments = [server.address, "/graphql", body, CONNECTIONS, seconds, server.process.pid, server.database_pid]
    command = [BINARIES / "load", *map(str, arguments), f"rate={REQUESTS_A_SECOND}"]
    return json.loads(subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True).stdout)


def run(folder, postgres, options):
    """Prints what was measured; gives the wanted figures, and everything for a file."""
    say(f"loading {options.customers:,} customers into PostgreSQL")
    subprocess.run([BINARIES / "fill", str(options.customers), postgres.url], check=True)
    postgres.sql("vacuum analyze")
    files = folder / "attacks"
    files.mkdir()
    subprocess.run([BINARIES / "attacks", files], check=True)
    attacks = {file.name[4:]: file.read_bytes() for file in sorted(files.iterdir())}
    say(f"{len(attacks)} attacks")
    seconds = 5 * options.seconds
    alone, beside, took = [], [], {name: [] for name in attacks}
    with stopping([supportgraph("attacked", postgres.url, postgres.pid, folder, CACHE__ENABLED="false")]) as [server]:
        well_behaved(folder, server, options.seconds)
        before = memory_mb(server.process)
        for _ in range(options.rounds):
            alone.append(well_behaved(folder, server, seconds)["p99_ms"])
            until = threading.Event()
            told = []
            attacking = threading.Thread(target=lambda: told.append(attack(server, attacks, until)))
            attacking.start()
            try:
                beside.append(well_behaved(folder, server, seconds)["p99_ms"])
            finally:
                until.set()
                attacking.join()
            if not told:
                raise SystemExit("the attacks ended early")
            for name, times in told[0].items():
                took[name] += times
        growth = memory_mb(server.process) - before

    print(f"\n{machine()}; {options.rounds} rounds")
    print(f"\n{'attack':<36}" + "".join(f"{name:>10}" for name in ["times", "median ms", "most ms"]))
    for name, times in sorted(took.items(), key=lambda item: -max(item[1])):
        values = [len(times), 1000 * statistics.median(times), 1000 * max(times)]
        print(f"  {name:<34}" + "".join(f"{number(value):>10}" for value in values))
    print(f"\n{'somebody who behaves':<36}{'p99 ms':>10}")
    for name, rounds in [("alone", alone), ("beside attacks", beside)]:
        print(f"  {name:<34}{number(statistics.median(rounds)):>10}")
    slowest = max(max(times) for times in took.values())
    verdicts = [
        ("slowest answer to an attack, s", slowest, f"at most {MOST_SECONDS}", slowest <= MOST_SECONDS),
        ("growth of memory, MB", growth, f"at most {MOST_GROWTH_MB}", growth <= MOST_GROWTH_MB),
    ]
    return verdicts, {"attacks": took, "alone_p99_ms": alone, "beside_p99_ms": beside, "growth_mb": growth}
