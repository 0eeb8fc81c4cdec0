"""Queries: requests per second, latency, CPU and memory, of all servers in turns."""

import json
import pathlib
import statistics
import subprocess
import sys

from .report import machine, number
from .servers import BINARIES, QUERIES, peer, say, stopping, supportgraph

CONNECTIONS = [1, 32]

# Peers without GraphQL are asked by path alone.
PATHS = {"handwritten": {"board": "/board", "incidents": "/incidents"}}

# What is wanted at 32 connections: query, server, compared with, at least.
WANTED = [
    ("board", "supportgraph", "handwritten", 0.6),
    ("customer", "supportgraph", "handwritten", 0.6),
    ("incidents", "supportgraph", "handwritten", 0.8),
    ("board", "supportgraph", "plain", 3.5),
    ("board", "supportgraph, cached", "plain", 100),
]
MOST_MEMORY_MB = 100
MOST_PAGE_RATIO = 1.2


def start_servers(folder, postgres, sqlite_url):
    def product(name, url, database_pid, cached):
        return supportgraph(name, url, database_pid, folder, CACHE__ENABLED=cached, LIMITS__PAGE_SIZE="1000")

    return [
        peer("handwritten", folder, postgres.pid, postgres.url_of_peers),
        product("supportgraph", postgres.url, postgres.pid, "false"),
        product("supportgraph, cached", postgres.url, postgres.pid, "true"),
        peer("plain", folder, postgres.pid, postgres.url_of_peers),
        product("supportgraph, SQLite", sqlite_url, 0, "false"),
    ]


class Query:
    def __init__(self, folder, name, document, variables=None):
        self.name = name
        text = (QUERIES / f"{document}.graphql").read_text()
        self.file = folder / f"{name}.json"
        self.file.write_text(json.dumps({"query": text, "variables": variables or {}}))


def objects(value):
    """How many objects an answer holds, without the wrappers of connections."""
    if isinstance(value, list):
        return sum(map(objects, value))
    if isinstance(value, dict):
        return ("id" in value or "createdAt" in value) + sum(map(objects, value.values()))
    return 0


def check_answers(servers, query):
    """All servers must say the same; one that goes stale just now is asked again."""
    for attempt in range(3):
        answers = {server.name: ask(server, query) for server in servers}
        first = answers[servers[0].name]
        different = [name for name, answer in answers.items() if answer != first]
        if not different:
            size = len(json.dumps(first, separators=(",", ":"), ensure_ascii=False).encode())
            print(f"   {query.name}: {objects(first)} objects, {size / 1000:.0f} kB, the same from all", file=sys.stderr)
            return {"objects": objects(first), "bytes": size}
    for name in [servers[0].name, different[0]]:
        pathlib.Path(f"{query.file}.{name}.answer").write_text(json.dumps(answers[name], indent=1))
    place = first_difference(first, answers[different[0]])
    sys.exit(f"{query.name}: {', '.join(different)} and {servers[0].name} differ at {place}")


def first_difference(one, other, path="data"):
    if isinstance(one, dict) and isinstance(other, dict) and one.keys() == other.keys():
        pairs = [(one[key], other[key], f"{path}.{key}") for key in one]
    elif isinstance(one, list) and isinstance(other, list) and len(one) == len(other):
        pairs = [(a, b, f"{path}[{index}]") for index, (a, b) in enumerate(zip(one, other))]
    else:
        return f"{path}: {json.dumps(one)[:200]} / {json.dumps(other)[:200]}"
    return next((first_difference(a, b, place) for a, b, place in pairs if a != b), path)


def cursor_at(server, folder, position):
    """The cursor after so many customers."""
    after = None
    while position > 0:
        first = min(position, 1000)
        query = Query(folder, "walk", "page", {"first": first, "after": after})
        after = ask(server, query)["customers"]["pageInfo"]["endCursor"]
        position -= first
    return after


def target(server, query):
    """The path, and the file of the body, if there is one."""
    paths = PATHS.get(server.name)
    return (paths[query.name], "") if paths else ("/graphql", query.file)


def ask(server, query):
    path, file = target(server, query)
    return server.ask(path, file.read_bytes() if file else None)


def load(server, query, connections, seconds):
    """One measurement."""
    path, file = target(server, query)
    arguments = [server.address, path, file, connections, seconds, server.process.pid, server.database_pid]
    done = subprocess.run([BINARIES / "load", *map(str, arguments)], stdout=subprocess.PIPE, check=True)
    return json.loads(done.stdout)


class Results:
    def __init__(self):
        self.cells = {}

    def add(self, query, connections, server, measured):
        self.cells.setdefault((query, connections, server), []).append(measured)

    def median(self, query, connections, server, key="rps"):
        return statistics.median(measured[key] for measured in self.cells[query, connections, server])

    def spread(self):
        """How far the rounds of one cell lie apart, as a share of their median: the machine's noise."""
        spreads = []
        for rounds in self.cells.values():
            rates = [measured["rps"] for measured in rounds]
            spreads.append((max(rates) - min(rates)) / statistics.median(rates))
        return statistics.median(spreads)

    def table(self):
        head = ["req/s", "p50 ms", "p99 ms", "CPU ms", "database", "MB", "peak", "/hand", "/plain"]
        previous = None
        for query, connections, server in self.cells:
            if (query, connections) != previous:
                previous = (query, connections)
                title = f"{query}, {connections} connection{'s' if connections > 1 else ''}"
                print(f"\n{title:<26}" + "".join(f"{name:>10}" for name in head))
            keys = ["rps", "p50_ms", "p99_ms", "cpu_ms", "database_cpu_ms", "rss_mb", "peak_mb"]
            values = [self.median(query, connections, server, key) for key in keys]
            for peer in ["handwritten", "plain"]:
                known = (query, connections, peer) in self.cells
                values.append(values[0] / self.median(query, connections, peer) if known else None)
            print(f"  {server:<24}" + "".join(f"{number(value):>10}" for value in values))

    def verdicts(self, page_ratios):
        """Each wanted figure: what it is, what was measured, what is wanted, whether that holds."""
        for query, server, peer, least in WANTED:
            ratio = self.median(query, 32, server) / self.median(query, 32, peer)
            yield f"{query}: {server} / {peer}", ratio, f"at least {least}", ratio >= least
        for name in dict.fromkeys(server for _, _, server in self.cells if server.startswith("supportgraph")):
            peak = max(one["peak_mb"] for key, rounds in self.cells.items() if key[2] == name for one in rounds)
            yield f"memory of {name}, MB", peak, f"under {MOST_MEMORY_MB}", peak < MOST_MEMORY_MB
        for name, ratio in page_ratios.items():
            yield f"page at 90 % / first page, {name}", ratio, f"at most {MOST_PAGE_RATIO}", ratio <= MOST_PAGE_RATIO


def run(folder, postgres, options):
    """Prints what was measured; gives the wanted figures, and everything for a file."""
    say(f"loading {options.customers:,} customers into PostgreSQL and SQLite")
    sqlite_url = f"sqlite://{folder}/supportgraph.db"
    subprocess.run([BINARIES / "fill", str(options.customers), postgres.url, sqlite_url], check=True)
    postgres.sql("vacuum analyze")
    with stopping(start_servers(folder, postgres, sqlite_url)) as servers:
        results, pages, ratios, sizes = measure(servers, folder, options)

    print(f"\n{machine()}; medians of {options.rounds} rounds of {options.seconds} s; noise {results.spread():.0%}")
    results.table()
    pages.table()
    cells = [
        {"query": query, "connections": connections, "server": server, "rounds": rounds}
        for found in [results, pages]
        for (query, connections, server), rounds in found.cells.items()
    ]
    return list(results.verdicts(ratios)), {"answers": sizes, "cells": cells}


def measure(servers, folder, options):
    results = Results()
    by_name = {server.name: server for server in servers}
    board = Query(folder, "board", "board")
    any_customer = ask(servers[0], board)["customers"]["nodes"][7]["id"]
    queries = [
        board,
        Query(folder, "customer", "customer", {"id": any_customer}),
        Query(folder, "incidents", "incidents"),
    ]
    PATHS["handwritten"]["customer"] = f"/customer?id={any_customer}"
    say("comparing the answers")
    sizes = {query.name: check_answers(servers, query) for query in queries}

    cells = [(query, connections) for query in queries for connections in CONNECTIONS]
    turns = options.rounds * len(cells)
    for turn in range(turns):
        query, connections = cells[turn % len(cells)]
        if turn % len(cells) == 0:
            say(f"round {turn // len(cells) + 1} of {options.rounds}")
        for server in servers:
            results.add(query.name, connections, server.name, load(server, query, connections, options.seconds))

    say("a page far behind")
    pages = Results()
    on_database = [by_name["supportgraph"], by_name["supportgraph, SQLite"]]
    position = options.customers * 9 // 10
    far = {server.name: cursor_at(server, folder, position) for server in on_database}
    for _ in range(max(options.rounds, 3)):
        for server in on_database:
            for name, after in [("first page", None), ("page at 90 %", far[server.name])]:
                query = Query(folder, "page", "page", {"first": 50, "after": after})
                pages.add(name, 1, server.name, load(server, query, 1, options.seconds))
    ratios = {
        server.name: pages.median("first page", 1, server.name) / pages.median("page at 90 %", 1, server.name)
        for server in on_database
    }
    return results, pages, ratios, sizes
