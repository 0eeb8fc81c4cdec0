//! Names of customers: the fictional companies of Microsoft's documentation, in many trades and cities.

use super::dice::Dice;

/// Go with a trade.
#[rustfmt::skip]
const SHORT: &[&str] = &[
    "A. Datum", "Alpine", "Bellows", "Blue Yonder", "Coho", "Contoso", "Fabrikam", "First Up", "Lamna", "Litware",
    "Lucerne", "Munson's", "Nod", "Proseware", "Relecloud", "Southridge", "Tailspin", "Trey", "VanArsdel", "Wingtip",
    "Woodgrove", "Northwind",
];

/// Name their trade already.
#[rustfmt::skip]
const LONG: &[&str] = &[
    "A. Datum Corporation", "Adventure Works", "Alpine Ski House", "Baldwin Museum of Science", "Bellows College",
    "Best For You Organics", "Blue Yonder Airlines", "City Power & Light", "Coho Vineyard", "Coho Winery",
    "Consolidated Messenger", "Contoso", "Contoso Pharmaceuticals", "Contoso Suites", "Fabrikam", "Fabrikam Residences",
    "First Up Consultants", "Fourth Coffee", "Graphic Design Institute", "Humongous Insurance", "Lamna Healthcare",
    "Liberty's Delightful Bakery", "Litware", "Lucerne Publishing", "Margie's Travel", "Munson's Pickles", "Nod Publishers",
    "Northwind Traders", "Proseware", "Relecloud", "School of Fine Art", "Southridge Video", "Tailspin Toys",
    "The Phone Company", "Trey Research", "VanArsdel", "Wide World Importers", "Wingtip Toys", "Woodgrove Bank",
];

#[rustfmt::skip]
const TRADES: &[&str] = &[
    "Logistics", "Robotics", "Foods", "Energy", "Legal", "Architects", "Dental", "Motors", "Textiles", "Marine", "Media",
    "Pharma", "Insurance", "Engineering", "Timber", "Hotels", "Clinics", "Aviation", "Analytics", "Packaging", "Furniture",
    "Optics", "Studios", "Chemicals", "Property", "Schools", "Mining", "Outdoors", "Payments", "Gardens", "Breweries",
    "Rail", "Ceramics", "Instruments", "Security", "Farms", "Kitchens", "Water", "Plastics", "Steel",
];

/// City, country, culture, region of Azure.
type Place = (&'static str, &'static str, &'static str, &'static str);

#[rustfmt::skip]
const PLACES: &[Place] = &[
    ("Oslo", "NO", "nb-NO", "Norway East"), ("Bergen", "NO", "nb-NO", "Norway East"),
    ("Stockholm", "SE", "sv-SE", "Sweden Central"), ("Malmö", "SE", "sv-SE", "Sweden Central"),
    ("Copenhagen", "DK", "da-DK", "North Europe"), ("Helsinki", "FI", "fi-FI", "North Europe"),
    ("Tampere", "FI", "fi-FI", "North Europe"), ("Tallinn", "EE", "et-EE", "North Europe"),
    ("Riga", "LV", "lv-LV", "North Europe"), ("Vilnius", "LT", "lt-LT", "North Europe"),
    ("London", "GB", "en-GB", "UK South"), ("Leeds", "GB", "en-GB", "UK South"),
    ("Edinburgh", "GB", "en-GB", "UK South"), ("Cardiff", "GB", "en-GB", "UK South"),
    ("Dublin", "IE", "en-IE", "North Europe"), ("Cork", "IE", "en-IE", "North Europe"),
    ("Amsterdam", "NL", "nl-NL", "West Europe"), ("Utrecht", "NL", "nl-NL", "West Europe"),
    ("Eindhoven", "NL", "nl-NL", "West Europe"), ("Antwerp", "BE", "nl-BE", "West Europe"),
    ("Brussels", "BE", "fr-BE", "West Europe"), ("Berlin", "DE", "de-DE", "Germany West Central"),
    ("Hamburg", "DE", "de-DE", "Germany West Central"), ("Munich", "DE", "de-DE", "Germany West Central"),
    ("Leipzig", "DE", "de-DE", "Germany West Central"), ("Vienna", "AT", "de-AT", "West Europe"),
    ("Graz", "AT", "de-AT", "West Europe"), ("Zurich", "CH", "de-CH", "Switzerland North"),
    ("Geneva", "CH", "fr-CH", "Switzerland North"), ("Paris", "FR", "fr-FR", "France Central"),
    ("Lyon", "FR", "fr-FR", "France Central"), ("Nantes", "FR", "fr-FR", "France Central"),
    ("Madrid", "ES", "es-ES", "Spain Central"), ("Valencia", "ES", "es-ES", "Spain Central"),
    ("Lisbon", "PT", "pt-PT", "West Europe"), ("Porto", "PT", "pt-PT", "West Europe"),
    ("Milan", "IT", "it-IT", "Italy North"), ("Turin", "IT", "it-IT", "Italy North"),
    ("Naples", "IT", "it-IT", "Italy North"), ("Prague", "CZ", "cs-CZ", "West Europe"),
    ("Brno", "CZ", "cs-CZ", "West Europe"), ("Warsaw", "PL", "pl-PL", "Poland Central"),
    ("Gdansk", "PL", "pl-PL", "Poland Central"), ("Krakow", "PL", "pl-PL", "Poland Central"),
    ("Budapest", "HU", "hu-HU", "West Europe"), ("Bucharest", "RO", "ro-RO", "West Europe"),
    ("Sofia", "BG", "bg-BG", "West Europe"), ("Athens", "GR", "el-GR", "West Europe"),
    ("Zagreb", "HR", "hr-HR", "West Europe"), ("Ljubljana", "SI", "sl-SI", "West Europe"),
    ("Boston", "US", "en-US", "East US"), ("Chicago", "US", "en-US", "North Central US"),
    ("Denver", "US", "en-US", "West US 3"), ("Seattle", "US", "en-US", "West US 2"),
    ("Austin", "US", "en-US", "South Central US"), ("Atlanta", "US", "en-US", "East US 2"),
    ("Toronto", "CA", "en-CA", "Canada Central"), ("Montreal", "CA", "fr-CA", "Canada Central"),
    ("Sydney", "AU", "en-AU", "Australia East"), ("Perth", "AU", "en-AU", "Australia East"),
    ("Auckland", "NZ", "en-NZ", "Australia East"), ("Singapore", "SG", "en-SG", "Southeast Asia"),
    ("Osaka", "JP", "ja-JP", "Japan East"), ("Nagoya", "JP", "ja-JP", "Japan East"),
];

/// How a customer is called, and where it sits.
#[derive(Clone, Debug, PartialEq)]
pub struct Name {
    pub name: String,
    /// Letters and digits alone; as distinct as the name.
    pub slug: String,
    pub country: &'static str,
    pub culture: &'static str,
    /// The Azure region next to it.
    pub region: &'static str,
}

/// So many names can be told apart.
pub const MOST: usize = SHORT.len() * TRADES.len() * PLACES.len();

/// So many distinct names. A small world takes the plainest ones: a company, a company with its trade or its city.
pub fn names(seed: u64, count: usize) -> Vec<Name> {
    let mut dice = Dice::of(seed, "names", 0);
    let mut plain: Vec<(String, Option<Place>)> = LONG.iter().map(|company| ((*company).to_owned(), None)).collect();
    let mut middle: Vec<(String, Option<Place>)> = Vec::new();
    for company in SHORT {
        let trades = TRADES.iter().filter(|trade| !LONG.contains(&format!("{company} {trade}").as_str()));
        middle.extend(trades.map(|trade| (format!("{company} {trade}"), None)));
    }
    for company in LONG {
        middle.extend(PLACES.iter().map(|place| (format!("{company} {}", place.0), Some(*place))));
    }
    dice.shuffle(&mut middle);
    plain.append(&mut middle);
    if plain.len() < count {
        let mut rest = Vec::with_capacity(MOST);
        for company in SHORT {
            for trade in TRADES {
                rest.extend(PLACES.iter().map(|place| (format!("{company} {trade} {}", place.0), Some(*place))));
            }
        }
        dice.shuffle(&mut rest);
        plain.append(&mut rest);
    }
    plain.truncate(count);
    let named = |(name, place): (String, Option<Place>)| {
        let (_, country, culture, region) = place.unwrap_or_else(|| *dice.pick(PLACES));
        let slug = slug(&name);
        Name { name, slug, country, culture, region }
    };
    plain.into_iter().map(named).collect()
}

fn slug(name: &str) -> String {
    name.to_lowercase().replace('ö', "o").chars().filter(char::is_ascii_alphanumeric).collect()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn ten_thousand_customers_have_names_and_domains_of_their_own() {
        let names = names(1, 10_000);
        let distinct: BTreeSet<&str> = names.iter().map(|name| name.name.as_str()).collect();
        let slugs: BTreeSet<&str> = names.iter().map(|name| name.slug.as_str()).collect();
        assert_eq!((distinct.len(), slugs.len()), (10_000, 10_000));
    }

    #[test]
    fn even_the_most_customers_have_names_of_their_own() {
        let slugs: BTreeSet<String> = names(2, MOST).into_iter().map(|name| name.slug).collect();
        assert_eq!(slugs.len(), MOST);
    }
}
