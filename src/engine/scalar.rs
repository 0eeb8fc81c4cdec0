//! The custom scalars of the schema.

use async_graphql::{InputValueError, InputValueResult, Scalar, ScalarType, Value};

/// A moment in UTC, RFC 3339 with `Z`, e.g. `2026-11-22T14:00:00Z`. Parts of a second appear only if there are any. As
/// input any offset is understood.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct DateTime(pub chrono::DateTime<chrono::Utc>);

/// A moment in UTC, RFC 3339 with `Z`, e.g. `2026-11-22T14:00:00Z`. Parts of a second appear only if there are any. As
/// input any offset is understood.
#[Scalar(specified_by_url = "https://scalars.graphql.org/andimarek/date-time")]
impl ScalarType for DateTime {
    fn parse(value: Value) -> InputValueResult<Self> {
        let Value::String(text) = &value else { return Err(InputValueError::expected_type(value)) };
        match chrono::DateTime::parse_from_rfc3339(text) {
            Ok(at) => Ok(Self(at.to_utc())),
            Err(_) => {
                Err(InputValueError::custom(format!("{text:?} is not a moment; write it like 2026-11-22T14:00:00Z")))
            }
        }
    }

    fn to_value(&self) -> Value {
        Value::String(self.0.to_rfc3339())
    }
}

/// A day without a time zone, ISO 8601, e.g. `2026-11-22`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Date(pub chrono::NaiveDate);

/// A day without a time zone, ISO 8601, e.g. `2026-11-22`.
#[Scalar(specified_by_url = "https://scalars.graphql.org/andimarek/local-date")]
impl ScalarType for Date {
    fn parse(value: Value) -> InputValueResult<Self> {
        let Value::String(text) = &value else { return Err(InputValueError::expected_type(value)) };
        match text.parse() {
            // Four digits for the year and two for month and day: nothing else is ordered alike as a text.
            Ok(day) if text.len() == 10 => Ok(Self(day)),
            _ => Err(InputValueError::custom(format!("{text:?} is not a day; write it like 2026-11-22"))),
        }
    }

    fn to_value(&self) -> Value {
        Value::String(self.0.to_string())
    }
}

/// A span of time as Microsoft writes it, ISO 8601, e.g. `P1Y` or `P1M`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Duration(pub String);

/// A span of time as Microsoft writes it, ISO 8601, e.g. `P1Y` or `P1M`.
#[Scalar(specified_by_url = "https://www.rfc-editor.org/rfc/rfc3339#appendix-A")]
impl ScalarType for Duration {
    fn parse(value: Value) -> InputValueResult<Self> {
        match value {
            Value::String(text) if text.starts_with('P') => Ok(Self(text)),
            other => Err(InputValueError::expected_type(other)),
        }
    }

    fn to_value(&self) -> Value {
        Value::String(self.0.clone())
    }
}
