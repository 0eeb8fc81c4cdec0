//! Sends one request again and again over a fixed number of connections, and tells how fast the answers came.
//!
//! `load ADDRESS PATH BODY_FILE CONNECTIONS SECONDS SERVER_PID DATABASE_PID [OPTION...]`: an empty BODY_FILE sends GET, a
//! DATABASE_PID of 0 counts no database. Options are `header=NAME: VALUE`, and `rate=N` for N requests a second of all
//! connections together, of which the time counts from when each was due; without it each connection sends as soon as it
//! was answered. With `refused=counted` an answer of 429 or 503 is no end, but counted apart. Prints one line of JSON.
//! Loopback only.

use std::{
    error::Error,
    fs,
    net::SocketAddr,
    time::{Duration, Instant},
};

use peers::process::{cpu_ms, family_cpu_ms, memory_kb};
use serde_json::json;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    task::JoinSet,
};

type Result<T> = std::result::Result<T, Box<dyn Error + Send + Sync>>;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [address, path, body, connections, seconds, server, database, options @ ..] = &arguments[..] else {
        return Err("usage: load ADDRESS PATH BODY_FILE CONNECTIONS SECONDS SERVER_PID DATABASE_PID [OPTION...]".into());
    };
    let address: SocketAddr = address.parse()?;
    let connections: usize = connections.parse()?;
    let seconds: f64 = seconds.parse()?;
    if !address.ip().is_loopback() || connections > 256 || seconds > 60.0 {
        return Err("loopback only, at most 256 connections and 60 seconds".into());
    }
    let option = |name: &str| options.iter().filter_map(|option| option.strip_prefix(name)).collect::<Vec<_>>();
    let headers: String = option("header=").iter().map(|header| format!("{header}\r\n")).collect();
    let rate: Option<f64> = option("rate=").first().map(|rate| rate.parse()).transpose()?;
    let plan = Plan {
        request: request(address, path, body, &headers)?,
        address,
        connections,
        interval: rate.map(|rate| Duration::from_secs_f64(connections as f64 / rate)),
        counts_refused: !option("refused=counted").is_empty(),
    };
    let warm_up = Duration::from_secs_f64((seconds / 5.0).min(1.0));
    drive(&plan, warm_up).await?;

    let before = (cpu_ms(server), family_cpu_ms(database));
    let started = Instant::now();
    let Driven { mut took, refused } = drive(&plan, Duration::from_secs_f64(seconds)).await?;
    let elapsed = started.elapsed().as_secs_f64();
    let after = (cpu_ms(server), family_cpu_ms(database));

    took.sort_unstable();
    let count = took.len() as f64;
    let percentile = |share: f64| {
        took.get(((count * share) as usize).min(took.len().saturating_sub(1))).map(|us| f64::from(*us) / 1000.0)
    };
    let answer = json!({
        "requests": took.len(),
        "refused": refused,
        "rps": count / elapsed,
        "p50_ms": percentile(0.50),
        "p99_ms": percentile(0.99),
        "cpu_ms": (after.0 - before.0) / count,
        "database_cpu_ms": (after.1 - before.1) / count,
        "rss_mb": memory_kb(server, "VmRSS:") / 1024.0,
        "peak_mb": memory_kb(server, "VmHWM:") / 1024.0,
    });
    println!("{answer}");
    Ok(())
}

/// The bytes that are sent each time.
fn request(address: SocketAddr, path: &str, body: &str, headers: &str) -> Result<Vec<u8>> {
    if body.is_empty() {
        let head = format!("GET {path} HTTP/1.1\r\nhost: {address}\r\naccept: application/json\r\n{headers}\r\n");
        return Ok(head.into_bytes());
    }
    let body = fs::read(body)?;
    let mut request = format!(
        "POST {path} HTTP/1.1\r\nhost: {address}\r\naccept: application/json\r\ncontent-type: application/json\r\n\
         {headers}content-length: {}\r\n\r\n",
        body.len()
    )
    .into_bytes();
    request.extend_from_slice(&body);
    Ok(request)
}

/// What is sent, and how.
struct Plan {
    request: Vec<u8>,
    address: SocketAddr,
    connections: usize,
    /// Time between two requests of one connection; none for as soon as possible.
    interval: Option<Duration>,
    counts_refused: bool,
}

/// The microseconds that each answer took, and how many were refused.
#[derive(Default)]
struct Driven {
    took: Vec<u32>,
    refused: u64,
}

/// Sends for so long.
async fn drive(plan: &Plan, time: Duration) -> Result<Driven> {
    let start = Instant::now();
    let end = start + time;
    let mut running = JoinSet::new();
    for number in 0..plan.connections {
        let Plan { address, interval, counts_refused, connections, .. } = *plan;
        let request = plan.request.clone();
        running.spawn(async move {
            let mut stream = TcpStream::connect(address).await?;
            stream.set_nodelay(true)?;
            let mut buffer = vec![0; 32 * 1024];
            let mut driven = Driven::default();
            // The connections take turns.
            let mut due = start + interval.unwrap_or_default().mul_f64(number as f64 / connections as f64);
            while driven.took.is_empty() && driven.refused == 0 || Instant::now() < end {
                let started = match interval {
                    Some(interval) => {
                        tokio::time::sleep_until(due.into()).await;
                        let asked = due;
                        due += interval;
                        asked
                    }
                    None => Instant::now(),
                };
                stream.write_all(&request).await?;
                match read_answer(&mut stream, &mut buffer).await? {
                    200 => driven.took.push(started.elapsed().as_micros() as u32),
                    429 | 503 if counts_refused => driven.refused += 1,
                    status => return Err(format!("the server answered with {status}").into()),
                }
            }
            Ok::<_, Box<dyn Error + Send + Sync>>(driven)
        });
    }
    let mut all = Driven::default();
    while let Some(of_one) = running.join_next().await {
        let of_one = of_one??;
        all.took.extend(of_one.took);
        all.refused += of_one.refused;
    }
    Ok(all)
}

/// Reads one answer of a known length and forgets it; gives its status. Its head fits the buffer.
async fn read_answer(stream: &mut TcpStream, buffer: &mut [u8]) -> Result<u16> {
    let mut filled = 0;
    let (head, length, status) = loop {
        let read = read_some(stream, &mut buffer[filled..]).await?;
        filled += read;
        let Some(head) = buffer[..filled].windows(4).position(|window| window == b"\r\n\r\n") else { continue };
        let text = std::str::from_utf8(&buffer[..head])?.to_ascii_lowercase();
        let status = text.strip_prefix("http/1.1 ").and_then(|rest| rest.get(..3)?.parse().ok());
        let status = status.ok_or("the answer has no status")?;
        let length = text.lines().find_map(|line| line.strip_prefix("content-length:"));
        break (head + 4, length.ok_or("the answer tells no length")?.trim().parse::<usize>()?, status);
    };
    while filled < head + length {
        filled += read_some(stream, buffer).await?;
    }
    Ok(status)
}

async fn read_some(stream: &mut TcpStream, buffer: &mut [u8]) -> Result<usize> {
    match stream.read(buffer).await? {
        0 => Err("the server closed the connection, or its head is too long".into()),
        read => Ok(read),
    }
}
