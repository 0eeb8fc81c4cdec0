use chrono::NaiveDate;

use super::*;
use crate::upstream::testing::at;

const KINDS: &[&str] = &["ASFP", "PSFP"];
const PARTNER: &str =
    "[partner]\ntenant_id = \"3B33E682-00C3-41EE-9DD2-A548ADF56438\"\nname = \"F\"\ntype = \"advisor\"\n";

fn read(text: &str) -> Result<(PartnerId, Batch), Problems> {
    read_partner_file(text, KINDS, at("2026-01-01T00:00:00Z"))
}

/// What is wrong with the entries that follow a sound `[partner]` of four lines.
fn problems(entries: &str) -> Vec<String> {
    let problems = read(&format!("{PARTNER}{entries}")).unwrap_err();
    problems.to_string().lines().map(str::to_owned).collect()
}

#[test]
fn the_example_in_the_documentation_is_sound() {
    let (partner, batch) = read(include_str!("../../docs/partner.example.toml")).unwrap();
    assert_eq!(partner, PartnerId::of_tenant("3b33e682-00c3-41ee-9dd2-a548adf56438"));
    let [
        Change::Partner(it),
        Change::Qualification(qualification),
        Change::SupportPlan(plan),
        Change::SupportOffering(offering),
        Change::CustomerOffering(promise),
    ] = &batch.changes[..]
    else {
        panic!("{batch:?}")
    };
    assert_eq!((it.id, it.partner_type, it.cloud), (partner, PartnerType::DirectBill, Cloud::Worldwide));
    assert_eq!(qualification.valid_until, NaiveDate::from_ymd_opt(2025, 2, 28));
    assert_eq!((plan.kind_id, plan.managers.len()), (SupportPlanKind::id_of("ASFP"), 1));
    assert_eq!(plan.activated_at, Some(at("2024-07-03T09:00:00Z")));
    assert_eq!((offering.price_minor, offering.currency.as_deref()), (Some(4990), Some("EUR")));
    assert_eq!(offering.covers, [ProductFamily::Microsoft365, ProductFamily::Azure]);
    assert_eq!(promise.offering_id, offering.id);
    assert_eq!(promise.customer_id, CustomerId::of_tenant(partner, "c5757d70-06f3-4f23-8367-5a9e55019f94"));
    assert_eq!(promise.told_at, Some(at("2024-06-20T00:00:00Z")));
}

#[test]
fn all_problems_are_told_with_their_lines() {
    let problems = problems(
        "[[support_plan]]\nkind = \"XYZ\"\nvalid_form = 2024-01-01\n\
         [[qualification]]\ncode = \"\"\nlevel = \"GOLD\"\nvalid_from = 2024-02-01\nvalid_until = 2024-01-01\n",
    );
    assert_eq!(
        problems,
        [
            "line 6: [[support_plan]]: `kind` \"XYZ\" is not one of ASFP, PSFP",
            "line 6: [[support_plan]]: `valid_from` is missing",
            "line 7: [[support_plan]] has no `valid_form`; it has kind, name, valid_from, valid_until, activated_at, managers",
            "line 9: [[qualification]]: `code` should be a text that is not empty",
            "line 12: [[qualification]]: `valid_until` is before `valid_from`",
        ]
    );
}

#[test]
fn a_customer_is_named_by_tenant_not_by_domain() {
    let entry = "[[customer_offering]]\ncustomer = \"contoso.com\"\noffering = \"Gold\"\nvalid_from = 2024-01-01\n";
    assert_eq!(
        problems(entry),
        [
            "line 6: [[customer_offering]]: `customer` \"contoso.com\" is a domain, and domains cannot be looked up here: \
         give the customer's tenant id",
            "line 7: [[customer_offering]]: `offering` \"Gold\" names no [[support_offering]] of this file",
        ]
    );
}

#[test]
fn an_unknown_section_names_its_line() {
    let problems = problems("[[suport_plan]]\nkind = \"ASFP\"\n");
    assert!(problems[0].starts_with("line 5: unknown field `suport_plan`"), "{problems:?}");
}

#[test]
fn what_is_not_toml_names_its_line() {
    let problems = problems("[[support_plan]]\nkind = ASFP\n");
    assert!(problems[0].starts_with("line 6: "), "{problems:?}");
}

#[test]
fn an_offering_has_a_name_of_its_own_and_covers_something() {
    let entry = |covers| {
        format!("[[support_offering]]\nname = \"A\"\nhours = \"always\"\ncovers = {covers}\nvalid_from = 2024-01-01\n")
    };
    assert_eq!(
        problems(&format!("{}{}", entry("[]"), entry("[\"gardening\", \"Azure\"]"))),
        [
            "line 8: [[support_offering]]: `covers` is an empty list",
            "line 11: [[support_offering]]: `name` \"A\" is the name of another offering above",
            "line 13: [[support_offering]]: `covers` \"gardening\" is not one of azure, microsoft-365, dynamics-365, \
         power-platform, security-mobility, software, third-party",
        ]
    );
}

#[test]
fn a_price_needs_its_currency() {
    let entry = "[[support_offering]]\nname = \"A\"\nhours = \"always\"\ncovers = [\"azure\"]\nprice = 10\nvalid_from = 2024-01-01\n";
    assert_eq!(problems(entry), ["line 6: [[support_offering]]: it has a price, but no `currency`"]);
}

#[test]
fn reading_it_again_gives_the_same_ids() {
    let text = include_str!("../../docs/partner.example.toml");
    assert_eq!(read(text), read(text));
}
