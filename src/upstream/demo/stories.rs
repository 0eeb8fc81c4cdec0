//! What can go wrong: faults and advisories as Microsoft words them, in words of our own.

use super::{catalog::*, customers::Tenant};
use crate::domain::service_health::Source;

/// What is wrong.
#[derive(Clone, Copy)]
pub enum What {
    /// Told by Graph, in the tenants of those that it hits.
    Service(&'static Story),
    /// Told by Azure, of the subscriptions that it hits.
    Azure(&'static AzureStory),
}

impl What {
    pub fn service(self) -> Option<ServiceIndex> {
        match self {
            Self::Service(story) => Some(story.service),
            Self::Azure(_) => None,
        }
    }

    pub fn is_advisory(self) -> bool {
        match self {
            Self::Service(story) => story.is_advisory,
            Self::Azure(story) => story.event_type != "ServiceIssue",
        }
    }

    pub fn source(self) -> Source {
        match self {
            Self::Service(_) => Source::MicrosoftGraph,
            Self::Azure(_) => Source::AzureResourceHealth,
        }
    }

    pub fn title(self) -> &'static str {
        match self {
            Self::Service(story) => story.title,
            Self::Azure(story) => story.title,
        }
    }

    pub fn impact(self) -> &'static str {
        match self {
            Self::Service(story) => story.impact,
            Self::Azure(story) => story.impact,
        }
    }

    /// Whether the customer has what it hits.
    pub fn can_hit(self, tenant: &Tenant) -> bool {
        match self {
            Self::Service(story) => tenant.has(story.service),
            Self::Azure(_) => tenant.bought.iter().any(|bought| bought.offer.kind == Kind::Azure),
        }
    }
}

/// A fault as it is told.
pub struct Story {
    pub service: ServiceIndex,
    pub feature_group: &'static str,
    pub feature: &'static str,
    pub title: &'static str,
    /// "Users may …", without the full stop.
    pub impact: &'static str,
    /// "a recent update …", without the full stop.
    pub cause: &'static str,
    /// "reverting the update", the act that mends it.
    pub mending: &'static str,
    pub is_advisory: bool,
}

const fn story(
    (service, feature_group, feature): (ServiceIndex, &'static str, &'static str),
    title: &'static str,
    impact: &'static str,
    cause: &'static str,
    mending: &'static str,
) -> Story {
    Story { service, feature_group, feature, title, impact, cause, mending, is_advisory: false }
}

const fn advisory(
    (service, feature_group, feature): (ServiceIndex, &'static str, &'static str),
    title: &'static str,
    impact: &'static str,
    cause: &'static str,
    mending: &'static str,
) -> Story {
    Story { service, feature_group, feature, title, impact, cause, mending, is_advisory: true }
}

#[rustfmt::skip]
pub const STORIES: &[Story] = &[
    story((EXCHANGE, "E-Mail timely delivery", "Mail flow"), "Some users see delays when they send or receive mail",
        "Users may see mail arrive up to 40 minutes late", "a part of the transport infrastructure runs above its capacity",
        "moving mail to healthy transport servers"),
    story((EXCHANGE, "E-Mail and calendar access", "Outlook on the web"), "Users may be unable to open mailboxes in Outlook on the web",
        "Users may see an error page when they open their mailbox in a browser",
        "a change of the sign-in component left some front-end servers with an old certificate", "restarting the affected servers"),
    advisory((EXCHANGE, "E-Mail and calendar access", "Exchange ActiveSync"), "Calendar items may be missing on mobile devices",
        "Users may miss meetings in the calendar of their phone", "a recent update mishandles repeated meetings with exceptions",
        "deploying a corrected version"),
    advisory((EXCHANGE, "Management and provisioning", "Provisioning"), "New mailboxes may take longer to appear",
        "Admins may wait up to 6 hours for a new mailbox", "a queue of directory changes is processed more slowly than it grows",
        "adding capacity to the queue"),
    story((TEAMS, "Meetings", "Join meeting"), "Users may be unable to join meetings",
        "Users may stay in the lobby or see an error when they join a meeting", "a token service in one region rejects valid requests",
        "routing requests to other regions"),
    story((TEAMS, "Calling", "Phone system"), "Calls from the phone system may drop after a few seconds",
        "Users may lose calls to and from the public telephone network", "a media gateway lost its connection to a carrier",
        "moving calls to another gateway"),
    story((TEAMS, "Teams components", "Chat"), "Messages in chats may be delivered late",
        "Users may see chat messages several minutes after they were sent", "a cache of presence information answers too slowly",
        "restarting the cache in the affected region"),
    advisory((TEAMS, "Teams components", "Files"), "Thumbnails of shared files may not show",
        "Users may see a blank tile in place of a picture; the files themselves open", "a change of link formats is not known to older clients",
        "publishing an update of the client"),
    story((SHAREPOINT, "SharePoint features", "Site access"), "Users may be unable to open some SharePoint sites",
        "Users may see an error when they open a site or a document library", "a configuration change raised the load on one content database cluster",
        "reverting the configuration change"),
    advisory((SHAREPOINT, "SharePoint features", "Search"), "Recently changed documents may be missing from search",
        "Users may not find documents that were changed in the last 12 hours", "the index is rebuilt after a maintenance that took longer than planned",
        "waiting for the index to catch up"),
    story((ONEDRIVE, "OneDrive for Business", "Sync client"), "Files may stop syncing",
        "Users may see files that stay in the state of waiting for upload", "an expired key makes the sync endpoint refuse changes",
        "renewing the key on all endpoints"),
    advisory((ONEDRIVE, "OneDrive for Business", "Sharing"), "Mails about shared files may be late",
        "Users may wait for the mail that tells them of a shared file; links work", "notifications are processed with a backlog",
        "working off the backlog"),
    story((SUITE, "Portal", "Admin center"), "Admins may be unable to open the Microsoft 365 admin center",
        "Admins may see a blank page or an error after sign-in", "a part of the portal's web servers did not start after maintenance",
        "restarting the web servers"),
    advisory((SUITE, "Portal", "Usage reports"), "Usage reports may show data that is several days old",
        "Admins may see reports without the latest three days", "an upstream data pipeline stopped after a schema change",
        "adapting the pipeline and reprocessing the missing days"),
    story((APPS, "Office client", "Activation"), "Users may be asked to activate desktop apps again",
        "Users may see desktop apps in reduced functionality mode", "a licensing service answers with outdated entitlements",
        "clearing the outdated entitlements"),
    advisory((PLANNER, "Planner", "Task list"), "Tasks may be shown in a wrong order",
        "Users may see tasks of a plan in a changed order", "a migration of plans did not carry over the order of tasks",
        "repairing the order of migrated plans"),
    story((ENTRA, "Authentication", "Multifactor authentication"), "Some users may not receive codes for multifactor authentication",
        "Users who sign in by text message may wait for the code or never get it", "a telephone provider delays messages in several countries",
        "moving messages to another provider"),
    advisory((ENTRA, "Access management", "Dynamic groups"), "Changes of dynamic groups may take longer than usual",
        "Admins may see memberships that follow changes only after several hours", "a component that evaluates rules is above its usual load",
        "adding capacity"),
    story((INTUNE, "Device management", "Enrollment"), "Devices may fail to enroll",
        "Users may see an error while they enroll new devices", "a recent service update contains a regression in the enrollment flow",
        "reverting the update"),
    advisory((INTUNE, "Device management", "Compliance"), "The compliance of devices may be shown late",
        "Admins may see devices as not evaluated for several hours", "check-ins of devices are processed with a backlog", "working off the backlog"),
    story((DEFENDER, "Incidents and alerts", "Alerts"), "Alerts may appear late in the Defender portal",
        "Admins may see alerts up to two hours after detection; protection itself works", "a stream of events is processed with a backlog",
        "adding capacity to the stream"),
    story((POWER_BI, "Reports", "Refresh"), "Refreshes of datasets may fail",
        "Users may see reports with yesterday's data as scheduled refreshes fail", "gateway connections are dropped after a network change",
        "reverting the network change"),
    story((POWER_APPS, "Canvas apps", "Launch"), "Users may be unable to start canvas apps",
        "Users may see a spinner that does not end when they start an app", "a change of the app host is not compatible with some connectors",
        "disabling the change"),
    advisory((POWER_AUTOMATE, "Cloud flows", "Triggers"), "Flows may start late",
        "Users may see flows start up to 30 minutes after their trigger", "polling triggers share a queue that is above its capacity",
        "splitting the queue"),
    story((DYNAMICS, "Apps", "Access"), "Users may see slow pages or timeouts in Dynamics 365",
        "Users may wait long for forms and views, and may see timeouts", "a database node serves more organizations than it can",
        "moving organizations to other nodes"),
    advisory((DYNAMICS, "Apps", "Server-side synchronization"), "Mail tracked in Dynamics 365 may be late",
        "Users may see tracked mail in the timeline only after some hours", "mailboxes are polled less often after an update",
        "restoring the previous interval"),
];

/// A fault of an Azure service.
pub struct AzureStory {
    pub service: &'static str,
    /// Azure's word.
    pub level: &'static str,
    pub event_type: &'static str,
    pub title: &'static str,
    pub impact: &'static str,
    pub cause: &'static str,
    pub mending: &'static str,
}

#[rustfmt::skip]
pub const AZURE_STORIES: &[AzureStory] = &[
    AzureStory { service: "Virtual Machines", level: "Error", event_type: "ServiceIssue", title: "Virtual machines: failures to start",
        impact: "Customers may see failures when they create, start or resize virtual machines",
        cause: "a storage scale unit answers with errors after a power event", mending: "recovering the scale unit" },
    AzureStory { service: "SQL Database", level: "Warning", event_type: "ServiceIssue", title: "SQL Database: failed connections",
        impact: "Customers may see failed logins and timeouts of databases",
        cause: "a deployment left some gateways with a wrong configuration", mending: "rolling back the deployment" },
    AzureStory { service: "App Service", level: "Warning", event_type: "ServiceIssue", title: "App Service: requests answered with 5xx",
        impact: "Customers may see errors and long answers of web apps",
        cause: "front ends run out of outbound ports", mending: "adding front ends" },
    AzureStory { service: "Storage", level: "Critical", event_type: "ServiceIssue", title: "Storage: not available in part of a zone",
        impact: "Customers may be unable to read or write blobs and disks",
        cause: "cooling failed in one data hall and servers were shut down", mending: "restoring cooling and starting the servers" },
    AzureStory { service: "Azure Kubernetes Service", level: "Informational", event_type: "PlannedMaintenance", title: "Azure Kubernetes Service: planned maintenance of nodes",
        impact: "Nodes are updated and may be restarted within the window that was agreed",
        cause: "a security update of the operating system of nodes is due", mending: "updating nodes zone by zone" },
    AzureStory { service: "Key Vault", level: "Informational", event_type: "HealthAdvisory", title: "Key Vault: an older protocol version ends",
        impact: "Clients that speak old versions of TLS will be refused from the announced date on",
        cause: "old protocol versions are retired", mending: "moving clients to a current version" },
];
