//! Announcements of the message center.

use chrono::{DateTime, TimeDelta, Utc};

use super::{catalog::*, customers::Tenant, dice::Dice};
use crate::domain::{
    MessageId, PartnerId,
    change::Change,
    message::{Message, MessageCategory, MessageSeverity},
};

struct Story {
    service: ServiceIndex,
    title: &'static str,
    body: &'static str,
    category: (MessageCategory, &'static str),
    /// Days from now on in which something has to be done; before now it has passed.
    act_within_days: Option<i64>,
    tags: &'static [&'static str],
}

const INFORMED: (MessageCategory, &str) = (MessageCategory::StayInformed, "stayInformed");
const PLAN: (MessageCategory, &str) = (MessageCategory::PlanForChange, "planForChange");
const PREVENT: (MessageCategory, &str) = (MessageCategory::PreventOrFixIssue, "preventOrFixIssue");

const fn story(
    service: ServiceIndex,
    title: &'static str,
    body: &'static str,
    category: (MessageCategory, &'static str),
    act_within_days: Option<i64>,
    tags: &'static [&'static str],
) -> Story {
    Story { service, title, body, category, act_within_days, tags }
}

#[rustfmt::skip]
const STORIES: &[Story] = &[
    story(EXCHANGE, "Exchange Online: an older way to sign in for sending mail ends",
        "Devices and apps that send mail with a name and a password have to move to modern sign-in. Look for them in the report of the admin center.",
        PLAN, Some(75), &["Admin impact", "Retirement"]),
    story(EXCHANGE, "Exchange Online: retention of deleted items is raised", "Deleted items are kept for longer by default. Policies of your own stay as they are.",
        INFORMED, None, &["Feature update"]),
    story(TEAMS, "Microsoft Teams: meeting recaps in more languages", "Recaps of meetings are written in nine more languages. Nothing has to be done.",
        INFORMED, None, &["New feature", "User impact"]),
    story(TEAMS, "Microsoft Teams: the classic client stops working", "The classic client shows a reminder and can no longer be used after the date below. Update what is left.",
        PLAN, Some(28), &["Major change", "Retirement", "User impact"]),
    story(SHAREPOINT, "SharePoint: pages get a new editor", "The editor of pages is replaced step by step. Pages that exist do not change.",
        INFORMED, None, &["Feature update", "User impact"]),
    story(SHAREPOINT, "SharePoint: workflows of 2013 end", "Workflows of the 2013 platform stop. Move them to Power Automate.",
        PLAN, Some(140), &["Major change", "Retirement"]),
    story(ONEDRIVE, "OneDrive: older sync clients lose support", "Computers with a sync client of more than one year stop syncing. Update them.",
        PREVENT, Some(12), &["Admin impact"]),
    story(ENTRA, "Microsoft Entra: multifactor authentication is required for admin portals", "Admins who sign in without a second factor will be asked to register one.",
        PLAN, Some(40), &["Major change", "Admin impact"]),
    story(ENTRA, "Microsoft Entra: renew certificates of single sign-on", "Certificates of some apps in your directory end soon; users will be unable to sign in to them.",
        PREVENT, Some(9), &["Admin impact"]),
    story(INTUNE, "Microsoft Intune: support of an older Android version ends", "Devices with this version can no longer enroll. Those that are enrolled keep working for now.",
        PLAN, Some(60), &["Retirement", "User impact"]),
    story(POWER_BI, "Power BI: gateways need an update", "Gateways that are older than six months no longer refresh data after the date below.",
        PREVENT, Some(20), &["Admin impact"]),
    story(DYNAMICS, "Dynamics 365: the next release wave opens for testing", "Try the coming changes in a sandbox before they are switched on for everybody.",
        PLAN, Some(33), &["Feature update"]),
    story(DEFENDER, "Microsoft Defender XDR: a new way to group alerts", "Alerts of one attack are grouped better. Rules of your own go on to work.",
        INFORMED, None, &["Feature update"]),
    story(SUITE, "Microsoft 365: prices of some plans change at renewal", "Terms that run keep their price. See the price list of your partner.",
        INFORMED, None, &["Admin impact"]),
];

/// What Microsoft announced of late, each seen by some of those whom it concerns: changes come in waves.
pub fn changes(seed: u64, partner: PartnerId, tenants: &[Tenant], now: DateTime<Utc>) -> Vec<Change> {
    let change = |(number, story): (usize, &Story)| {
        let mut dice = Dice::of(seed, "message", number);
        let eligible: Vec<usize> = (0..tenants.len()).filter(|number| tenants[*number].has(story.service)).collect();
        let share = dice.between(30, 90) as usize;
        let seen_by = dice.some_of(&eligible, (eligible.len() * share / 100).min(800));
        let starts_at = dice.minutes_before(now, 45 * 1440, 1440);
        let act_by = story.act_within_days.map(|days| now + TimeDelta::days(days));
        let ends_at = act_by.unwrap_or(starts_at + TimeDelta::days(90)) + TimeDelta::days(30);
        let external_id = format!("MC{}", 1_100_000 + dice.between(0, 99_999));
        let (category, category_text) = story.category;
        let (severity, severity_text) = match category {
            MessageCategory::PreventOrFixIssue => (MessageSeverity::High, "high"),
            _ => (MessageSeverity::Normal, "normal"),
        };
        let message = Message {
            id: MessageId::of(partner, &external_id),
            external_id,
            title: story.title.to_owned(),
            category,
            category_text: category_text.to_owned(),
            severity,
            severity_text: severity_text.to_owned(),
            is_major_change: Some(story.tags.contains(&"Major change")),
            action_required_by: act_by,
            services: vec![SERVICES[story.service].0.to_owned()],
            tags: story.tags.iter().map(|tag| (*tag).to_owned()).collect(),
            body: format!("<p>{}</p>", story.body),
            starts_at: Some(starts_at),
            ends_at: Some(ends_at),
            expires_at: Some(ends_at),
            modified_at: starts_at,
            observed_at: now,
        };
        Change::Message { message, seen_by: seen_by.iter().map(|number| tenants[*number].id).collect() }
    };
    STORIES.iter().enumerate().map(change).collect()
}
