//! `Partner`, its qualifications, and the partners it works with.

use async_graphql::Enum;

use super::{context::Ask, loaders::*, service_health::Source};
use crate::{
    domain::{
        self,
        access::Permission,
        event::EntityKind,
        partner::{Partner, PartnerRelation, Qualification},
    },
    engine::{Described, Object},
};

impl Described for Partner {
    const NAME: &'static str = "Partner";
    const NEEDS: Option<Permission> = Some(Permission::ReadProfile);
    const MADE_FROM: &'static [EntityKind] = &[EntityKind::Partner];

    fn describe(object: &mut Object<Self>) {
        object.about(
            "The CSP partner whose data this is: the boundary of isolation. Source: Partner Center's profiles, and the \
             partner's own entry, as of `observedAt`; `source` says whether a profile was read.",
        );
        object.node("prt", |p| p.id.0, |context| PartnerById { store: context.store() });
        object.text("tenantId", "GUID of the partner's Entra tenant, lower case.", |p| &p.tenant_id);
        object.text("name", "The organisation's name; its tenant id while nobody told one.", |p| &p.name);
        object.nullable_text(
            "domain",
            "The organisation's domain, lower case. Null if neither a profile nor the partner's own entry told it.",
            |p| p.domain.as_deref(),
        );
        object.nullable_text("country", "Two letters, ISO 3166. Null if no profile told it.", |p| p.country.as_deref());
        object.nullable_text(
            "culture",
            "How the partner writes numbers and dates, e.g. `en-US`. Null if not told.",
            |p| p.culture.as_deref(),
        );
        object.word::<PartnerType>("partnerType", "How the partner sells. The partner's own entry.", |p| {
            p.partner_type.into()
        });
        object.word::<Cloud>(
            "cloud",
            "Which of Microsoft's clouds the partner works in. Its own entry; WORLDWIDE if it entered none.",
            |p| p.cloud.into(),
        );
        object.nullable_text("supportEmail", "Where customers write. Null if no profile told it.", |p| {
            p.support_email.as_deref()
        });
        object.nullable_text("supportPhone", "Where customers call. Null if no profile told it.", |p| {
            p.support_phone.as_deref()
        });
        object.nullable_text("supportWebsite", "Where customers look. Null if no profile told it.", |p| {
            p.support_website.as_deref()
        });
        object.nullable_text("legalName", "The name in the legal profile. Null if not told.", |p| {
            p.legal_name.as_deref()
        });
        object.nullable_text(
            "vettingStatus",
            "Microsoft's word for the state of the legal vetting. Null if not told.",
            |p| p.vetting_status.as_deref(),
        );
        object.nullable_text("networkId", "Id in the partner network. Null if not told.", |p| p.network_id.as_deref());
        object.nullable_text("networkName", "Name in the partner network. Null if not told.", |p| {
            p.network_name.as_deref()
        });
        object.nullable_text("billingCurrency", "Three letters, ISO 4217. Null if not told.", |p| {
            p.billing_currency.as_deref()
        });
        object.word::<Source>(
            "source",
            "PARTNER_CENTER once one of its profiles was read; ENTERED while the partner's own entry is all that is known.",
            |p| p.source.into(),
        );
        object.time(
            "observedAt",
            "When the newest part of this was told, by Partner Center or by the partner itself. In 1970 while nothing but \
             the tenant is known.",
            |p| p.observed_at,
        );
        object.many(
            "qualifications",
            "Competencies and designations that the partner holds or held.",
            |_| Some(()),
            |context, _| Ok(TheQualifications { store: context.store() }),
        );
        object.page(
            "customers",
            "The partner's customers; by name unless ordered otherwise.",
            |_| (),
            |context, list| TheCustomers { store: context.store(), list },
        );
        object.page(
            "supportPlans",
            "The partner's contracts and benefits with Microsoft; by name unless ordered otherwise.",
            |_| (),
            |context, list| TheSupportPlans { store: context.store(), list },
        );
    }
}

impl Described for PartnerRelation {
    const NAME: &'static str = "PartnerRelation";
    const NEEDS: Option<Permission> = Some(Permission::ReadCustomers);
    const MADE_FROM: &'static [EntityKind] = &[EntityKind::PartnerRelation];

    fn describe(object: &mut Object<Self>) {
        object.about(
            "Another partner that this one works with: an indirect reseller or a provider. Source: Partner Center's \
             relationships, as of `observedAt`.",
        );
        object.node("prl", |r| r.id.0, |context| PartnerRelationById { store: context.store() });
        object.text("tenantId", "GUID of the other partner's tenant, lower case.", |r| &r.tenant_id);
        object.text("name", "The other partner's name.", |r| &r.name);
        object.text("relationTypeText", "Microsoft's word for the relation, e.g. `is_indirect_reseller_of`.", |r| {
            &r.relation_type
        });
        object.nullable_text("stateText", "Microsoft's word for the state, e.g. `Active`. Null if omitted.", |r| {
            r.state.as_deref()
        });
        object.nullable_text("networkId", "Id in the partner network. Null if omitted.", |r| r.network_id.as_deref());
        object.nullable_text("country", "Two letters, ISO 3166. Null if omitted.", |r| r.country.as_deref());
        object.time("observedAt", "When Partner Center last said this.", |r| r.observed_at);
    }
}

impl Described for Qualification {
    const NAME: &'static str = "Qualification";
    const NEEDS: Option<Permission> = Some(Permission::ReadProfile);
    const MADE_FROM: &'static [EntityKind] = &[EntityKind::Qualification];

    fn describe(object: &mut Object<Self>) {
        object.about(
            "A competency or designation of the partner, on which benefits rest. Source: the partner's own entry as it \
             was last imported, since no API tells it.",
        );
        object.text("code", "What it is for.", |q| &q.code);
        object.text("level", "e.g. `GOLD` or `SOLUTIONS_PARTNER`; a text, since Microsoft adds programmes.", |q| {
            &q.level
        });
        object.nullable_flag("isCloud", "Whether it counts as a cloud competency. Null if not known.", |q| q.is_cloud);
        object.date("validFrom", "First day it is held.", |q| q.valid_from);
        object.nullable_date("validUntil", "Last day it is held, inclusive. Null while no end is known.", |q| {
            q.valid_until
        });
    }
}

/// How a partner sells.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
#[graphql(remote = "domain::partner::PartnerType")]
pub enum PartnerType {
    /// Bills its customers itself and buys from Microsoft.
    DirectBill,
    /// Sells through resellers.
    IndirectProvider,
    /// Buys from a provider.
    IndirectReseller,
    /// Advises and sells nothing.
    Advisor,
    /// Not entered yet.
    Unknown,
}

/// Which of Microsoft's clouds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
#[graphql(remote = "domain::partner::Cloud")]
pub enum Cloud {
    /// The public cloud.
    Worldwide,
    /// For the government of the United States.
    UsGov,
    /// Operated by 21Vianet in China.
    China,
}
