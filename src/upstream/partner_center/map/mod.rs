//! From Partner Center's JSON to changes. Pure functions of one item and where it comes from; an error is the reason
//! why the item cannot be used.

pub mod customer;
pub mod partner;
pub mod service_request;
pub mod subscription;

/// Two letters in upper case.
fn country(country: Option<String>) -> Option<String> {
    country.map(|country| country.to_uppercase())
}

#[cfg(test)]
mod tests;
