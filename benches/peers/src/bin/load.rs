//! Sends one request again and again over a fixed number of connections, and tells how fast the answers came.
//!
//! `load ADDRESS PATH BODY_FILE CONNECTIONS SECONDS SERVER_PID DATABASE_PID`: an empty BODY_FILE sends GET, a DATABASE_PID
//! of 0 counts no database. Prints one line of JSON. Loopback only.

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
    let [address, path, body, connections, seconds, server, database] = &arguments[..] else {
        return Err("usage: load ADDRESS PATH BODY_FILE CONNECTIONS SECONDS SERVER_PID DATABASE_PID".into());
    };
    let address: SocketAddr = address.parse()?;
    let connections: usize = connections.parse()?;
    let seconds: f64 = seconds.parse()?;
    if !address.ip().is_loopback() || connections > 256 || seconds > 60.0 {
        return Err("loopback only, at most 256 connections and 60 seconds".into());
    }
    let request = request(address, path, body)?;
    let warm_up = Duration::from_secs_f64((seconds / 5.0).min(1.0));
    drive(address, &request, connections, warm_up).await?;

    let before = (cpu_ms(server), family_cpu_ms(database));
    let started = Instant::now();
    let mut took = drive(address, &request, connections, Duration::from_secs_f64(seconds)).await?;
    let elapsed = started.elapsed().as_secs_f64();
    let after = (cpu_ms(server), family_cpu_ms(database));

    took.sort_unstable();
    let count = took.len() as f64;
    let percentile = |share: f64| took[((count * share) as usize).min(took.len() - 1)] as f64 / 1000.0;
    let answer = json!({
        "requests": took.len(),
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
fn request(address: SocketAddr, path: &str, body: &str) -> Result<Vec<u8>> {
    if body.is_empty() {
        return Ok(format!("GET {path} HTTP/1.1\r\nhost: {address}\r\naccept: application/json\r\n\r\n").into_bytes());
    }
    let body = fs::read(body)?;
    let mut request = format!(
        "POST {path} HTTP/1.1\r\nhost: {address}\r\naccept: application/json\r\ncontent-type: application/json\r\n\
         content-length: {}\r\n\r\n",
        body.len()
    )
    .into_bytes();
    request.extend_from_slice(&body);
    Ok(request)
}

/// Sends for so long over so many connections; gives the microseconds that each answer took.
async fn drive(address: SocketAddr, request: &[u8], connections: usize, time: Duration) -> Result<Vec<u32>> {
    let end = Instant::now() + time;
    let mut running = JoinSet::new();
    for _ in 0..connections {
        let request = request.to_vec();
        running.spawn(async move {
            let mut stream = TcpStream::connect(address).await?;
            stream.set_nodelay(true)?;
            let mut buffer = vec![0; 32 * 1024];
            let mut took = Vec::new();
            while took.is_empty() || Instant::now() < end {
                let started = Instant::now();
                stream.write_all(&request).await?;
                read_answer(&mut stream, &mut buffer).await?;
                took.push(started.elapsed().as_micros() as u32);
            }
            Ok::<_, Box<dyn Error + Send + Sync>>(took)
        });
    }
    let mut took = Vec::new();
    while let Some(of_one) = running.join_next().await {
        took.extend(of_one??);
    }
    Ok(took)
}

/// Reads one answer of a known length and forgets it; anything but 200 ends the measurement. Its head fits the buffer.
async fn read_answer(stream: &mut TcpStream, buffer: &mut [u8]) -> Result<()> {
    let mut filled = 0;
    let (head, length) = loop {
        let read = read_some(stream, &mut buffer[filled..]).await?;
        filled += read;
        let Some(head) = buffer[..filled].windows(4).position(|window| window == b"\r\n\r\n") else { continue };
        let text = std::str::from_utf8(&buffer[..head])?.to_ascii_lowercase();
        if !text.starts_with("http/1.1 200") {
            return Err(format!("the server answered: {}", text.lines().next().unwrap_or_default()).into());
        }
        let length = text.lines().find_map(|line| line.strip_prefix("content-length:"));
        break (head + 4, length.ok_or("the answer tells no length")?.trim().parse::<usize>()?);
    };
    while filled < head + length {
        filled += read_some(stream, buffer).await?;
    }
    Ok(())
}

async fn read_some(stream: &mut TcpStream, buffer: &mut [u8]) -> Result<usize> {
    match stream.read(buffer).await? {
        0 => Err("the server closed the connection, or its head is too long".into()),
        read => Ok(read),
    }
}
