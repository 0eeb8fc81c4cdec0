//! Texts of announcements, made fit for a browser.

use std::borrow::Cow;

/// HTML without scripts, event handlers and the like.
pub fn clean(html: &str) -> String {
    ammonia::clean(html)
}

/// A text of the given content type as harmless HTML: `html` is cleaned, plain text escaped.
pub fn of_content_type(content: &str, content_type: Option<&str>) -> String {
    match content_type {
        Some(kind) if kind.eq_ignore_ascii_case("text") => escape(content).into_owned(),
        _ => clean(content),
    }
}

fn escape(text: &str) -> Cow<'_, str> {
    if !text.contains(['<', '>', '&']) {
        return Cow::Borrowed(text);
    }
    Cow::Owned(text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scripts_and_handlers_are_removed() {
        let html = r#"<p onclick="x()">Down<script>alert(1)</script> <a href="javascript:x()">more</a></p>"#;
        let clean = of_content_type(html, Some("Html"));
        assert!(clean.starts_with("<p>Down "), "{clean}");
        assert!(!clean.contains("script") && !clean.contains("onclick"), "{clean}");
    }

    #[test]
    fn plain_text_keeps_its_angle_brackets_as_text() {
        assert_eq!(of_content_type("use <name> & wait", Some("Text")), "use &lt;name&gt; &amp; wait");
    }
}
