//! What is done with service requests here, and when it may be done.

use chrono::{DateTime, TimeDelta, Utc};
use serde::Serialize;

use super::{
    CustomerId, Error, IncidentId, Result, ServiceRequestId, ServiceRequestNoteId, SubscriptionId,
    service_health::Source,
    service_request::{ServiceRequest, ServiceRequestNote, ServiceRequestStatus, Severity},
};

/// Characters of a title, a name, a number.
const MOST_IN_LINE: usize = 250;

/// Characters of a description or a note.
const MOST_IN_TEXT: usize = 10_000;

/// What somebody says of a request that is to be opened.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Filing {
    /// None when it concerns the partner itself.
    pub customer_id: Option<CustomerId>,
    pub subscription_id: Option<SubscriptionId>,
    pub incident_id: Option<IncidentId>,
    pub title: String,
    pub description: String,
    pub severity: Severity,
    pub product_name: Option<String>,
    pub contact_name: Option<String>,
    pub contact_email: Option<String>,
    pub contact_phone: Option<String>,
}

impl ServiceRequest {
    /// A request that somebody opens here. Nobody has told Microsoft of it yet, so nobody has to act.
    ///
    /// # Errors
    ///
    /// [`Error::Invalid`] for a text that is missing or too long, and without a severity.
    pub fn open(id: ServiceRequestId, filing: Filing, at: DateTime<Utc>) -> Result<Self> {
        if filing.severity == Severity::Unknown {
            return Err(Error::invalid("severity", "choose how bad it is: CRITICAL, MODERATE or MINIMAL"));
        }
        let contact_email = optional_text("contactEmail", filing.contact_email)?;
        if contact_email.as_ref().is_some_and(|email| !email.contains('@')) {
            return Err(Error::invalid("contactEmail", "this is no address; one looks like name@partner.example"));
        }
        Ok(Self {
            id,
            source: Source::Entered,
            external_id: None,
            customer_id: filing.customer_id,
            subscription_id: filing.subscription_id,
            incident_id: filing.incident_id,
            title: required_text("title", &filing.title, MOST_IN_LINE)?,
            description: required_text("description", &filing.description, MOST_IN_TEXT)?,
            severity: filing.severity,
            severity_text: spelt(filing.severity),
            status: ServiceRequestStatus::None,
            status_text: spelt(ServiceRequestStatus::None),
            topic: None,
            product_name: optional_text("productName", filing.product_name)?,
            contact_name: optional_text("contactName", filing.contact_name)?,
            contact_email,
            contact_phone: optional_text("contactPhone", filing.contact_phone)?,
            country: None,
            created_at: Some(at),
            modified_at: None,
            closed_at: None,
            observed_at: at,
            version: 0,
        })
    }

    /// Refuses if it is not as somebody saw it last, who may therefore decide on what is no longer true.
    ///
    /// # Errors
    ///
    /// [`Error::Conflict`] of the input `expectedVersion`.
    pub fn expect_version(&self, expected: Option<i64>) -> Result<()> {
        if let Some(expected) = expected.filter(|expected| *expected != self.version) {
            let present = self.version;
            let reason =
                format!("the request is at version {present} and not at {expected}; look at it and decide again");
            return Err(Error::Conflict(reason).of_input("expectedVersion"));
        }
        Ok(())
    }

    /// Closes it.
    ///
    /// # Errors
    ///
    /// [`Error::Conflict`] if it is closed.
    pub fn close(&mut self, at: DateTime<Utc>) -> Result<()> {
        if !self.status.leads_to(ServiceRequestStatus::Closed) {
            return Err(Error::Conflict("the request is closed already".to_owned()));
        }
        self.status = ServiceRequestStatus::Closed;
        self.status_text = spelt(ServiceRequestStatus::Closed);
        self.closed_at = Some(at);
        // Later than all that Microsoft has said of it, whose clock may be ahead of ours.
        let before = self.modified_at.map(|before| before + TimeDelta::microseconds(1));
        self.modified_at = before.max(Some(at));
        self.observed_at = self.observed_at.max(at);
        Ok(())
    }
}

impl ServiceRequestNote {
    /// What `author` writes here on a request, whatever its status: on a closed one it tells what came of it.
    ///
    /// # Errors
    ///
    /// [`Error::Invalid`] if the text is empty or too long.
    pub fn write(
        id: ServiceRequestNoteId,
        request: ServiceRequestId,
        author: &str,
        text: &str,
        at: DateTime<Utc>,
    ) -> Result<Self> {
        let text = required_text("text", text, MOST_IN_TEXT)?;
        Ok(Self { id, service_request_id: request, created_at: Some(at), author: Some(author.to_owned()), text })
    }
}

impl ServiceRequestStatus {
    /// Whether a request may go on from here to `next`. What Microsoft tells is recorded even if it may not.
    fn leads_to(self, next: Self) -> bool {
        match next {
            Self::Open => self != Self::Open,
            Self::AttentionNeeded => self == Self::Open,
            Self::Closed => self.is_open(),
            Self::None | Self::Unknown => false,
        }
    }
}

/// A word as Microsoft writes it.
fn spelt(word: impl Into<&'static str>) -> String {
    word.into().to_lowercase()
}

/// A text without blanks around it, of 1 to `most` characters.
fn required_text(input: &'static str, text: &str, most: usize) -> Result<String> {
    let text = text.trim();
    let length = text.chars().count();
    if length == 0 {
        return Err(Error::invalid(input, "this is empty; write something"));
    }
    if length > most {
        return Err(Error::invalid(input, format!("{length} characters are too many, at most {most} are allowed")));
    }
    if text.contains('\0') {
        return Err(Error::invalid(input, "a null byte cannot be stored; leave it out"));
    }
    Ok(text.to_owned())
}

/// The same for one line that need not be there; an empty one is none.
fn optional_text(input: &'static str, text: Option<String>) -> Result<Option<String>> {
    match text.filter(|text| !text.trim().is_empty()) {
        Some(text) => required_text(input, &text, MOST_IN_LINE).map(Some),
        None => Ok(None),
    }
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;

    fn at(hour: i64) -> DateTime<Utc> {
        DateTime::UNIX_EPOCH + TimeDelta::hours(hour)
    }

    fn filing() -> Filing {
        Filing {
            customer_id: None,
            subscription_id: None,
            incident_id: None,
            title: "Mail is slow".to_owned(),
            description: "Since yesterday.".to_owned(),
            severity: Severity::Minimal,
            product_name: None,
            contact_name: None,
            contact_email: None,
            contact_phone: None,
        }
    }

    fn opened(hour: i64) -> ServiceRequest {
        ServiceRequest::open(Uuid::nil().into(), filing(), at(hour)).unwrap()
    }

    #[test]
    fn a_request_goes_on_only_to_where_its_status_leads() {
        use ServiceRequestStatus::{AttentionNeeded, Closed, None, Open, Unknown};
        for (status, next) in [
            (None, vec![Open, Closed]),
            (Open, vec![AttentionNeeded, Closed]),
            (AttentionNeeded, vec![Open, Closed]),
            (Closed, vec![Open]),
            (Unknown, vec![Open, Closed]),
        ] {
            let all = [None, Open, AttentionNeeded, Closed, Unknown];
            let leads_to: Vec<_> = all.into_iter().filter(|next| status.leads_to(*next)).collect();
            assert_eq!(leads_to, next, "{status:?}");
        }
    }

    #[test]
    fn a_closed_request_cannot_be_closed_again() {
        let mut request = opened(8);
        request.close(at(9)).unwrap();
        assert!(matches!(request.close(at(10)), Err(Error::Conflict(_))));
        assert_eq!((request.status, request.closed_at), (ServiceRequestStatus::Closed, Some(at(9))));
    }

    #[test]
    fn closing_is_the_latest_change_even_if_microsofts_clock_is_ahead() {
        let mut request = ServiceRequest { modified_at: Some(at(12)), observed_at: at(11), ..opened(8) };
        request.close(at(9)).unwrap();
        assert!(request.modified_at > Some(at(12)));
        assert_eq!(request.observed_at, at(11));
    }

    #[test]
    fn characters_of_a_text_are_counted_without_blanks_around_it() {
        let with_title = |title: String| ServiceRequest::open(Uuid::nil().into(), Filing { title, ..filing() }, at(8));
        assert_eq!(with_title(format!(" {} ", "ü".repeat(250))).unwrap().title, "ü".repeat(250));
        assert!(matches!(with_title("ü".repeat(251)), Err(Error::Invalid { field, .. }) if field == "title"));
    }
}
