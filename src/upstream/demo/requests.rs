//! Tickets of the partner to Microsoft.

use chrono::{DateTime, TimeDelta, Utc};

use super::{customers::Tenant, dice::Dice, incidents::Fault, partner::PEOPLE, stories::What, subscriptions};
use crate::domain::{
    PartnerId, ServiceRequestId, ServiceRequestNoteId,
    change::Change,
    product_family::ProductFamily,
    service_health::Source,
    service_request::{ServiceRequest, ServiceRequestNote, ServiceRequestStatus, Severity},
};

/// Title, description, topic, for a family of products.
type Story = (ProductFamily, &'static str, &'static str, &'static str);

#[rustfmt::skip]
const STORIES: &[Story] = &[
    (ProductFamily::Microsoft365, "Shared mailbox does not open in Outlook", "Two users see a prompt for a password again and again. Other mailboxes work.", "Exchange Online"),
    (ProductFamily::Microsoft365, "Files are locked by a user who has left", "The user was deleted last month, and the documents cannot be edited by anybody.", "SharePoint Online"),
    (ProductFamily::Microsoft365, "Calls to one country fail from Teams", "Calls to numbers in one country end with a busy tone; from mobiles they work.", "Microsoft Teams"),
    (ProductFamily::Microsoft365, "Licences are assigned, but apps stay unlicensed", "Users were moved to another plan yesterday. Desktop apps still show the old one.", "Microsoft 365 subscriptions"),
    (ProductFamily::Microsoft365, "Mail from one sender always goes to quarantine", "The sender is on the allow list. Headers are attached.", "Exchange Online"),
    (ProductFamily::Azure, "Quota for a size of virtual machines is too low", "We need 64 more cores in the region for a launch next week.", "Azure quota"),
    (ProductFamily::Azure, "Backups of a database fail since the weekend", "The job ends with an internal error. Nothing was changed on our side.", "Azure SQL Database"),
    (ProductFamily::Azure, "Private endpoint cannot be reached from on-premises", "Names resolve, connections time out. The route tables are attached.", "Azure networking"),
    (ProductFamily::Dynamics365, "Posting of an invoice ends with an error", "The error names a dimension that is not used by this company.", "Dynamics 365"),
    (ProductFamily::Dynamics365, "Mails are not tracked against cases", "Mailboxes are approved and tested. Nothing has arrived for two days.", "Dynamics 365"),
    (ProductFamily::PowerPlatform, "Scheduled refresh fails with a gateway error", "The gateway is of the current version and shows as online.", "Power BI"),
    (ProductFamily::PowerPlatform, "Flow is switched off by itself", "The flow was turned off three times without a message.", "Power Automate"),
    (ProductFamily::SecurityMobility, "Devices show as not compliant after an update", "About a third of all laptops since Tuesday. The policy was not changed.", "Microsoft Intune"),
    (ProductFamily::SecurityMobility, "Users are asked for a second factor in the office", "The address of the office is a trusted location.", "Microsoft Entra"),
    (ProductFamily::Software, "Activation of servers reaches its limit", "The count of activations was used up by rebuilt machines.", "Windows Server"),
    (ProductFamily::Microsoft365, "Invoice shows seats that were removed", "Seats were reduced within the cancellation window, and the invoice still lists them.", "Billing"),
];

#[rustfmt::skip]
const ANSWERS: &[&str] = &[
    "Thank you for the details. I have passed them on to the product team.",
    "Please send the correlation id and the time of the last failure.",
    "We can reproduce this in our lab and work on it.",
    "A change was made in the tenant. Please try again and tell us.",
    "Could we meet tomorrow to look at it together?",
];

#[rustfmt::skip]
const REPLIES: &[&str] = &[
    "The customer reports that it still fails.", "Logs are attached.", "It works for some users since this morning.",
    "The customer asks for a date.", "Tested with another account: the same.",
];

const SUPPORT: &str = "Microsoft Support";

/// A request with its notes.
#[derive(Clone)]
pub struct Request {
    pub request: ServiceRequest,
    pub notes: Vec<ServiceRequestNote>,
}

impl Request {
    pub fn change(&self, now: DateTime<Utc>) -> Change {
        Change::ServiceRequest {
            request: ServiceRequest { observed_at: now, ..self.request.clone() },
            notes: self.notes.clone(),
        }
    }

    /// Adds a note, and goes on to a status.
    pub fn note(&mut self, dice: &mut Dice, at: DateTime<Utc>, status: ServiceRequestStatus) {
        let by_support = status != ServiceRequestStatus::Open;
        let text = match (status, by_support) {
            (ServiceRequestStatus::Closed, _) => "The customer confirms that it works. The request is closed.",
            (_, true) => *dice.pick(ANSWERS),
            (_, false) => *dice.pick(REPLIES),
        };
        let author = if by_support { SUPPORT } else { self.request.contact_name.as_deref().unwrap_or(SUPPORT) };
        let id = ServiceRequestNoteId::of(self.request.id, Some(at), Some(author), text);
        self.notes.push(ServiceRequestNote {
            id,
            service_request_id: self.request.id,
            created_at: Some(at),
            author: Some(author.to_owned()),
            text: text.to_owned(),
        });
        self.request.modified_at = Some(at);
        self.stand(status);
        self.request.closed_at = (status == ServiceRequestStatus::Closed).then_some(at);
    }

    fn stand(&mut self, status: ServiceRequestStatus) {
        let word: &str = status.into();
        self.request.status = status;
        self.request.status_text = word.to_lowercase();
    }
}

/// The requests of a customer, oldest first: about three for two customers.
pub fn of_customer(
    tenant: &Tenant,
    seed: u64,
    partner: PartnerId,
    faults: &[&Fault],
    now: DateTime<Utc>,
) -> Vec<Request> {
    let mut dice = Dice::of(seed, "requests", tenant.number);
    let count = [0, 0, 1, 1, 1, 2, 2, 2, 3, 3][dice.below(10)];
    let mut requests: Vec<Request> = (0..count)
        .map(|_| match faults {
            [_, ..] if dice.percent(30) => {
                let fault = *dice.pick(faults);
                about_fault(tenant, seed, partner, fault, &mut dice, now)
            }
            _ => {
                let created_at = dice.minutes_before(now, 120 * 1440, 180);
                let mut request = open(tenant, seed, partner, &mut dice, created_at);
                grow(&mut request, &mut dice, created_at, now);
                request
            }
        })
        .collect();
    requests.sort_by_key(|request| request.request.created_at);
    requests
}

/// A request that somebody filed when the fault had begun.
fn about_fault(
    tenant: &Tenant,
    seed: u64,
    partner: PartnerId,
    fault: &Fault,
    dice: &mut Dice,
    now: DateTime<Utc>,
) -> Request {
    let until = fault.ended_at().unwrap_or(now);
    let created_at = fault.started_at + TimeDelta::seconds(dice.between(300, (until - fault.started_at).num_seconds()));
    let mut request = open(tenant, seed, partner, dice, created_at.min(now));
    request.request.incident_id = Some(fault.id);
    request.request.title = match fault.what {
        What::Service(story) => format!("{} fails for several users", story.feature),
        What::Azure(story) => format!("{} not available", story.service),
    };
    request.request.description =
        format!("Since {} the customer sees this: {}.", created_at.format("%H:%M UTC"), fault.what.impact());
    request.request.severity = Severity::Critical;
    request.request.severity_text = "critical".to_owned();
    grow(&mut request, dice, created_at.min(now), now);
    if fault.is_open() && request.request.status == ServiceRequestStatus::Closed {
        request.stand(ServiceRequestStatus::Open);
        request.request.closed_at = None;
    }
    request
}

/// A new request of a customer about something that it has.
pub fn open(tenant: &Tenant, seed: u64, partner: PartnerId, dice: &mut Dice, created_at: DateTime<Utc>) -> Request {
    let families = tenant.bought.iter().map(|bought| bought.offer.family().0);
    let families: Vec<ProductFamily> = families.filter(|family| *family != ProductFamily::ThirdParty).collect();
    let family = *dice.pick(&families);
    let stories: Vec<&Story> = STORIES.iter().filter(|story| story.0 == family).collect();
    let (_, title, description, topic) = **dice.pick(&stories);
    let index = tenant.bought.iter().position(|bought| bought.offer.family().0 == family);
    let index = index.filter(|_| dice.percent(70));
    let person = *dice.pick(PEOPLE);
    let (severity, severity_text) = *dice.pick(&[
        (Severity::Minimal, "minimal"),
        (Severity::Moderate, "moderate"),
        (Severity::Moderate, "moderate"),
        (Severity::Critical, "critical"),
    ]);
    let external_id = format!("{}{:08}", created_at.format("%y%m%d"), dice.between(0, 99_999_999));
    let request = ServiceRequest {
        id: ServiceRequestId::of(partner, &external_id),
        source: Source::PartnerCenter,
        external_id: Some(external_id),
        customer_id: Some(tenant.id),
        subscription_id: index.map(|index| subscriptions::subscription_id(tenant, seed, index)),
        incident_id: None,
        title: title.to_owned(),
        description: description.to_owned(),
        severity,
        severity_text: severity_text.to_owned(),
        status: ServiceRequestStatus::Open,
        status_text: "open".to_owned(),
        topic: Some(topic.to_owned()),
        product_name: index.map(|index| tenant.bought[index].offer.name.to_owned()),
        contact_name: Some(person.to_owned()),
        contact_email: Some(format!("{}@northwindcloud.example", person.to_lowercase().replace(' ', "."))),
        contact_phone: Some("+47 5550 1234".to_owned()),
        country: Some(tenant.name.country.to_owned()),
        created_at: Some(created_at),
        modified_at: Some(created_at),
        closed_at: None,
        observed_at: created_at,
        version: 0,
    };
    Request { request, notes: Vec::new() }
}

/// Lets time pass until `now`: notes come, and most requests are closed in the end.
fn grow(request: &mut Request, dice: &mut Dice, created_at: DateTime<Utc>, now: DateTime<Utc>) {
    let mut at = created_at;
    let age = (now - created_at).num_minutes();
    let closes = age > 2 * 1440 && dice.percent(if age > 20 * 1440 { 92 } else { 55 });
    for turn in 0..dice.between(0, 4) {
        at += TimeDelta::minutes(dice.between(20, (age / 8).max(21)));
        if at >= now {
            return;
        }
        let attention = ServiceRequestStatus::AttentionNeeded;
        request.note(dice, at, if turn % 2 == 0 { attention } else { ServiceRequestStatus::Open });
    }
    if closes {
        at = (at + TimeDelta::minutes(dice.between(60, 1440))).min(now);
        request.note(dice, at, ServiceRequestStatus::Closed);
    } else if request.notes.is_empty() && age < 60 {
        request.stand(ServiceRequestStatus::None);
    }
}
