//! Which family of products a subscription or a service belongs to. No upstream says it; it is derived.

/// The families that support plans, offerings and incidents are told apart by.
#[derive(
    Clone,
    Copy,
    Debug,
    Default,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Hash,
    strum::EnumString,
    strum::IntoStaticStr,
    strum::VariantArray,
)]
#[strum(serialize_all = "SCREAMING_SNAKE_CASE")]
pub enum ProductFamily {
    Azure,
    #[strum(serialize = "MICROSOFT_365")]
    Microsoft365,
    #[strum(serialize = "DYNAMICS_365")]
    Dynamics365,
    PowerPlatform,
    SecurityMobility,
    Software,
    ThirdParty,
    #[default]
    Unknown,
}

/// Words that give a family away, in order of precedence; each is looked for in lower-case text.
///
/// Data, not rules: source is `upstream.md` of Partner Center's product types, offer categories and names.
const WORDS: &[(&str, ProductFamily)] = &[
    ("dynamics", ProductFamily::Dynamics365),
    ("crm", ProductFamily::Dynamics365),
    ("business central", ProductFamily::Dynamics365),
    ("power bi", ProductFamily::PowerPlatform),
    ("power apps", ProductFamily::PowerPlatform),
    ("powerapps", ProductFamily::PowerPlatform),
    ("power automate", ProductFamily::PowerPlatform),
    ("power platform", ProductFamily::PowerPlatform),
    ("power pages", ProductFamily::PowerPlatform),
    ("microsoft flow", ProductFamily::PowerPlatform),
    ("copilot studio", ProductFamily::PowerPlatform),
    ("dataverse", ProductFamily::PowerPlatform),
    ("mobility", ProductFamily::SecurityMobility),
    ("intune", ProductFamily::SecurityMobility),
    ("defender", ProductFamily::SecurityMobility),
    ("entra", ProductFamily::SecurityMobility),
    ("azure active directory", ProductFamily::SecurityMobility),
    ("azure information protection", ProductFamily::SecurityMobility),
    ("identity", ProductFamily::SecurityMobility),
    ("purview", ProductFamily::SecurityMobility),
    ("azure", ProductFamily::Azure),
    ("microsoft 365", ProductFamily::Microsoft365),
    ("office", ProductFamily::Microsoft365),
    ("exchange", ProductFamily::Microsoft365),
    ("sharepoint", ProductFamily::Microsoft365),
    ("onedrive", ProductFamily::Microsoft365),
    ("teams", ProductFamily::Microsoft365),
    ("skype", ProductFamily::Microsoft365),
    ("yammer", ProductFamily::Microsoft365),
    ("viva", ProductFamily::Microsoft365),
    ("planner", ProductFamily::Microsoft365),
    ("project", ProductFamily::Microsoft365),
    ("visio", ProductFamily::Microsoft365),
    ("mobile device management", ProductFamily::Microsoft365),
    ("windows", ProductFamily::Software),
    ("sql server", ProductFamily::Software),
    ("software", ProductFamily::Software),
];

impl ProductFamily {
    /// The family that the name of a product or service gives away.
    pub fn of_name(name: &str) -> Self {
        let name = name.to_lowercase();
        WORDS.iter().find(|(word, _)| name.contains(word)).map_or(Self::Unknown, |(_, family)| *family)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_give_the_family_away() {
        assert_eq!(ProductFamily::of_name("Exchange Online"), ProductFamily::Microsoft365);
        assert_eq!(ProductFamily::of_name("Dynamics 365 Customer Service"), ProductFamily::Dynamics365);
        assert_eq!(ProductFamily::of_name("Azure Active Directory Premium P1"), ProductFamily::SecurityMobility);
        assert_eq!(ProductFamily::of_name("MS-AZR-0145P"), ProductFamily::Unknown);
    }
}
