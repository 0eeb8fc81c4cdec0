//! What a transaction of somebody writes who sees some customers alone.

use super::{
    ScopedStore,
    testing::{TestStore, at, customer, fabrikam, partner, service_request},
};
use crate::domain::{
    CustomerId, Error, Result, ServiceRequestId,
    access::Scope,
    change::{Batch, Change},
    page::Wants,
    service_request::ServiceRequest,
};

/// The partner with a customer, and a request of another customer's.
async fn given() -> (TestStore, [CustomerId; 2], ServiceRequest) {
    let test = TestStore::new().await;
    let customers = ["one", "two"].map(|name| customer(fabrikam(), name));
    let [one, two] = customers.each_ref().map(|customer| customer.id);
    let theirs = request(Some(two), "theirs");
    let changes =
        [Change::Partner(partner(fabrikam())), told(&theirs)].into_iter().chain(customers.map(Change::Customer));
    test.of(fabrikam()).apply(batch(changes), "a test", at(1)).await.unwrap();
    (test, [one, two], theirs)
}

fn request(customer: Option<CustomerId>, number: &str) -> ServiceRequest {
    let id = ServiceRequestId::of(fabrikam(), number);
    let of_somebody = service_request(fabrikam(), CustomerId::derive(fabrikam().0, number));
    ServiceRequest { id, external_id: Some(number.to_owned()), customer_id: customer, version: 1, ..of_somebody }
}

fn told(request: &ServiceRequest) -> Change {
    Change::ServiceRequest { request: request.clone(), notes: Vec::new() }
}

fn batch(changes: impl IntoIterator<Item = Change>) -> Batch {
    Batch { changes: changes.into_iter().collect(), ..Batch::default() }
}

/// Writes what `store` is told in one transaction.
async fn write(store: &ScopedStore, request: &ServiceRequest) -> Result<i64> {
    let mut write = store.begin().await?;
    let (_, events) = write.apply(batch([told(request)]), "an act", at(2)).await?;
    write.commit(events).await
}

async fn stored(test: &TestStore, request: &ServiceRequest) -> Vec<ServiceRequest> {
    test.of(fabrikam()).service_requests_by_id(&[request.id], &Wants::Everything).await.unwrap()
}

#[tokio::test]
async fn who_sees_some_customers_writes_for_these_under_the_partners_next_position() {
    let (test, [one, two], _) = given().await;
    let store = test.store.scoped(&Scope::customers(fabrikam(), [one]));
    let before = store.log_position().await.unwrap();
    let own = request(Some(one), "own");

    assert_eq!(write(&store, &own).await.unwrap(), before + 1);

    assert_eq!(stored(&test, &own).await, std::slice::from_ref(&own));
    let heard = async |scope: Scope| test.store.scoped(&scope).log_after(before, 9).await.unwrap().events.len();
    assert_eq!(heard(Scope::customers(fabrikam(), [one])).await, 1);
    assert_eq!(heard(Scope::partner(fabrikam())).await, 1);
    assert_eq!(heard(Scope::customers(fabrikam(), [two])).await, 0);
}

#[tokio::test]
async fn nothing_is_written_for_a_customer_out_of_scope_nor_for_the_partner_itself() {
    let (test, [one, two], _) = given().await;
    let store = test.store.scoped(&Scope::customers(fabrikam(), [one]));
    let before = store.log_position().await.unwrap();
    for customer in [Some(two), None] {
        let foreign = request(customer, "foreign");
        assert!(matches!(write(&store, &foreign).await, Err(Error::Internal(_))), "{customer:?}");
        assert_eq!(stored(&test, &foreign).await, []);
    }
    assert_eq!(store.log_position().await.unwrap(), before);
}

#[tokio::test]
async fn no_row_of_a_customer_out_of_scope_is_written_over() {
    let (test, [one, _], theirs) = given().await;
    let forged = ServiceRequest { customer_id: Some(one), title: "forged".to_owned(), ..theirs.clone() };
    let written = write(&test.store.scoped(&Scope::customers(fabrikam(), [one])), &forged).await;
    assert!(matches!(written, Err(Error::Internal(_))), "{written:?}");
    assert_eq!(stored(&test, &theirs).await, [theirs]);
}

#[tokio::test]
async fn documents_speak_of_a_whole_partner() {
    let (test, [one, _], _) = given().await;
    let store = test.store.scoped(&Scope::customers(fabrikam(), [one]));
    let refused = store.apply(batch([told(&request(Some(one), "own"))]), "a test", at(2)).await;
    assert!(matches!(refused, Err(Error::Conflict(_))), "{refused:?}");
}
