//! Every setting: what it means, its default, and what it may be.

use std::net::SocketAddr;

use secrecy::{ExposeSecret, SecretString};

use super::{
    check::{any, bus_url, database_url, filter, guid, hosts, networks, origins, registered_only, roles, within},
    issuer::{IssuerConfig, issuers},
    section::{Field, section},
    setting::Setting,
    source::Source,
};

/// All but that of a customer's own user.
const PARTNERS_ROLES: [&str; 6] =
    ["GLOBAL_ADMIN", "USER_MANAGEMENT_ADMIN", "HELPDESK_AGENT", "ADMIN_AGENT", "SALES_AGENT", "BILLING_ADMIN"];

/// Which status codes tell what became of a GraphQL request; see `docs/decisions/0005-status-codes.md`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ResponseStatus {
    /// 400 for every refused request, 200 with partial data: what the audit suite and today's clients expect.
    Suite,
    /// 422 for a refused request that could be read, 294 for partial data: the newest draft.
    Draft,
}

section! {
    /// Where and how the server answers.
    ServerConfig "server" {
        /// Address and port to listen on. Another address than loopback needs `auth.issuers` or `auth.required`.
        listen: SocketAddr = SocketAddr::from(([127, 0, 0, 1], 8080)), any;
        /// Address and port where the operator's tools find `/metrics`, `/livez` and `/readyz` without a credential, such as
        /// `127.0.0.1:9464`; empty for none. Where a credential is required, metrics are told nowhere else. Choose one that
        /// nobody but the operator reaches.
        metrics_listen: Option<SocketAddr> = None, any;
        /// Tenant id of the partner that callers on this machine act for. Needed once the database holds several.
        partner: Option<String> = None, guid;
        /// Further names under which this server may be called, besides `localhost` and loopback addresses.
        ///
        /// A web page can point a name of its own at 127.0.0.1 and call the server from a visitor's browser; the name
        /// in the `host` header gives that away.
        hosts: Vec<String> = Vec::new(), hosts;
        /// Origins whose pages may call the server from a browser, such as `https://portal.example`; `*` for all.
        cors_origins: Vec<String> = Vec::new(), origins;
        /// Addresses or networks of proxies whose `x-forwarded-for` is believed, such as `10.0.0.0/8`: the audit log tells
        /// by it where a request came from.
        trusted_proxies: Vec<String> = Vec::new(), networks;
        /// Largest request body in bytes.
        body_limit_bytes: u64 = 1024 * 1024, within(1024, 1024 * 1024 * 1024);
        /// Connections open at once; more wait until one closes.
        connections: u64 = 10_000, within(1, 1_000_000);
        /// Time for a client to send the headers of a request.
        header_timeout_seconds: u64 = 10, within(1, 3600);
        /// Time for a client to send a body, and for the server to answer.
        request_timeout_seconds: u64 = 30, within(1, 3600);
        /// Time for the server to answer in the lane of BI.
        bi_timeout_seconds: u64 = 120, within(1, 3600);
        /// Time for a client to take some of what is sent to it. Who takes nothing for so long is cut off.
        write_timeout_seconds: u64 = 60, within(1, 3600);
        /// Time to answer what is in flight when the server is told to stop.
        drain_timeout_seconds: u64 = 10, within(0, 3600);
        /// Status codes of GraphQL responses: `suite` as the audit suite and today's clients expect, or `draft`
        /// with 422 and 294 as the newest draft of GraphQL over HTTP says.
        response_status: ResponseStatus = ResponseStatus::Suite, any;
        /// Whether `/playground` is served.
        playground: bool = true, any;
    }
}

section! {
    /// Who may call, and how that is proven. `docs/OPERATIONS.md` tells how to set it up.
    AuthConfig "auth" {
        /// Issuers of tokens, such as Microsoft Entra ID: tables `[[auth.issuers]]` with `issuer`, `audiences` and what their
        /// claims mean.
        issuers: Vec<IssuerConfig> = Vec::new(), issuers;
        /// Whether the API keys that `supportgraph key` issues are accepted.
        api_keys: bool = true, any;
        /// Whether every request needs a credential. Once there is an issuer it does anyway. Otherwise whoever reaches the
        /// loopback address is a Global admin.
        required: bool = false, any;
        /// Credentials that are not good, of one address in a minute; 0 for no bound. Who shows more gets 429 until a while
        /// later, but for credentials that are known to be good.
        failures_per_minute: u64 = 60, within(0, 1_000_000);
    }
}

section! {
    /// Where rows are kept.
    DatabaseConfig "database" {
        /// `sqlite://file` or `postgres://user:password@host/database`. A secret: `database.url_file` may name a
        /// file that holds it.
        url: SecretString = SecretString::from("sqlite://supportgraph.db"), database_url;
        /// Most connections for reading; SQLite takes two for each core at most. PostgreSQL gets up to as many again for
        /// writing, SQLite a few of its own.
        max_connections: u64 = 10, within(1, 1000);
        /// Whether `serve` brings a PostgreSQL database up to date by itself. SQLite is always brought up to date.
        migrate_at_start: bool = false, any;
        /// Whether PostgreSQL, too, holds back the rows that are out of scope, as a second wall behind the program's own.
        /// It does so for roles that are neither superuser nor have `BYPASSRLS`.
        row_level_security: bool = true, any;
    }
}

section! {
    /// What one request may ask for, and one caller in a while. All of it is checked before anything is executed.
    ///
    /// Relay's compiler inlines fragments into large documents with many `__typename` fields and aliases; the defaults
    /// let those pass and stop what no screen needs.
    LimitsConfig "limits" {
        /// Tokens of one document.
        ///
        /// A large compiled screen has about 5,000.
        tokens: u64 = 20_000, within(100, 10_000_000);
        /// Levels of nested fields.
        ///
        /// A connection takes three levels (`customers { edges { node`), so this is room for five nested ones and their
        /// fields; the introspection that tools send needs 15.
        depth: u64 = 20, within(1, 1000);
        /// Aliases written in one document.
        ///
        /// Relay adds one for every field with arguments that two fragments ask for differently, and one for each type
        /// condition. What aliases multiply is bounded by `root_fields` and `cost`.
        aliases: u64 = 500, within(0, 1_000_000);
        /// Directives written in one document.
        directives: u64 = 100, within(0, 1_000_000);
        /// Fields at the root of one operation, with fragments expanded.
        root_fields: u64 = 50, within(1, 1_000_000);
        /// Fields of one operation, with fragments expanded.
        ///
        /// Small documents can expand to 60^5 fields, hence this is counted before anything walks them.
        selections: u64 = 10_000, within(1, 10_000_000);
        /// Estimated objects of one answer: pages multiply what stands below them.
        ///
        /// The health board of 50 customers is estimated at some 10,000; this is twenty such boards.
        cost: u64 = 200_000, within(1, 1_000_000_000);
        /// Bytes of one answer, and of each event of a live one.
        ///
        /// Values cost nothing, and aliases multiply them: 6 kB of a document can ask for 500 MB. The health board of 50
        /// customers has some 200 kB, a full page of incidents with their texts 2 MB. Just below 8 MiB, as what is written stands
        /// in a buffer that doubles.
        answer_bytes: u64 = 8_000_000, within(1024, 1 << 31);
        /// Largest page of a connection.
        page_size: u64 = 500, within(1, 10_000);
        /// Requests in one batch.
        batch: u64 = 10, within(1, 1000);
        /// Objects that one caller may be answered in a minute at its screens; 0 for no bound. `docs/LIMITS.md` tells how
        /// they are counted.
        screen_cost_per_minute: u64 = 2_000_000, within(0, 1_000_000_000_000);
        /// The same for BI: API keys, and whoever asks for that lane.
        bi_cost_per_minute: u64 = 2_000_000, within(0, 1_000_000_000_000);
        /// The same for the playground.
        playground_cost_per_minute: u64 = 500_000, within(0, 1_000_000_000_000);
        /// How much a caller may spend at once that was quiet before, in seconds of its budget.
        burst_seconds: u64 = 60, within(1, 3600);
        /// Requests of one caller that may be under way at once. What only listens does not count.
        requests_per_caller: u64 = 50, within(1, 1_000_000);
        /// Requests of BI that run at once; 0 for half as many as there are connections to the database, and fewer than
        /// there are cores.
        ///
        /// Writing a long answer keeps a core busy: one is left to screens.
        bi_at_once: u64 = 0, within(0, 10_000);
        /// Requests of the playground that run at once; 0 as above.
        playground_at_once: u64 = 1, within(0, 10_000);
        /// Requests that may wait for a place in one of these two lanes.
        queue: u64 = 100, within(0, 1_000_000);
        /// Time for which a request waits there.
        queue_seconds: u64 = 10, within(1, 3600);
        /// Roles that may look at the schema, by introspection, at `/schema.graphql` and by being told what a mistake may
        /// have meant; `ALL` for everybody, none for nobody.
        introspection: Vec<String> = PARTNERS_ROLES.map(str::to_owned).to_vec(), roles;
    }
}

section! {
    /// What is kept in memory to answer faster.
    CacheConfig "cache" {
        /// Whether whole responses are kept until something they show has changed.
        enabled: bool = true, any;
        /// Memory for responses.
        response_bytes: u64 = 32 * 1024 * 1024, within(0, 1 << 40);
        /// Documents kept parsed, validated and planned.
        documents: u64 = 1_000, within(1, 1_000_000);
    }
}

section! {
    /// Documents that clients name instead of sending them.
    DocumentsConfig "documents" {
        /// Lanes (`screen`, `bi`, `playground`) and roles (such as `CUSTOMER_USER`) that may run registered documents
        /// only. A role counts for those who have no other one that is not listed.
        only: Vec<String> = Vec::new(), registered_only;
        /// Memory for documents that clients send once and then name by their hash (automatic persisted queries); 0
        /// turns that off.
        automatic_bytes: u64 = 8 * 1024 * 1024, within(0, 1 << 40);
    }
}

section! {
    /// How changes reach those who listen, and how many may.
    LiveConfig "live" {
        /// Time after which a node looks for what other nodes have written, if nothing told it of that.
        poll_seconds: u64 = 2, within(1, 3600);
        /// Days for which the log of events is kept. A listener may resume, and an export go on, within them.
        keep_days: u64 = 14, within(1, 3650);
        /// WebSockets and streams that one caller may hold open at once.
        sockets_per_caller: u64 = 1_000, within(1, 1_000_000);
        /// Operations that may run at once on one WebSocket, or on one stream that carries several.
        operations_per_socket: u64 = 100, within(1, 10_000);
        /// Live operations that one caller may have at once, on all its WebSockets and streams together.
        operations_per_caller: u64 = 10_000, within(1, 10_000_000);
        /// Live operations of all callers together.
        operations: u64 = 100_000, within(1, 10_000_000);
        /// Time between two signs of life. A WebSocket whose client gives none in return is closed after a second one.
        heartbeat_seconds: u64 = 12, within(1, 3600);
        /// Time for a client to introduce itself on a WebSocket, or to open the event stream that it reserved.
        init_timeout_seconds: u64 = 5, within(1, 3600);
        /// Time after which a listener must say again who it is, or is closed; 0 for as long as its token lives.
        session_seconds: u64 = 0, within(0, 31_536_000);
    }
}

section! {
    /// How several nodes on one database wake each other. One node needs none.
    BusConfig "bus" {
        /// NATS with JetStream: `nats://user:password@host:4222` or `tls://host`, several servers with commas between
        /// them. Empty for none: nodes then look for each other's changes every `live.poll_seconds`. A secret:
        /// `bus.url_file` may name a file that holds it.
        url: Option<SecretString> = None, bus_url;
        /// What stands in the `.creds` file of a NATS user. A secret: `bus.credentials_file` names the file itself.
        credentials: Option<SecretString> = None, any;
    }
}

section! {
    /// What the server says about itself.
    TelemetryConfig "telemetry" {
        /// Which lines are logged, such as `info` or `supportgraph=debug,info`. What libraries say below `info` never is.
        filter: String = "info,async_nats=off,sea_orm_migration=warn,sqlx=warn".to_owned(), filter;
        /// Whether log lines are JSON objects rather than text.
        json: bool = false, any;
    }
}

impl AuthConfig {
    /// Whether every request needs a credential.
    pub fn is_required(&self) -> bool {
        self.required || !self.issuers.is_empty()
    }
}

impl DatabaseConfig {
    /// Whether it belongs to this process alone.
    pub fn is_embedded(&self) -> bool {
        self.url.expose_secret().starts_with("sqlite:")
    }
}
