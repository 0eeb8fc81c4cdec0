//! The kinds of support plans that Microsoft offers partners, and the response times that were published for them.
//!
//! Facts with their sources. What no source states is left out: no target is better than a wrong one. Validity is
//! open where no source gives a date.

use sea_orm_migration::prelude::*;
use uuid::Uuid;

#[derive(DeriveMigrationName)]
pub struct Migration;

struct Kind {
    code: &'static str,
    name: &'static str,
    tier: &'static str,
    aliases: &'static str,
    basis: &'static str,
    covers: &'static str,
    covers_on_premises: bool,
    source_url: &'static str,
}

const CLOUD: &str = r#"["AZURE","MICROSOFT_365","DYNAMICS_365","POWER_PLATFORM","SECURITY_MOBILITY"]"#;
const ALL: &str = r#"["AZURE","MICROSOFT_365","DYNAMICS_365","POWER_PLATFORM","SECURITY_MOBILITY","SOFTWARE"]"#;

const ESCALATING: &str = "https://learn.microsoft.com/partner-center/escalating-to-microsoft";
const TECHNICAL_SUPPORT: &str = "https://learn.microsoft.com/partner-center/mpn-benefits-technical-support";
const ON_BEHALF: &str = "https://learn.microsoft.com/partner-center/report-problems-on-behalf-of-a-customer";

const KINDS: &[Kind] = &[
    Kind {
        code: "PSFP",
        name: "Premier Support for Partners",
        tier: "PREMIER",
        aliases: r#"["PSfP"]"#,
        basis: "FEE",
        covers: ALL,
        covers_on_premises: true,
        source_url: ESCALATING,
    },
    Kind {
        code: "ASFP",
        name: "Advanced Support for Partners",
        tier: "ADVANCED",
        aliases: r#"["ASfP"]"#,
        basis: "FEE",
        covers: CLOUD,
        covers_on_premises: false,
        source_url: ESCALATING,
    },
    Kind {
        code: "SIGNATURE",
        name: "Signature Cloud Support",
        tier: "SIGNATURE",
        aliases: r#"["Partner Cloud Support"]"#,
        basis: "QUALIFICATION",
        covers: CLOUD,
        covers_on_premises: false,
        source_url: TECHNICAL_SUPPORT,
    },
    Kind {
        code: "ON_PREMISES",
        name: "Product Support Incidents",
        tier: "OTHER",
        aliases: r#"["Partner On-premises Support"]"#,
        basis: "QUALIFICATION",
        covers: r#"["SOFTWARE"]"#,
        covers_on_premises: true,
        source_url: TECHNICAL_SUPPORT,
    },
    Kind {
        code: "CSP",
        name: "CSP programme entitlement",
        tier: "OTHER",
        aliases: "",
        basis: "PROGRAMME",
        covers: CLOUD,
        covers_on_premises: false,
        source_url: ON_BEHALF,
    },
];

struct Target {
    kind: &'static str,
    severity: &'static str,
    label: &'static str,
    hours: i64,
    language: Option<&'static str>,
    confidence: &'static str,
    source: &'static str,
}

const CSP_TABLE: &str = "Microsoft, \"Report problems on behalf of a customer\", 2023-09-23: time to first response, English \
     only; whether business hours are meant is not said";
const FACT_SHEET: &str = "Channel fact sheet, quoted by the research dossier \"Support Entitlements for CSP Indirect \
     Resellers\" of 2026-08-28; not confirmed by Microsoft";

/// The one official table is that of the CSP programme. Of Premier Support for Partners no table is public.
const TARGETS: &[Target] = &[
    Target::official("CRITICAL", "A", 2),
    Target::official("MODERATE", "B", 4),
    Target::official("MINIMAL", "C", 8),
    Target::secondary("CRITICAL", "1", 1),
    Target::secondary("MODERATE", "2", 4),
    Target::secondary("MINIMAL", "3", 8),
    // The plan has four levels; service requests have three.
    Target::secondary("UNKNOWN", "4", 24),
];

impl Target {
    const fn official(severity: &'static str, label: &'static str, hours: i64) -> Self {
        let (kind, confidence, source) = ("CSP", "OFFICIAL", CSP_TABLE);
        Self { kind, severity, label, hours, language: Some("en"), confidence, source }
    }

    const fn secondary(severity: &'static str, label: &'static str, hours: i64) -> Self {
        let (kind, confidence, source) = ("ASFP", "SECONDARY", FACT_SHEET);
        Self { kind, severity, label, hours, language: None, confidence, source }
    }
}

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        use SupportPlanKind as K;
        let mut kinds = Query::insert();
        kinds.into_table(K::Table).columns([
            K::Id,
            K::Code,
            K::Name,
            K::Tier,
            K::Aliases,
            K::Basis,
            K::Covers,
            K::CoversOnPremises,
            K::SourceUrl,
        ]);
        for kind in KINDS {
            kinds.values_panic([
                kind_id(kind.code).into(),
                kind.code.into(),
                kind.name.into(),
                kind.tier.into(),
                kind.aliases.into(),
                kind.basis.into(),
                kind.covers.into(),
                kind.covers_on_premises.into(),
                kind.source_url.into(),
            ]);
        }
        manager.execute(kinds).await?;

        use ResponseTarget as T;
        let mut targets = Query::insert();
        targets.into_table(T::Table).columns([
            T::Id,
            T::KindId,
            T::Severity,
            T::SeverityLabel,
            T::FirstResponseSeconds,
            T::Clock,
            T::Language,
            T::Confidence,
            T::Source,
        ]);
        for target in TARGETS {
            let id = Uuid::new_v5(&kind_id(target.kind), format!("rst:{}", target.label).to_lowercase().as_bytes());
            targets.values_panic([
                id.into(),
                kind_id(target.kind).into(),
                target.severity.into(),
                target.label.into(),
                (target.hours * 3600).into(),
                "UNKNOWN".into(),
                target.language.into(),
                target.confidence.into(),
                target.source.into(),
            ]);
        }
        manager.execute(targets).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager.execute(Query::delete().from_table(ResponseTarget::Table).take()).await?;
        manager.execute(Query::delete().from_table(SupportPlanKind::Table).take()).await
    }
}

/// The same for every partner and installation.
fn kind_id(code: &str) -> Uuid {
    Uuid::new_v5(&Uuid::NAMESPACE_OID, format!("spk:{}", code.to_lowercase()).as_bytes())
}

#[derive(DeriveIden)]
enum SupportPlanKind {
    Table,
    Id,
    Code,
    Name,
    Tier,
    Aliases,
    Basis,
    Covers,
    CoversOnPremises,
    SourceUrl,
}

#[derive(DeriveIden)]
enum ResponseTarget {
    Table,
    Id,
    KindId,
    Severity,
    SeverityLabel,
    FirstResponseSeconds,
    Clock,
    Language,
    Confidence,
    Source,
}
