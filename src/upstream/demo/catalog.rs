//! What can be bought, and which services work behind it.

use crate::domain::{
    PartnerId,
    product_family::ProductFamily,
    service_health::{Service, Source},
};

/// A service of which Graph tells the health, by its place in [`SERVICES`].
pub type ServiceIndex = usize;

/// Name, Graph's short id, the letters that ids of its incidents begin with.
#[rustfmt::skip]
pub const SERVICES: &[(&str, &str, &str)] = &[
    ("Exchange Online", "Exchange", "EX"),
    ("Microsoft Teams", "microsoftteams", "TM"),
    ("SharePoint Online", "SharePoint", "SP"),
    ("OneDrive for Business", "OneDriveForBusiness", "OD"),
    ("Microsoft 365 suite", "OSDPPlatform", "MO"),
    ("Microsoft 365 apps", "O365Client", "OP"),
    ("Planner", "Planner", "PL"),
    ("Microsoft Entra", "MicrosoftEntra", "AD"),
    ("Microsoft Intune", "Intune", "IT"),
    ("Microsoft Defender XDR", "Microsoft365Defender", "DZ"),
    ("Power BI", "PowerBIcom", "PB"),
    ("Power Apps", "PowerApps", "PA"),
    ("Power Automate", "MicrosoftFlow", "MF"),
    ("Dynamics 365 Apps", "DynamicsCRM", "CR"),
];

pub const EXCHANGE: ServiceIndex = 0;
pub const TEAMS: ServiceIndex = 1;
pub const SHAREPOINT: ServiceIndex = 2;
pub const ONEDRIVE: ServiceIndex = 3;
pub const SUITE: ServiceIndex = 4;
pub const APPS: ServiceIndex = 5;
pub const PLANNER: ServiceIndex = 6;
pub const ENTRA: ServiceIndex = 7;
pub const INTUNE: ServiceIndex = 8;
pub const DEFENDER: ServiceIndex = 9;
pub const POWER_BI: ServiceIndex = 10;
pub const POWER_APPS: ServiceIndex = 11;
pub const POWER_AUTOMATE: ServiceIndex = 12;
pub const DYNAMICS: ServiceIndex = 13;

/// Services of which Azure's events tell; Graph has no overview of them.
pub const AZURE_SERVICES: &[&str] =
    &["Virtual Machines", "SQL Database", "App Service", "Storage", "Azure Kubernetes Service", "Key Vault"];

/// A service that Graph tells of.
pub fn service(partner: PartnerId, index: ServiceIndex) -> Service {
    let (name, code, _) = SERVICES[index];
    let service = Service::named(partner, Source::MicrosoftGraph, name, ProductFamily::of_name(name));
    Service { code: code.to_owned(), ..service }
}

/// A service that Azure's events tell of.
pub fn azure_service(partner: PartnerId, name: &str) -> Service {
    Service::named(partner, Source::AzureResourceHealth, name, ProductFamily::Azure)
}

/// How something is sold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Licences for a term.
    Licence,
    /// Licences of an offer from before new commerce, billed by the month.
    Legacy,
    /// An Azure plan: paid by use, with Azure subscriptions below it.
    Azure,
    /// Bought once.
    Software,
    /// Licences of another publisher.
    ThirdParty,
}

/// Something that can be bought.
#[derive(Debug)]
pub struct Offer {
    pub name: &'static str,
    pub kind: Kind,
    /// Of third parties only.
    pub publisher: Option<&'static str>,
    /// What works behind it.
    pub services: &'static [ServiceIndex],
    /// How often it is chosen among its like.
    pub weight: usize,
}

const fn offer(name: &'static str, kind: Kind, services: &'static [ServiceIndex], weight: usize) -> Offer {
    Offer { name, kind, publisher: None, services, weight }
}

const fn third_party(name: &'static str, publisher: &'static str) -> Offer {
    Offer { name, kind: Kind::ThirdParty, publisher: Some(publisher), services: &[], weight: 1 }
}

use Kind::{Azure, Legacy, Licence, Software};

const OFFICE: &[ServiceIndex] = &[EXCHANGE, TEAMS, SHAREPOINT, ONEDRIVE, SUITE, PLANNER, ENTRA];
const OFFICE_APPS: &[ServiceIndex] = &[EXCHANGE, TEAMS, SHAREPOINT, ONEDRIVE, SUITE, APPS, PLANNER, ENTRA];
const PREMIUM: &[ServiceIndex] =
    &[EXCHANGE, TEAMS, SHAREPOINT, ONEDRIVE, SUITE, APPS, PLANNER, ENTRA, INTUNE, DEFENDER];
const ENTERPRISE: &[ServiceIndex] = &[EXCHANGE, TEAMS, SHAREPOINT, ONEDRIVE, SUITE, APPS, PLANNER, ENTRA, INTUNE];
const ENTERPRISE_FULL: &[ServiceIndex] =
    &[EXCHANGE, TEAMS, SHAREPOINT, ONEDRIVE, SUITE, APPS, PLANNER, ENTRA, INTUNE, DEFENDER, POWER_BI];

/// What every customer has one of.
pub const SUITES: &[Offer] = &[
    offer("Microsoft 365 Business Basic", Licence, OFFICE, 16),
    offer("Microsoft 365 Business Standard", Licence, OFFICE_APPS, 26),
    offer("Microsoft 365 Business Premium", Licence, PREMIUM, 24),
    offer("Microsoft 365 E3", Licence, ENTERPRISE, 14),
    offer("Microsoft 365 E5", Licence, ENTERPRISE_FULL, 8),
    offer("Office 365 E3", Licence, OFFICE_APPS, 7),
    offer("Office 365 E1", Legacy, OFFICE, 5),
];

/// What stands beside a suite.
pub const PRODUCTS: &[Offer] = &[
    offer("Azure plan", Azure, &[], 14),
    offer("Microsoft 365 F3", Licence, OFFICE, 6),
    offer("Exchange Online (Plan 1)", Legacy, &[EXCHANGE], 6),
    offer("Microsoft 365 Apps for business", Licence, &[APPS, ONEDRIVE], 6),
    offer("Visio Plan 2", Licence, &[SUITE], 4),
    offer("Project Plan 3", Licence, &[SUITE, PLANNER], 4),
    offer("Enterprise Mobility + Security E3", Licence, &[ENTRA, INTUNE], 7),
    offer("Enterprise Mobility + Security E5", Licence, &[ENTRA, INTUNE, DEFENDER], 3),
    offer("Microsoft Defender for Business", Licence, &[DEFENDER], 6),
    offer("Microsoft Entra ID P2", Licence, &[ENTRA], 4),
    offer("Microsoft Intune Plan 1", Licence, &[INTUNE], 4),
    offer("Power BI Pro", Licence, &[POWER_BI], 9),
    offer("Power Apps Premium", Licence, &[POWER_APPS, POWER_AUTOMATE], 5),
    offer("Power Automate Premium", Licence, &[POWER_AUTOMATE], 5),
    offer("Dynamics 365 Business Central Essentials", Licence, &[DYNAMICS], 6),
    offer("Dynamics 365 Sales Professional", Licence, &[DYNAMICS], 5),
    offer("Dynamics 365 Customer Service Enterprise", Licence, &[DYNAMICS, POWER_APPS], 3),
    offer("Windows Server 2022 Standard - 16 Core License Pack", Software, &[], 4),
    offer("SQL Server 2022 Standard - 2 Core License Pack", Software, &[], 2),
    third_party("Proseware Backup for Microsoft 365", "Proseware, Inc."),
    third_party("Litware Signatures", "Litware, Inc."),
    third_party("Relecloud Phishing Trainer", "Relecloud"),
];

/// What adds to a suite.
pub const ADD_ONS: &[Offer] = &[
    offer("Microsoft Teams Phone Standard", Licence, &[TEAMS], 8),
    offer("Microsoft 365 Copilot", Licence, &[SUITE], 6),
    offer("Microsoft Teams Rooms Pro", Licence, &[TEAMS], 3),
    offer("Microsoft Defender for Office 365 (Plan 1)", Licence, &[DEFENDER], 5),
    offer("Exchange Online Archiving", Licence, &[EXCHANGE], 4),
    offer("SharePoint Advanced Management", Licence, &[SHAREPOINT], 2),
];

impl Offer {
    /// Which family it is, and what tells: as the upstream's mapping would say.
    pub fn family(&self) -> (ProductFamily, String) {
        match (self.publisher, self.kind) {
            (Some(publisher), _) => (ProductFamily::ThirdParty, format!("publisherName: {publisher}")),
            (None, Kind::Azure) => (ProductFamily::Azure, "productType: Azure".to_owned()),
            (None, Kind::Software) => (ProductFamily::Software, "productType: Software".to_owned()),
            _ => (ProductFamily::of_name(self.name), format!("offerName: {}", self.name)),
        }
    }

    /// Partner Center's word for how it is sold.
    pub fn product_type(&self) -> Option<&'static str> {
        match self.kind {
            Kind::Licence => Some("OnlineServicesNCE"),
            Kind::Legacy => None,
            Kind::Azure => Some("Azure"),
            Kind::Software => Some("Software"),
            Kind::ThirdParty => Some("SaaS"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_offer_and_service_has_a_family() {
        for offer in SUITES.iter().chain(PRODUCTS).chain(ADD_ONS) {
            assert_ne!(offer.family().0, ProductFamily::Unknown, "{}", offer.name);
        }
        for (name, ..) in SERVICES {
            assert_ne!(ProductFamily::of_name(name), ProductFamily::Unknown, "{name}");
        }
    }
}
