//! Times and days as Microsoft writes them.

use chrono::{DateTime, FixedOffset, NaiveDate, NaiveDateTime, NaiveTime, Utc};
use serde::{Deserialize, Deserializer, de::Error};

/// A moment, or nothing where upstream says "never": years 1 and 9999. To the microsecond.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Time(pub Option<DateTime<Utc>>);

impl<'de> Deserialize<'de> for Time {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        read_time(&text).map(Self).ok_or_else(|| D::Error::custom(format!("`{text}` is not a time")))
    }
}

/// A day as it is written, whatever the time and zone beside it; nothing where upstream says "never".
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Day(pub Option<NaiveDate>);

impl<'de> Deserialize<'de> for Day {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        if text.is_empty() {
            return Ok(Self(None));
        }
        match read_time(&text).and_then(|_| day_of(&text)) {
            Some(day) => Ok(Self(Some(day).filter(|day| !is_never(*day)))),
            None => Err(D::Error::custom(format!("`{text}` is not a day"))),
        }
    }
}

/// Reads a time: with zone or without (then UTC), 0 to 9 fraction digits, blanks inside, or a date alone. `Some(None)`
/// for "never" and for blank text; `None` for what is no time.
pub fn read_time(text: &str) -> Option<Option<DateTime<Utc>>> {
    let text = text.trim();
    if text.is_empty() {
        return Some(None);
    }
    let day = day_of(text)?;
    let rest: String = text.get(10..)?.chars().filter(|c| !c.is_whitespace()).collect();
    let rest = rest.strip_prefix(['T', 't']).unwrap_or(&rest);
    let (time, offset) = match rest.find(['Z', 'z', '+', '-']) {
        Some(at) => (&rest[..at], offset(&rest[at..])?),
        None => (rest, FixedOffset::east_opt(0)?),
    };
    let time = match time {
        "" => NaiveTime::MIN,
        time => {
            NaiveTime::parse_from_str(time, "%H:%M:%S%.f").or_else(|_| NaiveTime::parse_from_str(time, "%H:%M")).ok()?
        }
    };
    if is_never(day) {
        return Some(None);
    }
    let utc = NaiveDateTime::new(day, time).checked_sub_offset(offset)?.and_utc();
    Some(DateTime::from_timestamp_micros(utc.timestamp_micros()))
}

/// The day that a date or time begins with.
pub fn day_of(text: &str) -> Option<NaiveDate> {
    NaiveDate::parse_from_str(text.trim().get(..10)?, "%Y-%m-%d").ok()
}

fn is_never(day: NaiveDate) -> bool {
    use chrono::Datelike;
    matches!(day.year(), 1 | 9999)
}

/// `Z`, `+00:00` or `-0700`.
fn offset(text: &str) -> Option<FixedOffset> {
    if text.eq_ignore_ascii_case("z") {
        return FixedOffset::east_opt(0);
    }
    let digits = text.get(1..)?.replace(':', "");
    let (hours, minutes) = (digits.get(..2)?.parse::<i32>().ok()?, digits.get(2..).filter(|m| !m.is_empty()));
    let minutes = minutes.map_or(Some(0), |minutes| minutes.parse::<i32>().ok())?;
    let seconds = (hours * 60 + minutes) * 60;
    FixedOffset::east_opt(if text.starts_with('-') { -seconds } else { seconds })
}

#[cfg(test)]
mod tests {
    use serde::de::value::{Error as ValueError, StrDeserializer};

    use super::*;

    fn time(text: &str) -> Option<String> {
        let read: Result<Time, ValueError> = Time::deserialize(StrDeserializer::new(text));
        read.unwrap().0.map(|at| at.to_rfc3339_opts(chrono::SecondsFormat::AutoSi, true))
    }

    fn day(text: &str) -> Option<String> {
        let read: Result<Day, ValueError> = Day::deserialize(StrDeserializer::new(text));
        read.unwrap().0.map(|day| day.to_string())
    }

    #[test]
    fn times_come_with_any_zone_or_none() {
        assert_eq!(time("2016-12-22T20:31:17Z").as_deref(), Some("2016-12-22T20:31:17Z"));
        assert_eq!(time("2018-02-17T00:05:39+00:00").as_deref(), Some("2018-02-17T00:05:39Z"));
        assert_eq!(time("2017-06-15T15:56:04.077-07:00").as_deref(), Some("2017-06-15T22:56:04.077Z"));
        assert_eq!(time("2017-01-09T23:31:15.373").as_deref(), Some("2017-01-09T23:31:15.373Z"));
        assert_eq!(time("2020-09-02").as_deref(), Some("2020-09-02T00:00:00Z"));
    }

    #[test]
    fn fractions_are_cut_to_the_microsecond() {
        assert_eq!(time("2021-10-15T21:28:19.3058617Z").as_deref(), Some("2021-10-15T21:28:19.305861Z"));
        assert_eq!(time("2021-10-15T21:28:19.3Z").as_deref(), Some("2021-10-15T21:28:19.300Z"));
    }

    #[test]
    fn blanks_inside_a_time_do_no_harm() {
        assert_eq!(time("2016-01-09 02:02:12Z").as_deref(), Some("2016-01-09T02:02:12Z"));
        assert_eq!(time(" 2019-08-01T 00: 00:00 Z").as_deref(), Some("2019-08-01T00:00:00Z"));
    }

    #[test]
    fn years_1_and_9999_mean_never() {
        assert_eq!(time("0001-01-01T00:00:00"), None);
        assert_eq!(time("9999-12-31T23:59:59Z"), None);
        assert_eq!(day("9999-12-10T00:00:00Z"), None);
    }

    #[test]
    fn a_day_is_the_one_that_is_written() {
        assert_eq!(day("2024-10-14T00:00:00Z").as_deref(), Some("2024-10-14"));
        assert_eq!(day("2024-10-14T23:59:59-08:00").as_deref(), Some("2024-10-14"));
    }

    #[test]
    fn what_is_no_time_says_so() {
        for text in ["soon", "2021-13-01T00:00:00Z", "2021-01-01T25:00:00Z", "6/1/2017 12:00:00 AM"] {
            let read: Result<Time, ValueError> = Time::deserialize(StrDeserializer::new(text));
            assert_eq!(read.unwrap_err().to_string(), format!("`{text}` is not a time"));
        }
    }
}
