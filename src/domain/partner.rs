//! The CSP partner that owns the data, its profiles, its qualifications, and other partners it works with.

use chrono::{DateTime, NaiveDate, Utc};

use super::{PartnerId, PartnerRelationId, QualificationId, service_health::Source};

/// How a partner sells.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, strum::EnumString, strum::IntoStaticStr,
)]
#[strum(serialize_all = "SCREAMING_SNAKE_CASE")]
pub enum PartnerType {
    DirectBill,
    IndirectProvider,
    IndirectReseller,
    Advisor,
    #[default]
    Unknown,
}

/// Which of Microsoft's clouds the partner works in.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, strum::EnumString, strum::IntoStaticStr,
)]
#[strum(serialize_all = "SCREAMING_SNAKE_CASE")]
pub enum Cloud {
    #[default]
    Worldwide,
    UsGov,
    China,
}

/// A CSP partner: the boundary of isolation.
///
/// Source: Partner Center `GET /v1/profiles/*`, and the partner's own entry, which alone tells type and cloud.
#[derive(Clone, Debug, PartialEq)]
pub struct Partner {
    pub id: PartnerId,
    /// Lower case.
    pub tenant_id: String,
    /// The tenant while nobody told a name.
    pub name: String,
    pub domain: Option<String>,
    /// Two letters, ISO 3166.
    pub country: Option<String>,
    pub culture: Option<String>,
    pub partner_type: PartnerType,
    pub cloud: Cloud,
    pub support_email: Option<String>,
    pub support_phone: Option<String>,
    pub support_website: Option<String>,
    pub legal_name: Option<String>,
    /// Microsoft's word for the state of the legal vetting.
    pub vetting_status: Option<String>,
    /// Id and name in the partner network.
    pub network_id: Option<String>,
    pub network_name: Option<String>,
    pub billing_currency: Option<String>,
    /// `PartnerCenter` once a profile told something, else `Entered`.
    pub source: Source,
    /// When the newest part was told, whoever told it.
    pub observed_at: DateTime<Utc>,
}

impl Partner {
    /// A partner as it was entered, with its tenant and name alone.
    pub fn new(tenant_id: &str, name: &str, observed_at: DateTime<Utc>) -> Self {
        Self {
            id: PartnerId::of_tenant(tenant_id),
            tenant_id: tenant_id.to_lowercase(),
            name: name.to_owned(),
            domain: None,
            country: None,
            culture: None,
            partner_type: PartnerType::Unknown,
            cloud: Cloud::Worldwide,
            support_email: None,
            support_phone: None,
            support_website: None,
            legal_name: None,
            vetting_status: None,
            network_id: None,
            network_name: None,
            billing_currency: None,
            source: Source::Entered,
            observed_at,
        }
    }

    /// A part of what is known of a partner, as one profile tells it: an empty tenant or name says nothing.
    pub fn part(id: PartnerId, observed_at: DateTime<Utc>) -> Self {
        Self { id, source: Source::PartnerCenter, ..Self::new("", "", observed_at) }
    }

    /// Takes over what a newer answer or entry says; what it omits stays.
    ///
    /// Type and cloud are entered together and no profile tells them, so an unknown type keeps both.
    pub fn absorb(&mut self, newer: Partner) {
        let older = std::mem::replace(self, newer);
        if self.tenant_id.is_empty() {
            self.tenant_id = older.tenant_id;
        }
        if self.name.is_empty() {
            self.name = older.name;
        }
        if self.partner_type == PartnerType::Unknown {
            self.partner_type = older.partner_type;
            self.cloud = older.cloud;
        }
        self.domain = self.domain.take().or(older.domain);
        self.country = self.country.take().or(older.country);
        self.culture = self.culture.take().or(older.culture);
        self.support_email = self.support_email.take().or(older.support_email);
        self.support_phone = self.support_phone.take().or(older.support_phone);
        self.support_website = self.support_website.take().or(older.support_website);
        self.legal_name = self.legal_name.take().or(older.legal_name);
        self.vetting_status = self.vetting_status.take().or(older.vetting_status);
        self.network_id = self.network_id.take().or(older.network_id);
        self.network_name = self.network_name.take().or(older.network_name);
        self.billing_currency = self.billing_currency.take().or(older.billing_currency);
        if older.source == Source::PartnerCenter {
            self.source = older.source;
        }
    }
}

/// Another partner that this one works with: its indirect reseller, or its provider.
///
/// Source: Partner Center `GET /v1/relationships` and `/v1/customers/{id}/relationships`.
#[derive(Clone, Debug, PartialEq)]
pub struct PartnerRelation {
    pub id: PartnerRelationId,
    /// Tenant of the other partner, lower case.
    pub tenant_id: String,
    pub name: String,
    /// Microsoft's word, e.g. `is_indirect_reseller_of`.
    pub relation_type: String,
    pub state: Option<String>,
    pub network_id: Option<String>,
    pub country: Option<String>,
    pub observed_at: DateTime<Utc>,
}

/// A competency or designation of the partner. Owned: no API tells it.
#[derive(Clone, Debug, PartialEq)]
pub struct Qualification {
    pub id: QualificationId,
    pub code: String,
    /// e.g. `GOLD`, `SILVER`, `SOLUTIONS_PARTNER`; open, since Microsoft adds programmes.
    pub level: String,
    pub is_cloud: Option<bool>,
    pub valid_from: NaiveDate,
    /// Last valid day; none while open.
    pub valid_until: Option<NaiveDate>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_profile_does_not_undo_what_was_entered_nor_an_entry_that_there_was_one() {
        let entered = Partner {
            partner_type: PartnerType::DirectBill,
            cloud: Cloud::China,
            ..Partner::new("p", "Fabrikam", DateTime::UNIX_EPOCH)
        };
        let mut known = entered.clone();
        let profile = Partner { network_id: Some("1".to_owned()), ..Partner::part(known.id, DateTime::UNIX_EPOCH) };
        known.absorb(profile);
        let told = Partner { network_id: Some("1".to_owned()), source: Source::PartnerCenter, ..entered.clone() };
        assert_eq!(known, told);
        known.absorb(entered);
        assert_eq!(known, told);
    }
}
