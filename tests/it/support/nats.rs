//! NATS: the server that the tests were given, or one of a test's own that it may end and bring back.

use std::{
    io::{BufRead, BufReader},
    path::Path,
    process::{Child, ChildStderr, Command, Stdio},
};

use tempfile::TempDir;

/// The server that the tests were told to use. Without one, the test has to be left out, and that is said.
#[expect(clippy::disallowed_methods, reason = "the harness is told by its environment which server to use")]
pub fn nats_url() -> Option<String> {
    let url = std::env::var("SUPPORTGRAPH_TEST_NATS").ok().filter(|url| !url.is_empty());
    if url.is_none() {
        eprintln!("left out: NATS is not there; scripts/test starts one");
    }
    url
}

/// Ended when dropped.
pub struct NatsServer {
    port: u16,
    folder: TempDir,
    running: Option<Running>,
}

struct Running {
    process: Child,
    /// Held open: the server would end when it cannot write to it.
    _log: BufReader<ChildStderr>,
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

impl NatsServer {
    /// None, and a line that says so, where the program is not installed.
    pub fn start() -> Option<Self> {
        let folder = tempfile::tempdir().expect("a folder");
        match run(folder.path(), "-1") {
            Ok((running, port)) => Some(Self { port, folder, running: Some(running) }),
            Err(error) => {
                eprintln!("left out: nats-server cannot be run ({error}); scripts/test installs it");
                None
            }
        }
    }

    pub fn url(&self) -> String {
        format!("nats://127.0.0.1:{}", self.port)
    }

    /// Ends it at once, as `kill -9` does.
    pub fn kill(&mut self) {
        self.running = None;
    }

    /// Starts it again at the same port with what it had stored.
    pub fn come_back(&mut self) {
        self.running = Some(run(self.folder.path(), &self.port.to_string()).expect("the server starts").0);
    }

    /// Starts it again at the same port, and it has forgotten everything.
    pub fn come_back_empty(&mut self) {
        self.folder = tempfile::tempdir().expect("a folder");
        self.come_back();
    }
}

/// Waits until the server is ready; gives its port too.
fn run(folder: &Path, port: &str) -> std::io::Result<(Running, u16)> {
    let mut command = Command::new("nats-server");
    command.args(["-js", "-a", "127.0.0.1", "-p", port, "-sd"]).arg(folder);
    let mut process = command.stdout(Stdio::null()).stderr(Stdio::piped()).spawn()?;
    let mut log = BufReader::new(process.stderr.take().expect("its log"));
    let (mut told, mut port) = (String::new(), None);
    while !told.contains("Server is ready") {
        told.clear();
        assert!(log.read_line(&mut told).expect("a line") > 0, "the server ended");
        let address = told.split("client connections on ").nth(1);
        port = port.or_else(|| address?.trim().rsplit(':').next()?.parse().ok());
    }
    Ok((Running { process, _log: log }, port.expect("the server tells its port")))
}
