//! The program as it is called from a shell.

use std::{
    io::{BufRead, BufReader, PipeWriter, Read},
    net::SocketAddr,
    path::Path,
    process::{Child, ChildStdout, Command, Output, Stdio},
};

use crate::support::{Client, Database, execute, raw::Raw};

/// The program in an empty folder, where it also keeps what is temporary, without settings of the machine.
#[expect(clippy::disallowed_methods, reason = "what the machine sets for the program is taken away")]
pub fn supportgraph(folder: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_supportgraph"));
    for (name, _) in std::env::vars_os() {
        if name.to_string_lossy().starts_with("SUPPORTGRAPH_") {
            command.env_remove(name);
        }
    }
    command.args(arguments).current_dir(folder).env("TMPDIR", folder);
    command
}

pub fn run(folder: &Path, arguments: &[&str]) -> Output {
    supportgraph(folder, arguments).output().expect("the program runs")
}

fn folder() -> tempfile::TempDir {
    tempfile::tempdir().expect("a folder")
}

pub fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

/// Killed when dropped, so that a failed test leaves nothing behind.
pub struct Serving {
    child: Child,
    out: BufReader<ChildStdout>,
    said: String,
}

impl Drop for Serving {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Serving {
    /// Starts `serve` and waits until it says where it listens.
    fn start(folder: &Path) -> (Self, SocketAddr) {
        let mut command = supportgraph(folder, &["serve"]);
        command.env("SUPPORTGRAPH_SERVER__LISTEN", "127.0.0.1:0");
        Self::start_with(command)
    }

    /// The same for a command that listens.
    pub fn start_with(mut command: Command) -> (Self, SocketAddr) {
        let mut child = command.stdout(Stdio::piped()).spawn().expect("the program runs");
        let out = BufReader::new(child.stdout.take().expect("its output"));
        let mut serving = Self { child, out, said: String::new() };
        while !serving.said.contains("http://") {
            let read = serving.out.read_line(&mut serving.said).expect("a line");
            assert!(read > 0, "the program ended without an address: {}", serving.said);
        }
        let addr = serving.said.split("http://").nth(1).and_then(|rest| rest.split('/').next());
        let addr = addr.and_then(|addr| addr.parse().ok()).unwrap_or_else(|| panic!("an address in {}", serving.said));
        (serving, addr)
    }

    /// Tells it to stop, and waits until it has ended well; gives all that it said.
    pub fn stop(mut self) -> String {
        self.signal("TERM");
        self.out.read_to_string(&mut self.said).expect("text");
        assert!(self.child.wait().expect("an end").success(), "it ends well");
        std::mem::take(&mut self.said)
    }

    /// Of the process.
    pub fn id(&self) -> u32 {
        self.child.id()
    }

    fn signal(&self, name: &str) {
        let sent = Command::new("kill").args(["-s", name, &self.child.id().to_string()]).status();
        assert!(sent.is_ok_and(|status| status.success()), "the signal is sent");
    }
}

#[tokio::test]
async fn a_signal_stops_serve_after_what_is_in_flight_is_answered() {
    for signal in ["TERM", "INT"] {
        let folder = folder();
        let (mut serving, addr) = Serving::start(folder.path());
        let mut client = Raw::connect(addr).await;
        let head = format!(
            "POST /graphql HTTP/1.1\r\nhost: {addr}\r\ncontent-type: application/json\r\ncontent-length: 24\r\n\
             expect: 100-continue\r\n\r\n"
        );
        client.send(&head).await;
        client.read_until("100 Continue").await;
        serving.signal(signal);
        while tokio::net::TcpStream::connect(addr).await.is_ok() {
            tokio::task::yield_now().await;
        }
        client.send(r#"{"query":"{__typename}"}"#).await;
        let answer = client.read_to_end().await;
        assert!(answer.contains("HTTP/1.1 200 ") && answer.contains("__typename"), "{answer}");
        assert_eq!(serving.child.wait().expect("it ends").code(), Some(0), "after {signal}");
    }
}

#[tokio::test]
async fn serve_without_a_file_makes_its_own_database() {
    let folder = folder();
    let (_serving, addr) = Serving::start(folder.path());
    assert_eq!(Client::new(addr).query("{ __typename }").await.data()["__typename"], "Query");
    assert!(folder.path().join("supportgraph.db").exists());
}

#[test]
fn serve_refuses_an_address_that_others_can_reach() {
    let folder = folder();
    let mut command = supportgraph(folder.path(), &["serve"]);
    let output = command.env("SUPPORTGRAPH_SERVER__LISTEN", "0.0.0.0:0").output().expect("the program runs");
    let told = text(&output.stderr);
    assert_eq!(output.status.code(), Some(2));
    assert!(
        ["auth.issuers", "auth.required", "key issue", "127.0.0.1:"].iter().all(|what| told.contains(what)),
        "{told}"
    );
    assert!(!folder.path().join("supportgraph.db").exists(), "nothing is left behind");

    let mut command = supportgraph(folder.path(), &["check-config"]);
    let checked = command.env("SUPPORTGRAPH_SERVER__LISTEN", "0.0.0.0:0").output().expect("the program runs");
    assert_eq!((checked.status.code(), text(&checked.stderr)), (Some(2), told));
    assert!(text(&checked.stdout).contains("listen = \"0.0.0.0:0\""), "what is set is printed all the same");
}

#[test]
fn serve_names_the_way_out_when_its_port_is_taken() {
    let taken = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
    let addr = taken.local_addr().expect("an address").to_string();
    let folder = folder();
    let mut command = supportgraph(folder.path(), &["serve"]);
    let output = command.env("SUPPORTGRAPH_SERVER__LISTEN", &addr).output().expect("the program runs");
    let told = text(&output.stderr);
    assert_eq!(output.status.code(), Some(1));
    assert!(told.contains(&addr) && told.contains("server.listen"), "{told}");
}

#[test]
fn wrong_settings_end_with_2_and_all_problems() {
    let folder = folder();
    std::fs::write(folder.path().join("supportgraph.toml"), "[server]\nlisten = 1\n[limits]\ndepth = 0\n")
        .expect("a file");
    for command in [&["serve"][..], &["migrate"], &["check-config"]] {
        let output = run(folder.path(), command);
        let told = text(&output.stderr);
        assert_eq!(output.status.code(), Some(2), "{told}");
        assert!(told.contains("server.listen") && told.contains("limits.depth"), "{told}");
    }
    assert_eq!(run(folder.path(), &["serve", "--nonsense"]).status.code(), Some(2));
    assert_eq!(run(folder.path(), &[]).status.code(), Some(2));
}

#[test]
fn migrate_brings_a_database_up_to_date_and_check_tells_whether_it_is() {
    let folder = folder();
    let before = run(folder.path(), &["migrate", "--check"]);
    assert_eq!(before.status.code(), Some(1));
    assert!(text(&before.stderr).contains("run `supportgraph migrate`"), "{}", text(&before.stderr));
    assert!(run(folder.path(), &["migrate"]).status.success());
    assert!(run(folder.path(), &["migrate", "--check"]).status.success());
    assert!(run(folder.path(), &["migrate"]).status.success(), "twice changes nothing");
}

#[tokio::test]
async fn a_database_that_is_newer_than_the_program_is_left_alone() {
    let folder = folder();
    assert!(run(folder.path(), &["migrate"]).status.success());
    let url = format!("sqlite://{}", folder.path().join("supportgraph.db").display());
    execute(&url, "insert into seaql_migrations (version, applied_at) values ('m9999_from_the_future', 0)").await;
    for command in [&["serve"][..], &["migrate"], &["migrate", "--check"]] {
        let output = run(folder.path(), command);
        assert_eq!(output.status.code(), Some(1), "{command:?}");
        assert!(text(&output.stderr).contains("newer than this program"), "{command:?}: {}", text(&output.stderr));
    }
}

#[tokio::test]
async fn a_server_that_others_use_is_migrated_only_when_somebody_says_so() {
    let Some(database) = Database::create_empty().await else {
        return eprintln!("left out: PostgreSQL is not there; scripts/test starts one");
    };
    let folder = folder();
    let mut serve = supportgraph(folder.path(), &["serve"]);
    serve.env("SUPPORTGRAPH_DATABASE__URL", database.url()).env("SUPPORTGRAPH_SERVER__LISTEN", "127.0.0.1:0");
    let refused = serve.output().expect("the program runs");
    assert_eq!(refused.status.code(), Some(1));
    assert!(text(&refused.stderr).contains("run `supportgraph migrate`"), "{}", text(&refused.stderr));

    let mut migrate = supportgraph(folder.path(), &["migrate"]);
    assert!(migrate.env("SUPPORTGRAPH_DATABASE__URL", database.url()).status().is_ok_and(|status| status.success()));
    let _serving = Serving::start_with(serve);
}

#[test]
fn schema_prints_what_check_accepts() {
    let folder = folder();
    let printed = run(folder.path(), &["schema"]);
    assert!(text(&printed.stdout).contains("type Query"));
    let file = folder.path().join("schema.graphql");
    std::fs::write(&file, &printed.stdout).expect("a file");
    assert!(run(folder.path(), &["schema", "--check", "schema.graphql"]).status.success());

    std::fs::write(&file, "type Query { other: Int }\n").expect("a file");
    let other = run(folder.path(), &["schema", "--check", "schema.graphql"]);
    assert_eq!(other.status.code(), Some(1));
    assert!(text(&other.stderr).contains("run `supportgraph schema > schema.graphql`"), "{}", text(&other.stderr));
}

#[test]
fn check_config_prints_values_with_their_origin_and_no_secrets() {
    let folder = folder();
    let mut command = supportgraph(folder.path(), &["check-config"]);
    command.env("SUPPORTGRAPH_DATABASE__URL", "postgres://u:hunter2@h/d").env("SUPPORTGRAPH_LIMITS__DEPTH", "7");
    let output = command.output().expect("the program runs");
    let told = text(&output.stdout);
    assert!(output.status.success());
    assert!(told.contains("depth = 7  # SUPPORTGRAPH_LIMITS__DEPTH"), "{told}");
    assert!(told.contains("listen = \"127.0.0.1:8080\"  # default"), "{told}");
    assert!(!told.contains("hunter2"), "{told}");
}

#[test]
fn check_config_prints_a_file_that_can_be_read_again() {
    let folder = folder();
    let printed = run(folder.path(), &["check-config"]);
    std::fs::write(folder.path().join("supportgraph.toml"), &printed.stdout).expect("a file");
    let again = run(folder.path(), &["check-config"]);
    assert!(again.status.success(), "{}", text(&again.stderr));
}

/// A pipe whose reader has gone.
fn unread() -> PipeWriter {
    let (_, writer) = std::io::pipe().expect("a pipe");
    writer
}

#[test]
fn a_reader_that_has_had_enough_is_the_end_and_no_failure() {
    let folder = folder();
    let example = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/partner.example.toml");
    std::fs::write(folder.path().join("who.graphql"), "query Who { viewer { name } }").expect("a file");
    for command in [
        &["import", example][..],
        &["documents", "add", "who.graphql"],
        &["documents", "list"],
        &["documents", "check"],
        &["documents", "check", "who.graphql"],
        &["documents", "remove", "Who"],
        &["key", "issue", "--name", "Power BI", "--role", "SALES_AGENT"],
        &["key", "list"],
        &["audit", "export"],
        &["audit", "export", "--format", "csv"],
        &["audit", "prune", "--older-than-days", "90"],
        &["migrate"],
        &["schema"],
        &["roles"],
        &["check-config"],
        &["check-config", "--table"],
        &["--help"],
    ] {
        let output = supportgraph(folder.path(), command).stdout(unread()).output().expect("the program runs");
        assert_eq!((output.status.code(), text(&output.stderr).contains("panic")), (Some(0), false), "{command:?}");
    }
    assert!(text(&run(folder.path(), &["key", "list"]).stdout).contains("Power BI"), "it was done all the same");
}

#[test]
fn whoever_does_not_hear_what_is_wrong_is_told_by_the_code() {
    let folder = folder();
    let partner = ["--partner", "3b33e682-00c3-41ee-9dd2-a548adf56438"];
    for (command, code) in [([&["key", "list"], &partner[..]].concat(), 1), (vec!["serve", "--nonsense"], 2)] {
        let status = supportgraph(folder.path(), &command).stderr(unread()).status().expect("the program runs");
        assert_eq!(status.code(), Some(code), "{command:?}");
    }
    let mut serve = supportgraph(folder.path(), &["serve"]);
    serve.env("SUPPORTGRAPH_SERVER__LISTEN", "127.0.0.1:0").stderr(unread());
    // Something to warn about.
    serve.env("SUPPORTGRAPH_AUTH__REQUIRED", "true").env("SUPPORTGRAPH_AUTH__API_KEYS", "false");
    Serving::start_with(serve).0.stop();
}

#[test]
fn every_command_has_help_with_an_example() {
    let folder = folder();
    for command in ["serve", "migrate", "schema", "roles", "check-config", "key", "demo"] {
        let help = text(&run(folder.path(), &[command, "--help"]).stdout);
        assert!(help.contains("Example"), "{command}: {help}");
    }
    assert!(text(&run(folder.path(), &["--help"]).stdout).contains("Exit codes"));
}
