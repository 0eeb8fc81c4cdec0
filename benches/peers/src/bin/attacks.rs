//! Writes what the tests attack with into a folder, for `benches/run/attacks.py`.
//!
//! `attacks FOLDER`: a file for each, in order, named after it, with the bytes of its request.

use std::{fs, path::Path};

#[path = "../../../../tests/it/support/attacks.rs"]
#[allow(dead_code, reason = "the tests make further documents of its parts")]
mod attacks;

use attacks::Attack;

fn main() -> std::io::Result<()> {
    let folder = std::env::args().nth(1).ok_or_else(|| std::io::Error::other("usage: attacks FOLDER"))?;
    for (number, attack) in attacks::attacks().iter().enumerate() {
        let name = format!("{number:03} {}", attack.what.replace('/', " "));
        fs::write(Path::new(&folder).join(name), request(attack))?;
    }
    Ok(())
}

fn request(attack: &Attack) -> Vec<u8> {
    let mut head = format!(
        "{} {} HTTP/1.1\r\naccept: */*\r\ncontent-length: {}\r\n",
        attack.method,
        attack.path,
        attack.body.len()
    );
    if !attack.headers.iter().any(|(name, _)| *name == "host") {
        head += "host: localhost\r\n";
    }
    for (name, value) in &attack.headers {
        head += &format!("{name}: {value}\r\n");
    }
    [head.as_bytes(), b"\r\n", &attack.body].concat()
}
