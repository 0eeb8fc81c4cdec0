"""Live events over WebSocket: CPU and memory for each listener, and how soon all have heard, beside a server that only
writes a frame."""

import json
import resource
import statistics
import subprocess
import sys
import uuid

from .report import machine, number
from .servers import BINARIES, peer, say, stopping, supportgraph

TOPICS = [1, 100]
ROUNDS_AT_ONCE = 10
MOST_LISTENERS = 20_000
# Files that a process has open besides its listeners.
OTHER_FILES = 200

# What is wanted.
MOST_CPU_RATIO = 1.6
MOST_KB = 8
MOST_MS = 150
MOST_MS_RATIO = 150 / 40

CUSTOMERS = "query($first: Int!) { customers(first: $first) { nodes { id } } }"
OPEN = """mutation($input: ServiceRequestOpenInput!) {
  serviceRequestOpen(input: $input) { serviceRequest { id } userErrors { message } }
}"""
NOTE = """mutation($input: ServiceRequestAddNoteInput!) {
  serviceRequestAddNote(input: $input) { serviceRequest { version } userErrors { message } }
}"""
LISTEN = """subscription($customer: ID!) {
  serviceRequestChanged(filter: { customerIds: [$customer] }) { cursor kind serviceRequest { id status title } }
}"""


# --- what is said to the servers ------------------------------------------------------------------------------------


def product(folder, postgres):
    """The product, with room for all listeners, and without heartbeats during a measurement."""
    return supportgraph(
        "supportgraph",
        postgres.url,
        postgres.pid,
        folder,
        SERVER__CONNECTIONS="100000",
        LIVE__SOCKETS_PER_CALLER="100000",
        LIVE__OPERATIONS_PER_CALLER="100000",
        LIVE__HEARTBEAT_SECONDS="3600",
    )


def ask(server, query, **variables):
    return server.ask("/graphql", json.dumps({"query": query, "variables": variables}).encode())


def open_requests(server):
    """One service request for each of some customers: what is written on it is the event of that customer's topic."""

    def opened(customer):
        key = f"bench-{uuid.uuid4()}"
        about = {"title": "A mailbox cannot be opened", "description": "It was there yesterday.", "severity": "MODERATE"}
        payload = ask(server, OPEN, input={"idempotencyKey": key, "customerId": customer, **about})
        return payload["serviceRequestOpen"]["serviceRequest"]["id"]

    customers = ask(server, CUSTOMERS, first=max(TOPICS))["customers"]["nodes"]
    return [(customer["id"], opened(customer["id"])) for customer in customers]


def plan_of_product(requests):
    """Listeners of the first topic are those of the first customer, and so on."""

    def message(id, query, **variables):
        return json.dumps({"id": id, "type": "subscribe", "payload": {"query": query, "variables": variables}})

    def note(request):
        return message("{number}", NOTE, input={"idempotencyKey": "note-{number}", "id": request, "text": "Still so."})

    return {
        "hello": ['{"type":"connection_init"}', "connection_ack"],
        "listen": [message("1", LISTEN, customer=customer) for customer, _ in requests],
        "listening": "SNAPSHOT_COMPLETE",
        "tell": [note(request) for _, request in requests],
        "told": '"userErrors":[]',
    }


def plan_of_limit(topics):
    return {
        "listen": [f"listen {topic}" for topic in range(topics)],
        "listening": "listening",
        "tell": [f"tell {topic}" for topic in range(topics)],
        "told": "told",
    }


class Listeners:
    """Those who listen to one server, in a process of their own."""

    def __init__(self, server, plan, count, folder):
        file = folder / f"{uuid.uuid4()}.json"
        file.write_text(json.dumps(plan))
        arguments = [server.address, file, count, server.process.pid, server.database_pid]
        self.process = subprocess.Popen(
            [BINARIES / "listeners", *map(str, arguments)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        self.server = server
        self.opened = self.answer()

    def tell(self, rounds):
        """Lets something happen so many times, each time in all topics."""
        self.process.stdin.write(f"{rounds}\n")
        self.process.stdin.flush()
        return self.answer()

    def answer(self):
        line = self.process.stdout.readline()
        if not line:
            sys.exit(f"the listeners of {self.server.name} gave up; it said:\n{self.server.log.read_text()[-2000:]}")
        return json.loads(line)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.kill()
        self.process.communicate()


# --- measuring ------------------------------------------------------------------------------------------------------


class Figures:
    """What was measured of one server with one number of topics."""

    def __init__(self, server, alone, listeners):
        self.server = server
        self.opened = listeners.opened
        self.alone = alone
        self.rounds = []

    def median(self, key):
        return statistics.median(told[key] for told in self.rounds)

    def write_us(self):
        """What the writes took, as a share of each message."""
        per_event = self.alone["cpu_ms"] / self.alone["events"]
        return statistics.median(1000 * per_event * told["events"] / told["messages"] for told in self.rounds)

    def cpu_us(self):
        """What each message took besides."""
        return statistics.median(1000 * told["cpu_ms"] / told["messages"] for told in self.rounds) - self.write_us()

    def raw(self):
        return {"server": self.server, "alone": self.alone, "opened": self.opened, "rounds": self.rounds}


def alone(server, plan, folder):
    """What the writes take when nobody listens. Afterwards the server has done everything once."""
    with Listeners(server, plan, 0, folder) as nobody:
        nobody.tell(1)
        return nobody.tell(ROUNDS_AT_ONCE)


def measure(folder, postgres, requests, count, rounds):
    """Both servers with a topic for each of `requests`, in turns."""
    topics = len(requests)
    plans = [plan_of_limit(topics), plan_of_product(requests)]
    ours = product(folder, postgres)
    with stopping([ours]):
        with Listeners(ours, plans[1], 1, folder) as listener:
            message = listener.tell(1)["message"]
        frame = folder / "frame"
        frame.write_text(message)
        with stopping([peer("limit", folder, 0, topics, frame)]) as [limit]:
            by_themselves = [alone(server, plan, folder) for server, plan in zip([limit, ours], plans)]
            with Listeners(limit, plans[0], count, folder) as theirs, Listeners(ours, plans[1], count, folder) as own:
                both = [theirs, own]
                figures = [Figures(one.server.name, known, one) for one, known in zip(both, by_themselves)]
                for _ in range(rounds):
                    for listeners, found in zip(both, figures):
                        found.rounds.append(listeners.tell(ROUNDS_AT_ONCE))
    return figures


def most(folder, postgres, requests, count):
    """As many as there may be, on the product alone; gives how many have heard everything."""
    ours = product(folder, postgres)
    with stopping([ours]), Listeners(ours, plan_of_product(requests), count, folder) as listeners:
        told = listeners.tell(ROUNDS_AT_ONCE)
        return {**listeners.opened, **told, "served": told["messages"] // told["events"]}


# --- the run --------------------------------------------------------------------------------------------------------


def allow_files():
    """Gives every process that is started as many open files as it may have. Gives how many can listen to one then."""
    _, most_files = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most_files, most_files))
    return min(MOST_LISTENERS, most_files - OTHER_FILES)


def table(title, figures):
    head = ["CPU us", "write us", "first ms", "median", "last", "KB", "peak KB", "open ms"]
    print(f"\n{title:<34}" + "".join(f"{name:>10}" for name in head))
    for found in figures:
        values = [found.cpu_us(), found.write_us()]
        values += [found.median(key) for key in ["first_ms", "median_ms", "last_ms"]]
        values += [found.opened["memory_kb"], found.median("peak_kb"), found.opened["cpu_ms"]]
        print(f"  {found.server:<32}" + "".join(f"{number(value):>10}" for value in values))


def verdicts(cells, crowd, room):
    """Each wanted figure: what it is, what was measured, what is wanted, whether that holds."""
    for topics, (limit, ours) in cells.items():
        ratio = ours.cpu_us() / limit.cpu_us()
        yield f"CPU of a message / limit, topics: {topics}", ratio, f"at most {MOST_CPU_RATIO}", ratio <= MOST_CPU_RATIO
    for topics, (_, ours) in cells.items():
        memory = ours.opened["memory_kb"]
        yield f"memory of a listener, KB, topics: {topics}", memory, f"at most {MOST_KB}", memory <= MOST_KB
    limit, ours = cells[1]
    last, ratio = ours.median("last_ms"), ours.median("last_ms") / limit.median("last_ms")
    yield "the last listener has an event, ms", last, f"at most {MOST_MS}", last <= MOST_MS
    yield "the same / limit", ratio, f"at most {MOST_MS_RATIO}", ratio <= MOST_MS_RATIO
    wanted = f"{MOST_LISTENERS:,}" if room == MOST_LISTENERS else f"{room:,}, as open files are limited here"
    yield "listeners served", crowd["served"], wanted, crowd["served"] >= room


def run(folder, postgres, options):
    """Prints what was measured; gives the wanted figures, and everything for a file."""
    room = allow_files()
    count = min(options.listeners, room)
    say(f"loading {options.customers:,} customers into PostgreSQL")
    subprocess.run([BINARIES / "fill", str(options.customers), postgres.url], check=True)
    postgres.sql("vacuum analyze")
    with stopping([product(folder, postgres)]) as [server]:
        requests = open_requests(server)

    cells = {}
    for topics in TOPICS:
        say(f"{count:,} listeners, topics: {topics}")
        cells[topics] = measure(folder, postgres, requests[:topics], count, options.rounds)
    room = min(room, 2 * count)
    say(f"{room:,} listeners")
    crowd = most(folder, postgres, requests[:1], room)

    print(f"\n{machine()}; {count:,} listeners; medians of {options.rounds} rounds of {ROUNDS_AT_ONCE} events a topic")
    for topics, figures in cells.items():
        table(f"{topics} topic{'s' if topics > 1 else ''}", figures)
    raw = {
        "cells": [{"topics": topics, **found.raw()} for topics, figures in cells.items() for found in figures],
        "crowd": crowd,
    }
    return list(verdicts(cells, crowd, room)), raw
