//! The embedded files of `playground/dist`, packed with Brotli when they were built.

use std::{
    collections::HashMap,
    io::Read,
    sync::{Mutex, PoisonError},
};

use axum::{
    body::Bytes,
    extract::Path,
    http::{HeaderMap, HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};

use super::error::Refusal;

#[derive(rust_embed::RustEmbed)]
#[folder = "playground/dist/"]
struct Files;

/// Files for clients without Brotli. There are only as many as are embedded.
static INFLATED: Mutex<Option<HashMap<String, Bytes>>> = Mutex::new(None);

/// The editor's workers and scripts come from our origin, its styles are set by scripts, and nothing leaves.
const POLICY: &str = "default-src 'none'; script-src 'self'; worker-src 'self'; style-src 'self' 'unsafe-inline'; \
    img-src 'self' data:; font-src 'self'; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

pub async fn index(headers: HeaderMap) -> Result<Response, Refusal> {
    serve("index.html", &headers, "no-cache")
}

pub async fn file(Path(path): Path<String>, headers: HeaderMap) -> Result<Response, Refusal> {
    // Names under assets/ hold a hash of their content.
    let lifetime = if path.starts_with("assets/") { "public, max-age=31536000, immutable" } else { "no-cache" };
    serve(&path, &headers, lifetime)
}

fn serve(path: &str, headers: &HeaderMap, lifetime: &'static str) -> Result<Response, Refusal> {
    let packed_path = format!("{path}.br");
    let file = Files::get(&packed_path).ok_or_else(Refusal::not_found)?;
    let brotli = accepts_brotli(headers);
    let hash: String = file.metadata.sha256_hash()[..8].iter().map(|byte| format!("{byte:02x}")).collect();
    // Weak: the same file, however it is packed.
    let etag = format!("W/\"{hash}\"");
    let known = headers.get_all(header::IF_NONE_MATCH).iter().filter_map(|known| known.to_str().ok());
    let unchanged = known.flat_map(|known| known.split(',')).any(|known| known.trim() == etag);

    let mut response = if unchanged {
        StatusCode::NOT_MODIFIED.into_response()
    } else if brotli {
        let body = match file.data {
            std::borrow::Cow::Borrowed(data) => Bytes::from_static(data),
            std::borrow::Cow::Owned(data) => Bytes::from(data),
        };
        ([(header::CONTENT_ENCODING, "br")], body).into_response()
    } else {
        inflated(&packed_path, &file.data)?.into_response()
    };
    let out = response.headers_mut();
    out.insert(header::CONTENT_TYPE, HeaderValue::from_static(content_type(path)));
    out.insert(header::CACHE_CONTROL, HeaderValue::from_static(lifetime));
    out.insert(header::CONTENT_SECURITY_POLICY, HeaderValue::from_static(POLICY));
    out.insert(header::VARY, HeaderValue::from_static("accept-encoding"));
    if let Ok(etag) = HeaderValue::from_str(&etag) {
        out.insert(header::ETAG, etag);
    }
    Ok(response)
}

fn inflated(path: &str, packed: &[u8]) -> Result<Bytes, Refusal> {
    let mut files = INFLATED.lock().unwrap_or_else(PoisonError::into_inner);
    let files = files.get_or_insert_default();
    if let Some(file) = files.get(path) {
        return Ok(file.clone());
    }
    let mut file = Vec::new();
    brotli::Decompressor::new(packed, 64 * 1024).read_to_end(&mut file).map_err(crate::domain::Error::internal)?;
    let file = Bytes::from(file);
    files.insert(path.to_owned(), file.clone());
    Ok(file)
}

fn accepts_brotli(headers: &HeaderMap) -> bool {
    let codings = headers.get_all(header::ACCEPT_ENCODING).iter().filter_map(|value| value.to_str().ok());
    codings.flat_map(|value| value.split(',')).any(|coding| {
        let (name, parameters) = coding.split_once(';').unwrap_or((coding, ""));
        let quality =
            parameters.trim().strip_prefix("q=").map_or(Some(1.0), |quality| quality.trim().parse::<f32>().ok());
        name.trim().eq_ignore_ascii_case("br") && quality.is_some_and(|quality| quality > 0.0)
    })
}

fn content_type(path: &str) -> &'static str {
    match path.rsplit('.').next().unwrap_or_default() {
        "html" => "text/html; charset=utf-8",
        "js" => "text/javascript; charset=utf-8",
        "css" => "text/css; charset=utf-8",
        "json" => "application/json",
        "svg" => "image/svg+xml",
        "ttf" => "font/ttf",
        "woff2" => "font/woff2",
        "md" | "txt" => "text/plain; charset=utf-8",
        _ => "application/octet-stream",
    }
}
