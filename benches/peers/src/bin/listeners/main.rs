//! Many listeners over WebSocket in one process, and somebody who tells them something.
//!
//! `listeners ADDRESS PLAN_FILE LISTENERS SERVER_PID DATABASE_PID`: opens the listeners, in turn for each topic of the plan,
//! and prints a line of JSON: what that took. Then each line on standard input is a number of rounds. In a round every topic
//! is told something once, one after another when all its listeners have heard it, once. A line of JSON says what the rounds
//! took. It ends with its input. Loopback only.

mod socket;

use std::{
    error::Error,
    fs,
    io::stdin,
    net::{Ipv4Addr, SocketAddrV4},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

use peers::process::{cpu_ms, family_cpu_ms, memory_kb};
use serde::Deserialize;
use serde_json::json;
use socket::Socket;
use tokio::{sync::Notify, task::JoinSet, time::timeout};

type Result<T> = std::result::Result<T, Box<dyn Error + Send + Sync>>;

/// One address has some 28,000 ports.
const LISTENERS_OF_AN_ADDRESS: usize = 2_000;
const OPENING_AT_ONCE: usize = 64;
/// A server that takes longer for an event has lost something.
const PATIENCE: Duration = Duration::from_secs(30);
/// How long memory may take to settle.
const SETTLING: Duration = Duration::from_secs(2);

/// What is said to a server, and by what its answers are known.
#[derive(Deserialize)]
struct Plan {
    /// What is said first, if anything, and what the answer to it contains.
    hello: Option<(String, String)>,
    /// For each topic, what makes a listener. It listens when an answer contains `listening`.
    listen: Vec<String>,
    listening: String,
    /// For each topic, what makes an event; `{number}` is another one each time, and in each process. It is done when an
    /// answer contains `told`.
    tell: Vec<String>,
    told: String,
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [address, plan, listeners, server, database] = &arguments[..] else {
        return Err("usage: listeners ADDRESS PLAN_FILE LISTENERS SERVER_PID DATABASE_PID".into());
    };
    let address: SocketAddrV4 = address.parse()?;
    let listeners: usize = listeners.parse()?;
    if !address.ip().is_loopback() || listeners > 50_000 {
        return Err("loopback only, at most 50,000 listeners".into());
    }
    let plan: Arc<Plan> = Arc::new(serde_json::from_slice(&fs::read(plan)?)?);
    let used = || [cpu_ms(server), family_cpu_ms(database)];

    let mut teller = open(address, 0, &plan, None).await?;
    let memory = ["VmRSS:", "VmHWM:"].map(|name| memory_kb(server, name));
    let (before, started) = (used(), Instant::now());
    let hall = Arc::new(Hall::default());
    fill(&hall, address, &plan, listeners).await?;
    let (after, took) = (used(), started.elapsed());
    tokio::time::sleep(SETTLING).await;
    let each = |growth: f64| growth / listeners.max(1) as f64;
    let opened = json!({
        "listeners": listeners,
        "seconds": took.as_secs_f64(),
        "cpu_ms": each(after[0] - before[0]),
        "database_cpu_ms": each(after[1] - before[1]),
        "memory_kb": each(memory_kb(server, "VmRSS:") - memory[0]),
    });
    println!("{opened}");

    let (own, mut number) = (std::process::id(), 0);
    for line in stdin().lines() {
        let rounds: u32 = line?.trim().parse()?;
        let (before, mut events) = (used(), Vec::new());
        for _ in 0..rounds {
            for (topic, text) in plan.tell.iter().enumerate() {
                number += 1;
                // They listen to the topics in turn.
                hall.begin((listeners + plan.tell.len() - 1 - topic) / plan.tell.len());
                teller.say(&text.replace("{number}", &format!("{own}-{number}"))).await?;
                teller.hear(&plan.told).await?;
                events.push(hall.has_heard().await?);
            }
        }
        events.retain(|heard| !heard.is_empty());
        let after = used();
        let told = json!({
            "events": plan.tell.len() as u32 * rounds,
            "messages": events.iter().map(Vec::len).sum::<usize>(),
            "cpu_ms": after[0] - before[0],
            "database_cpu_ms": after[1] - before[1],
            "first_ms": median(events.iter().map(|heard| heard[0])),
            "median_ms": median(events.iter().map(|heard| heard[heard.len() / 2])),
            "last_ms": median(events.iter().map(|heard| heard[heard.len() - 1])),
            "peak_kb": each(memory_kb(server, "VmHWM:") - memory[1]),
            "message": hall.tally().message,
        });
        println!("{told}");
    }
    Ok(())
}

/// Opens all listeners, and lets them listen.
async fn fill(hall: &Arc<Hall>, address: SocketAddrV4, plan: &Arc<Plan>, listeners: usize) -> Result<()> {
    let mut opening = JoinSet::new();
    for index in 0..listeners {
        if opening.len() == OPENING_AT_ONCE {
            opening.join_next().await.transpose()?.transpose()?;
        }
        let (hall, plan) = (Arc::clone(hall), Arc::clone(plan));
        opening.spawn(async move {
            let topic = index % plan.listen.len();
            let socket = open(address, index, &plan, Some(topic)).await?;
            tokio::spawn(hall.listen(socket));
            Ok::<_, Box<dyn Error + Send + Sync>>(())
        });
    }
    while let Some(opened) = opening.join_next().await {
        opened??;
    }
    Ok(())
}

/// A socket that has said hello, and listens to the topic if there is one.
async fn open(address: SocketAddrV4, index: usize, plan: &Plan, topic: Option<usize>) -> Result<Socket> {
    // Ports that another process has just left are not free yet, so each has addresses of its own.
    let [.., high, low] = std::process::id().to_be_bytes();
    let own = Ipv4Addr::new(127, high, low, 2 + u8::try_from(index / LISTENERS_OF_AN_ADDRESS)?);
    let mut socket = Socket::connect(own, address).await?;
    if let Some((hello, answer)) = &plan.hello {
        socket.say(hello).await?;
        socket.hear(answer).await?;
    }
    if let Some(topic) = topic {
        socket.say(&plan.listen[topic]).await?;
        socket.hear(&plan.listening).await?;
    }
    Ok(socket)
}

/// Where all listen.
#[derive(Default)]
struct Hall {
    tally: Mutex<Tally>,
    /// All have heard, or somebody cannot.
    news: Notify,
}

#[derive(Default)]
struct Tally {
    /// The number of the present event, and when it was asked for.
    event: u32,
    started: Option<Instant>,
    /// The milliseconds after which listeners heard of it, in order.
    heard: Vec<f64>,
    /// So many have not heard yet.
    missing: usize,
    failure: Option<String>,
    /// One of the messages.
    message: String,
}

impl Hall {
    /// An event is asked for that so many must hear.
    fn begin(&self, listeners: usize) {
        let mut tally = self.tally();
        tally.event += 1;
        tally.started = Some(Instant::now());
        tally.missing = listeners;
    }

    /// Listens to the end.
    async fn listen(self: Arc<Self>, mut socket: Socket) {
        let mut known = 0;
        let failure = loop {
            let message = match socket.message().await {
                Ok(message) => message,
                Err(error) => break error.to_string(),
            };
            let mut tally = self.tally();
            let Some(started) = tally.started.filter(|_| known < tally.event && tally.missing > 0) else {
                break format!("one too many: {message}");
            };
            known = tally.event;
            tally.heard.push(started.elapsed().as_secs_f64() * 1000.0);
            tally.missing -= 1;
            if tally.message.is_empty() {
                tally.message = message.to_owned();
            }
            if tally.missing == 0 {
                self.news.notify_one();
            }
        };
        self.tally().failure.get_or_insert(failure);
        self.news.notify_one();
    }

    /// Waits until all have heard. Gives after how many milliseconds, in order.
    async fn has_heard(&self) -> Result<Vec<f64>> {
        loop {
            let missing = {
                let mut tally = self.tally();
                match (&tally.failure, tally.missing) {
                    (Some(failure), _) => return Err(failure.as_str().into()),
                    (None, 0) => return Ok(std::mem::take(&mut tally.heard)),
                    (None, missing) => missing,
                }
            };
            let news = timeout(PATIENCE, self.news.notified()).await;
            news.map_err(|_| format!("{missing} did not hear within {PATIENCE:?}"))?;
        }
    }

    fn tally(&self) -> MutexGuard<'_, Tally> {
        self.tally.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn median(values: impl Iterator<Item = f64>) -> Option<f64> {
    let mut values: Vec<f64> = values.collect();
    values.sort_unstable_by(f64::total_cmp);
    values.get(values.len() / 2).copied()
}
