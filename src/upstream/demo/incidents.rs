//! Faults over time: when they begin, whom they hit, what is posted, how they end.

use chrono::{DateTime, TimeDelta, Utc};

use super::{
    catalog::{self, SERVICES},
    customers::Tenant,
    dice::Dice,
    posts::{self, Phase},
    stories::{AZURE_STORIES, AzureStory, STORIES, Story, What},
    subscriptions,
};
use crate::domain::{
    IncidentId, IncidentImpactId, PartnerId,
    change::Change,
    incident::{Classification, Incident, IncidentImpact, IncidentPost, Origin},
    product_family::ProductFamily,
    service_health::{HealthStatus, Source},
};

/// Open at the beginning, of all.
pub const OPEN: usize = 12;

const DAY: i64 = 1440;

/// One fault, as far as it has come.
#[derive(Clone)]
pub struct Fault {
    pub what: What,
    pub id: IncidentId,
    external_id: String,
    origin: Origin,
    pub started_at: DateTime<Utc>,
    ended_at: Option<DateTime<Utc>>,
    pub phase: Phase,
    is_high_impact: bool,
    is_interruption: bool,
    /// Customers by number.
    pub seen_by: Vec<usize>,
    regions: Vec<&'static str>,
    pub posts: Vec<IncidentPost>,
}

/// Everything that was wrong in the last sixty days: of the first [`OPEN`] some still are.
pub fn history(seed: u64, partner: PartnerId, tenants: &[Tenant], now: DateTime<Utc>) -> Vec<Fault> {
    let count = 40 + tenants.len() / 25;
    (0..count).map(|number| past(seed, partner, tenants, now, number)).collect()
}

fn past(seed: u64, partner: PartnerId, tenants: &[Tenant], now: DateTime<Utc>, number: usize) -> Fault {
    let mut dice = Dice::of(seed, "incident", number);
    let is_open = number < OPEN;
    // What is open is spread over the services, so that no light is red for everybody.
    let what = match number % 9 {
        4 => What::Azure(dice.pick(AZURE_STORIES)),
        _ if is_open => What::Service(&STORIES[(number * 5 + seed as usize % STORIES.len()) % STORIES.len()]),
        _ => What::Service(dice.pick(STORIES)),
    };
    let started_at = match (is_open, what.is_advisory()) {
        (true, false) => dice.minutes_before(now, 20 * 60, 45),
        (true, true) => dice.minutes_before(now, 6 * DAY, 120),
        (false, false) => dice.minutes_before(now, 60 * DAY, DAY),
        (false, true) => dice.minutes_before(now, 60 * DAY, 4 * DAY),
    };
    let mut fault = Fault::begin(&mut dice, partner, tenants, what, started_at, is_open);
    let phases = if is_open { Phase::still_open(&mut dice) } else { Phase::until_the_end(&mut dice) };
    let longest = if what.is_advisory() { 3 * DAY } else { 18 * 60 };
    let lasts = if is_open { (now - started_at).num_minutes() - 5 } else { dice.between(90, longest) };
    // Evenly, but not to the second.
    let step = (lasts / phases.len() as i64).max(2);
    for (index, phase) in phases.iter().enumerate() {
        let at = started_at + TimeDelta::seconds(index as i64 * step * 60 + dice.between(60, step * 60));
        fault.advance(*phase, at, TimeDelta::minutes(step.clamp(30, 12 * 60)));
    }
    fault
}

impl Fault {
    /// A fault of which nothing has been posted yet.
    pub fn begin(
        dice: &mut Dice,
        partner: PartnerId,
        tenants: &[Tenant],
        what: What,
        started_at: DateTime<Utc>,
        is_open: bool,
    ) -> Self {
        let external_id = match what {
            What::Service(story) => format!("{}{}", SERVICES[story.service].2, dice.between(1_000_000, 1_399_999)),
            What::Azure(_) => format!("{}-{}", dice.code(4), dice.code(3)),
        };
        let eligible: Vec<usize> = tenants.iter().filter(|tenant| what.can_hit(tenant)).map(|t| t.number).collect();
        // Open ones hit a few of many: most customers are fine at any time.
        let share = if is_open { dice.between(6, 22) } else { dice.between(8, 60) } as usize;
        let most = dice.between(150, 600) as usize;
        let count = (eligible.len() * share / 100).clamp(12, most);
        let regions = match what {
            What::Azure(_) if !tenants.is_empty() => {
                let mut regions: Vec<_> = (0..2).map(|_| dice.pick(tenants).name.region).collect();
                regions.sort_unstable();
                regions.dedup();
                regions
            }
            _ => Vec::new(),
        };
        Self {
            id: IncidentId::of(partner, what.source(), &external_id),
            what,
            external_id,
            origin: if dice.percent(8) { Origin::ThirdParty } else { Origin::Microsoft },
            started_at,
            ended_at: None,
            phase: Phase::Investigating,
            is_high_impact: dice.percent(20),
            is_interruption: !what.is_advisory() && dice.percent(25),
            seen_by: dice.some_of(&eligible, count),
            regions,
            posts: Vec::new(),
        }
    }

    /// Goes on to a phase, with a post about it.
    pub fn advance(&mut self, phase: Phase, at: DateTime<Utc>, until_next: TimeDelta) {
        self.phase = phase;
        if phase.is_end() {
            self.ended_at = self.ended_at.or(Some(at));
        }
        let post = posts::write(self.what, self.id, phase, self.posts.len(), at, at + until_next, self.started_at);
        self.posts.push(post);
    }

    pub fn is_open(&self) -> bool {
        !self.phase.is_end()
    }

    pub fn ended_at(&self) -> Option<DateTime<Utc>> {
        self.ended_at
    }

    pub fn modified_at(&self) -> DateTime<Utc> {
        self.posts.last().map_or(self.started_at, |post| post.created_at)
    }

    /// The state, as the service's overview shows it, too.
    pub fn status(&self) -> HealthStatus {
        match self.phase {
            Phase::Investigating => HealthStatus::Investigating,
            Phase::Degraded if self.is_interruption => HealthStatus::ServiceInterruption,
            Phase::Degraded => HealthStatus::ServiceDegradation,
            Phase::Restoring => HealthStatus::RestoringService,
            Phase::Verifying => HealthStatus::VerifyingService,
            Phase::Restored => HealthStatus::ServiceRestored,
            Phase::Reviewed => HealthStatus::PostIncidentReviewPublished,
        }
    }

    /// The fault with all its posts, as its upstream would tell it to all whom it hits.
    pub fn change(&self, seed: u64, partner: PartnerId, tenants: &[Tenant], now: DateTime<Utc>) -> Change {
        let (incident, azure_subscriptions) = match self.what {
            What::Service(story) => (self.graph(partner, story, now), Vec::new()),
            What::Azure(story) => {
                let hit =
                    self.seen_by.iter().flat_map(|number| subscriptions::entitlements(&tenants[*number], seed, now));
                (self.azure(partner, story, now), hit.map(|entitlement| entitlement.external_id).collect())
            }
        };
        Change::Incident {
            incident,
            posts: self.posts.clone(),
            impacts: self.impacts(),
            seen_by: self.seen_by.iter().map(|number| tenants[*number].id).collect(),
            azure_subscriptions,
        }
    }

    fn graph(&self, partner: PartnerId, story: &Story, now: DateTime<Utc>) -> Incident {
        let service = catalog::service(partner, story.service);
        let (classification, classification_text) = match story.is_advisory {
            true => (Classification::Advisory, "advisory"),
            false => (Classification::Incident, "incident"),
        };
        Incident {
            id: self.id,
            source: Source::MicrosoftGraph,
            external_id: self.external_id.clone(),
            title: story.title.to_owned(),
            impact: Some(format!("{}.", story.impact)),
            classification,
            classification_text: classification_text.to_owned(),
            origin: self.origin,
            status: self.status(),
            status_text: word(self.status()),
            level: None,
            service_id: Some(service.id),
            product_family: service.product_family,
            service_name: Some(service.name),
            feature: Some(story.feature.to_owned()),
            feature_group: Some(story.feature_group.to_owned()),
            started_at: Some(self.started_at),
            ended_at: self.ended_at,
            is_resolved: !self.is_open(),
            is_high_impact: Some(self.is_high_impact),
            modified_at: self.modified_at(),
            observed_at: now,
        }
    }

    fn azure(&self, partner: PartnerId, story: &AzureStory, now: DateTime<Utc>) -> Incident {
        let service = catalog::azure_service(partner, story.service);
        let is_fault = story.event_type == "ServiceIssue";
        let status = match (self.is_open(), is_fault, story.level) {
            (false, ..) => HealthStatus::Resolved,
            (true, true, "Critical") => HealthStatus::ServiceInterruption,
            (true, true, "Error" | "Warning") => HealthStatus::ServiceDegradation,
            _ => HealthStatus::Investigating,
        };
        Incident {
            id: self.id,
            source: Source::AzureResourceHealth,
            external_id: self.external_id.clone(),
            title: story.title.to_owned(),
            impact: Some(format!("{}.", story.impact)),
            classification: if is_fault { Classification::Incident } else { Classification::Advisory },
            classification_text: story.event_type.to_owned(),
            origin: Origin::Microsoft,
            status,
            status_text: if self.is_open() { "Active" } else { "Resolved" }.to_owned(),
            level: Some(story.level.to_owned()),
            service_id: Some(service.id),
            service_name: Some(service.name),
            product_family: ProductFamily::Azure,
            feature: None,
            feature_group: None,
            started_at: Some(self.started_at),
            ended_at: self.ended_at,
            is_resolved: !self.is_open(),
            is_high_impact: None,
            modified_at: self.modified_at(),
            observed_at: now,
        }
    }

    fn impacts(&self) -> Vec<IncidentImpact> {
        let What::Azure(story) = self.what else { return Vec::new() };
        let status = if self.is_open() { "Active" } else { "Resolved" };
        let impact = |region: &&str| IncidentImpact {
            id: IncidentImpactId::of(self.id, story.service, region),
            incident_id: self.id,
            service_name: story.service.to_owned(),
            region: (*region).to_owned(),
            status_text: Some(status.to_owned()),
            updated_at: Some(self.modified_at()),
        };
        self.regions.iter().map(impact).collect()
    }
}

/// Graph's word for a status.
pub fn word(status: HealthStatus) -> String {
    let word: &str = status.into();
    let mut parts = word.split('_').map(str::to_lowercase);
    let first = parts.next().unwrap_or_default();
    parts.fold(first, |word, part| word + &part[..1].to_uppercase() + &part[1..])
}
