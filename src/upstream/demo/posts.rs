//! What is posted about a fault, phase by phase.

use chrono::{DateTime, TimeDelta, Utc};

use super::{dice::Dice, stories::What};
use crate::domain::{IncidentId, IncidentPostId, incident::IncidentPost};

/// How far a fault has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Phase {
    Investigating,
    Degraded,
    Restoring,
    Verifying,
    Restored,
    Reviewed,
}

impl Phase {
    pub fn is_end(self) -> bool {
        matches!(self, Self::Restored | Self::Reviewed)
    }

    /// What follows, most of the time.
    pub fn next(self) -> Self {
        match self {
            Self::Investigating => Self::Degraded,
            Self::Degraded => Self::Restoring,
            Self::Restoring => Self::Verifying,
            Self::Verifying => Self::Restored,
            Self::Restored | Self::Reviewed => Self::Reviewed,
        }
    }

    /// The phases of a fault that is over, one for each post.
    pub fn until_the_end(dice: &mut Dice) -> Vec<Self> {
        let mut phases = Self::middle(dice, 4);
        phases.push(Self::Restored);
        if dice.percent(20) {
            phases.push(Self::Reviewed);
        }
        phases
    }

    /// The phases of a fault that goes on.
    pub fn still_open(dice: &mut Dice) -> Vec<Self> {
        let mut phases = Self::middle(dice, 4);
        if dice.percent(40) {
            let keep = dice.between(1, phases.len() as i64) as usize;
            phases.truncate(keep);
        }
        phases
    }

    fn middle(dice: &mut Dice, most: i64) -> Vec<Self> {
        let mut phases = vec![Self::Investigating];
        let updates = dice.between(1, most);
        phases.extend((0..updates).map(|_| Self::Degraded));
        if dice.percent(70) {
            phases.push(Self::Restoring);
        }
        if dice.percent(25) {
            phases.push(Self::Verifying);
        }
        phases
    }
}

/// The text is given as HTML, as Graph does.
pub fn write(
    what: What,
    incident_id: IncidentId,
    phase: Phase,
    number: usize,
    created_at: DateTime<Utc>,
    next_at: DateTime<Utc>,
    started_at: DateTime<Utc>,
) -> IncidentPost {
    let status = current_status(what, phase, number);
    let mut parts = vec![
        ("Title", what.title().to_owned()),
        ("User impact", format!("{}.", what.impact())),
        ("Current status", status),
    ];
    match phase {
        Phase::Restored | Phase::Reviewed => {
            parts.push(("Start time", moment(started_at)));
            parts.push(("End time", moment(created_at)));
            parts.push(("Root cause", format!("We found that {}.", cause(what))));
        }
        _ => parts.push(("Next update by", moment(round_up(next_at)))),
    }
    let content: String = parts.iter().map(|(name, text)| format!("<p><b>{name}:</b> {text}</p>")).collect();
    IncidentPost {
        id: IncidentPostId::of(incident_id, created_at, &content),
        incident_id,
        created_at,
        post_type: if phase == Phase::Investigating && number == 0 { "quick" } else { "regular" }.to_owned(),
        content,
    }
}

fn current_status(what: What, phase: Phase, number: usize) -> String {
    let (cause, mending) = (cause(what), mending(what));
    match (phase, number) {
        (Phase::Investigating, 0) => {
            "We have reports of this problem and are looking into them. We will tell what we find.".to_owned()
        }
        (Phase::Investigating, _) => "We are going through logs of affected tenants to find where it fails.".to_owned(),
        (Phase::Degraded, 0 | 1) => format!("We have found that {cause}. We are {mending} to bring the service back."),
        (Phase::Degraded, 2) => format!("We go on {mending}. The first tenants report that it works for them again."),
        (Phase::Degraded, 3) => format!("About half of the affected infrastructure is done. We go on {mending}."),
        (Phase::Degraded, _) => {
            "It takes longer than we had expected, as some of the infrastructure needs to be done by hand.".to_owned()
        }
        (Phase::Restoring, _) => {
            format!("We have finished {mending}. The service is coming back, and most users should notice by now.")
        }
        (Phase::Verifying, _) => "The errors have gone from our telemetry. We watch it to be sure.".to_owned(),
        (Phase::Restored, _) => {
            format!("By {mending} we have solved this problem. Some users may have to sign in again.")
        }
        (Phase::Reviewed, _) => {
            "The review of this event is published: what happened, why, and what we do so that it does not return."
                .to_owned()
        }
    }
}

fn cause(what: What) -> &'static str {
    match what {
        What::Service(story) => story.cause,
        What::Azure(story) => story.cause,
    }
}

fn mending(what: What) -> &'static str {
    match what {
        What::Service(story) => story.mending,
        What::Azure(story) => story.mending,
    }
}

fn moment(at: DateTime<Utc>) -> String {
    at.format("%A, %B %-d, %Y, at %H:%M UTC").to_string()
}

/// Promises are made for half hours.
fn round_up(at: DateTime<Utc>) -> DateTime<Utc> {
    let over = at.timestamp().rem_euclid(1800);
    at + TimeDelta::seconds(if over == 0 { 0 } else { 1800 - over })
}
