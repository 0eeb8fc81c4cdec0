"""What callers cost: their credentials, and tools that read tables beside people at screens."""

import base64
import http.server
import json
import statistics
import subprocess
import threading
import time

from .report import machine, number
from .servers import BINARIES, QUERIES, say, stopping, supportgraph

# What is wanted.
MOST_CREDENTIAL_US = 50
MOST_P99_RATIO = 1.25

CONNECTIONS = 32
VIEWER = "{ viewer { name } }"
# People at screens, each of whom waits for an answer, and tools that ask ten times as much.
SCREENS_A_SECOND = 50
BI_A_SECOND = 10 * SCREENS_A_SECOND
SCREEN = (QUERIES / "board.graphql").read_text()
BI = "{ customers(first: 500) { nodes { id tenantId name country relationship observedAt } pageInfo { endCursor } } }"


# --- credentials ----------------------------------------------------------------------------------------------------


def unpadded(data):
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


class Issuer:
    """Somebody who signs tokens, and tells with which key."""

    def __init__(self, folder):
        self.key = folder / "issuer.pem"
        self.openssl("genrsa", "-out", self.key, "2048")
        modulus = self.openssl("rsa", "-in", self.key, "-noout", "-modulus").decode().strip().split("=")[1]
        key = {"kty": "RSA", "kid": "bench", "alg": "RS256", "use": "sig", "e": "AQAB"}
        keys = json.dumps({"keys": [{**key, "n": unpadded(bytes.fromhex(modulus))}]}).encode()

        class Keys(http.server.BaseHTTPRequestHandler):
            def do_GET(self):
                self.send_response(200)
                self.send_header("content-type", "application/json")
                self.send_header("content-length", str(len(keys)))
                self.end_headers()
                self.wfile.write(keys)

            def log_message(self, *_):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Keys)
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        self.url = f"http://127.0.0.1:{self.server.server_port}"

    @staticmethod
    def openssl(*arguments, data=None):
        done = subprocess.run(["openssl", *map(str, arguments)], input=data, capture_output=True, check=True)
        return done.stdout

    def token(self, partner):
        now = int(time.time())
        claims = {"iss": self.url, "aud": "bench", "sub": "ada", "tid": partner, "roles": ["GLOBAL_ADMIN"]}
        parts = [{"alg": "RS256", "typ": "JWT", "kid": "bench"}, {**claims, "nbf": now, "exp": now + 3600}]
        signed = ".".join(unpadded(json.dumps(part).encode()) for part in parts)
        signature = self.openssl("dgst", "-sha256", "-sign", self.key, data=signed.encode())
        return f"{signed}.{unpadded(signature)}"

    def configuration(self):
        return (
            f'[[auth.issuers]]\nissuer = "{self.url}"\naudiences = ["bench"]\n'
            f'jwks_url = "{self.url}/keys"\nalgorithms = ["RS256"]\n'
        )


def api_key(folder, postgres, partner):
    settings = {"SUPPORTGRAPH_DATABASE__URL": postgres.url}
    command = [BINARIES / "supportgraph", "key", "issue", "--partner", partner, "--name", "bench"]
    done = subprocess.run(
        [*command, "--role", "GLOBAL_ADMIN"], env=settings, cwd=folder, capture_output=True, text=True, check=True
    )
    return next(word for word in done.stdout.split() if word.startswith("sg_"))


# --- measuring ------------------------------------------------------------------------------------------------------


def body(folder, name, query):
    file = folder / f"{name}.json"
    file.write_text(json.dumps({"query": query}))
    return file


def load(server, file, connections, seconds, *options):
    """A measurement that has begun."""
    arguments = [server.address, "/graphql", file, connections, seconds, server.process.pid, server.database_pid]
    return subprocess.Popen([BINARIES / "load", *map(str, arguments), *options], stdout=subprocess.PIPE, text=True)


def told(process):
    out, _ = process.communicate()
    if process.returncode:
        raise SystemExit("a measurement ended early")
    return json.loads(out)


def product(name, folder, postgres, **settings):
    return supportgraph(name, postgres.url, postgres.pid, folder, CACHE__ENABLED="false", **settings)


def credentials(folder, postgres, options):
    """CPU of a request in microseconds, by what its caller shows."""
    with stopping([product("open", folder, postgres)]) as [server]:
        partner = server.ask("/graphql", json.dumps({"query": "{ partner { tenantId } }"}).encode())
        partner = partner["partner"]["tenantId"]
    issuer = Issuer(folder)
    file = folder / "guarded.toml"
    file.write_text(issuer.configuration())
    servers = [product("open", folder, postgres), product("guarded", folder, postgres, CONFIG=str(file))]
    shown = {
        "nothing": (servers[0], []),
        "an API key": (servers[1], [f"header=authorization: Bearer {api_key(folder, postgres, partner)}"]),
        "a token": (servers[1], [f"header=authorization: Bearer {issuer.token(partner)}"]),
    }
    query = body(folder, "viewer", VIEWER)
    costs = {name: [] for name in shown}
    with stopping(servers):
        for _ in range(options.rounds):
            for name, (server, headers) in shown.items():
                measured = told(load(server, query, CONNECTIONS, options.seconds, *headers))
                costs[name].append(1000 * measured["cpu_ms"])
    issuer.server.shutdown()
    return {name: statistics.median(rounds) for name, rounds in costs.items()}


def lanes(folder, postgres, options):
    """What people at screens wait for, alone and beside tools; and what the tools are given."""
    screen, bi = body(folder, "screen", SCREEN), body(folder, "bi", BI)
    rounds = {"alone": [], "beside BI": [], "BI": []}
    # One answer in a hundred is rare: it takes a while until some are seen.
    seconds = 10 * options.seconds
    with stopping([product("lanes", folder, postgres)]) as [server]:
        for _ in range(options.rounds):
            screens = lambda: load(server, screen, 4, seconds, f"rate={SCREENS_A_SECOND}")
            rounds["alone"].append(told(screens()))
            lane = "header=x-supportgraph-lane: bi"
            tools = load(server, bi, 32, 1.5 * seconds, lane, f"rate={BI_A_SECOND}", "refused=counted")
            # The tools warm up for a while.
            time.sleep(min(1.5 * seconds / 5, 1) + 0.2)
            rounds["beside BI"].append(told(screens()))
            rounds["BI"].append(told(tools))
    return rounds


def run(folder, postgres, options):
    """Prints what was measured; gives the wanted figures, and everything for a file."""
    say(f"loading {options.customers:,} customers into PostgreSQL")
    subprocess.run([BINARIES / "fill", str(options.customers), postgres.url], check=True)
    postgres.sql("vacuum analyze")
    say("credentials")
    costs = credentials(folder, postgres, options)
    say("screens beside BI")
    rounds = lanes(folder, postgres, options)

    print(f"\n{machine()}; medians of {options.rounds} rounds")
    print(f"\n{'one request that shows':<34}{'CPU us':>10}")
    for name, cost in costs.items():
        print(f"  {name:<32}{number(cost):>10}")
    print(f"\n{'people at screens':<34}" + "".join(f"{name:>10}" for name in ["p50 ms", "p99 ms", "req/s", "refused"]))
    median = lambda name, key: statistics.median(measured[key] or 0 for measured in rounds[name])
    for name in rounds:
        values = [median(name, key) for key in ["p50_ms", "p99_ms", "rps", "refused"]]
        print(f"  {name:<32}" + "".join(f"{number(value):>10}" for value in values))
    verdicts = []
    for name in ["an API key", "a token"]:
        more = costs[name] - costs["nothing"]
        verdicts.append((f"{name} costs, us", more, f"at most {MOST_CREDENTIAL_US}", more <= MOST_CREDENTIAL_US))
    ratio = median("beside BI", "p99_ms") / median("alone", "p99_ms")
    verdicts.append(("p99 of screens beside BI / alone", ratio, f"at most {MOST_P99_RATIO}", ratio <= MOST_P99_RATIO))
    return verdicts, {"credentials": costs, "lanes": rounds}
