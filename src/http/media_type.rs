//! Which of our response types a client asks for, and what a request's body claims to be.

use axum::http::{HeaderMap, StatusCode, header};

use super::error::Refusal;

/// What a GraphQL response is sent as.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MediaType {
    /// `application/graphql-response+json`: the status code tells what became of the request.
    GraphqlResponse,
    /// `application/json`: 200 for every request that could be read.
    Json,
}

impl MediaType {
    pub fn as_str(self) -> &'static str {
        match self {
            Self::GraphqlResponse => "application/graphql-response+json; charset=utf-8",
            Self::Json => "application/json; charset=utf-8",
        }
    }

    /// The type that the client likes best. Without an `accept` header, and where a wildcard leaves the choice to us, it
    /// is JSON, which every client reads.
    fn best(ranges: &[Range]) -> Option<Self> {
        let graphql = best(ranges, "application/graphql-response+json");
        let json = best(ranges, "application/json");
        match (graphql, json) {
            ((_, 0), (_, 0)) => None,
            ((Specificity::Exact, quality), (_, other)) if quality >= other => Some(Self::GraphqlResponse),
            (_, (_, 0)) => Some(Self::GraphqlResponse),
            _ => Some(Self::Json),
        }
    }
}

/// How an answer is sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reply {
    /// At once.
    Whole(MediaType),
    /// `text/event-stream`, whatever is asked.
    EventStream,
    /// Live operations as `multipart/mixed`, as Apollo's clients read them; the rest at once.
    Multipart(MediaType),
}

impl Reply {
    /// What the client likes best. A stream must be named, a wildcard does not mean it; and it must be liked better than
    /// JSON, since clients that read both ask for streams only where they want them.
    ///
    /// # Errors
    ///
    /// 406 if nothing will do.
    pub fn negotiate(headers: &HeaderMap) -> Result<Self, Refusal> {
        let accept = || headers.get_all(header::ACCEPT).iter().filter_map(|value| value.to_str().ok());
        let ranges: Vec<Range> = accept().flat_map(|value| value.split(',')).filter_map(Range::parse).collect();
        if ranges.is_empty() && !headers.contains_key(header::ACCEPT) {
            return Ok(Self::Whole(MediaType::Json));
        }
        let whole = MediaType::best(&ranges);
        let named = |name: &str| match best(&ranges, name) {
            (Specificity::Exact, quality) => quality,
            _ => 0,
        };
        if named("text/event-stream") > named("application/json").max(named("application/graphql-response+json")) {
            return Ok(Self::EventStream);
        }
        if ranges.iter().any(|range| range.is_apollo_subscription && range.quality > 0) {
            return Ok(Self::Multipart(whole.unwrap_or(MediaType::Json)));
        }
        whole.map(Self::Whole).ok_or_else(|| {
            let message = "none of the types in `accept` can be sent; ask for application/graphql-response+json, \
                           application/json or text/event-stream";
            Refusal::new(StatusCode::NOT_ACCEPTABLE, "NOT_ACCEPTABLE", message)
        })
    }

    /// What a refusal is sent as.
    pub fn whole(self) -> MediaType {
        match self {
            Self::Whole(media_type) | Self::Multipart(media_type) => media_type,
            Self::EventStream => MediaType::Json,
        }
    }
}

/// How closely a range of `accept` names a type; the closest one counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Specificity {
    None,
    Anything,
    Family,
    Exact,
}

/// One range of an `accept` header.
struct Range<'a> {
    name: &'a str,
    /// In thousandths.
    quality: u32,
    /// `multipart/mixed` with the subscription protocol of Apollo's clients.
    is_apollo_subscription: bool,
}

impl<'a> Range<'a> {
    /// None for what cannot be read, and for a charset that we do not send.
    fn parse(text: &'a str) -> Option<Self> {
        let mut parts = text.split(';');
        let name = parts.next()?.trim();
        let mut quality = 1.0;
        let mut is_apollo_subscription = false;
        for parameter in parts {
            let (key, value) = parameter.split_once('=')?;
            let value = value.trim().trim_matches('"');
            match key.trim().to_ascii_lowercase().as_str() {
                "q" => quality = value.parse::<f32>().ok().filter(|quality| (0.0..=1.0).contains(quality))?,
                "charset" if !is_utf8(value) => return None,
                "subscriptionspec" => {
                    is_apollo_subscription = value == "1.0" && name.eq_ignore_ascii_case("multipart/mixed");
                }
                _ => {}
            }
        }
        (!name.is_empty()).then_some(Self { name, quality: (quality * 1000.0) as u32, is_apollo_subscription })
    }

    fn specificity(&self, name: &str) -> Specificity {
        if self.name.eq_ignore_ascii_case(name) {
            Specificity::Exact
        } else if self.name.eq_ignore_ascii_case("application/*") {
            Specificity::Family
        } else if self.name == "*/*" {
            Specificity::Anything
        } else {
            Specificity::None
        }
    }
}

/// The closest range that names a type, and how much it is liked.
fn best(ranges: &[Range], name: &str) -> (Specificity, u32) {
    let known = ranges.iter().map(|range| (range.specificity(name), range.quality));
    known.filter(|(specificity, _)| *specificity > Specificity::None).max().unwrap_or((Specificity::None, 0))
}

/// Whether the body is JSON in UTF-8, as its sender says.
///
/// # Errors
///
/// 415 for everything else. A form, or a script that spares the preflight, cannot send this type, so no other page can
/// make a visitor's browser call us.
pub fn require_json(headers: &HeaderMap) -> Result<(), Refusal> {
    let wrong =
        |message: String| Err(Refusal::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, "UNSUPPORTED_MEDIA_TYPE", message));
    if let Some(coding) = headers.get(header::CONTENT_ENCODING).filter(|coding| *coding != "identity") {
        return wrong(format!("a body packed as {coding:?} is not understood; send it as it is"));
    }
    let mut types = headers.get_all(header::CONTENT_TYPE).iter();
    let (Some(content_type), None) = (types.next(), types.next()) else {
        return wrong("the body needs the header `content-type: application/json`, once".to_owned());
    };
    let Some(content_type) = content_type.to_str().ok().and_then(|text| text.parse::<mime::Mime>().ok()) else {
        return wrong("the content type cannot be read; send application/json".to_owned());
    };
    if content_type.essence_str() != "application/json" {
        return wrong(format!("{} is not understood; send application/json", content_type.essence_str()));
    }
    match content_type.get_param("charset") {
        Some(charset) if !is_utf8(charset.as_str()) => {
            wrong(format!("the charset {charset} is not understood; send utf-8"))
        }
        _ => Ok(()),
    }
}

fn is_utf8(charset: &str) -> bool {
    charset.eq_ignore_ascii_case("utf-8") || charset.eq_ignore_ascii_case("utf8")
}

#[cfg(test)]
mod tests {
    use axum::http::HeaderValue;

    use super::*;

    fn reply(accept: &str) -> Option<Reply> {
        let headers = HeaderMap::from_iter([(header::ACCEPT, HeaderValue::from_str(accept).unwrap())]);
        Reply::negotiate(&headers).ok()
    }

    #[test]
    fn the_type_that_is_liked_best_is_sent() {
        use MediaType::{GraphqlResponse, Json};
        for (accept, expected) in [
            ("application/graphql-response+json", Some(GraphqlResponse)),
            (
                "application/graphql-response+json; charset=utf-8, application/json; charset=utf-8",
                Some(GraphqlResponse),
            ),
            ("application/json, application/graphql-response+json", Some(GraphqlResponse)),
            ("application/json;q=0.9, application/graphql-response+json;q=0.8", Some(Json)),
            ("application/json;q=0.9, APPLICATION/GraphQL-response+JSON", Some(GraphqlResponse)),
            ("*/*", Some(Json)),
            ("application/*", Some(Json)),
            ("*/*, application/graphql-response+json;q=0.5", Some(Json)),
            ("application/json;q=0, */*", Some(GraphqlResponse)),
            ("application/json;q=0, application/graphql-response+json;q=0, */*", None),
            ("text/html, application/xhtml+xml, */*;q=0.8", Some(Json)),
            ("text/html", None),
            ("application/json; charset=latin1", None),
            ("application/json;q=2", None),
            ("", None),
        ] {
            assert_eq!(reply(accept), expected.map(Reply::Whole), "accept: {accept}");
        }
        assert_eq!(Reply::negotiate(&HeaderMap::new()).ok(), Some(Reply::Whole(Json)));
    }

    #[test]
    fn a_stream_is_sent_to_those_that_want_one() {
        use MediaType::{GraphqlResponse, Json};
        for (accept, expected) in [
            ("text/event-stream", Reply::EventStream),
            ("text/event-stream, multipart/mixed", Reply::EventStream),
            ("text/event-stream, */*;q=0.1", Reply::EventStream),
            ("application/json;q=0.9, text/event-stream", Reply::EventStream),
            ("application/graphql-response+json, application/json, text/event-stream", Reply::Whole(GraphqlResponse)),
            ("text/event-stream;q=0, */*", Reply::Whole(Json)),
            ("multipart/mixed;boundary=graphql;subscriptionSpec=1.0,application/json", Reply::Multipart(Json)),
            ("multipart/mixed;subscriptionSpec=\"1.0\"", Reply::Multipart(Json)),
            ("multipart/mixed;deferSpec=20220824, application/json", Reply::Whole(Json)),
        ] {
            assert_eq!(reply(accept), Some(expected), "accept: {accept}");
        }
        assert_eq!(reply("multipart/mixed;subscriptionSpec=2.0"), None);
    }

    #[test]
    fn a_body_is_json_in_utf_8_or_refused() {
        for (content_type, right) in [
            ("application/json", true),
            ("application/json; charset=UTF-8", true),
            ("Application/JSON;charset=\"utf-8\"", true),
            ("application/json; charset=utf-16", false),
            ("text/plain", false),
            ("application/x-www-form-urlencoded", false),
            ("multipart/form-data; boundary=x", false),
            ("application/graphql", false),
            ("json", false),
        ] {
            let headers = HeaderMap::from_iter([(header::CONTENT_TYPE, HeaderValue::from_static(content_type))]);
            assert_eq!(require_json(&headers).is_ok(), right, "content-type: {content_type}");
        }
        assert!(require_json(&HeaderMap::new()).is_err());
    }
}
