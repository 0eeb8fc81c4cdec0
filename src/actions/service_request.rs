//! Opening a service request, writing on it, closing it.
//!
//! What is done here is recorded here: nothing of it is sent to Microsoft.

use chrono::{DateTime, Utc};
use serde::Serialize;

use super::{
    Actions,
    once::{Act, Once},
};
use crate::{
    domain::{
        CustomerId, Error, Result, ServiceRequestId, ServiceRequestNoteId,
        access::{Permission, Scope, Viewer},
        audit::{AuditOutcome, AuditRecord},
        change::{Batch, Change},
        service_request::{ServiceRequest, ServiceRequestNote},
        service_request_act::Filing,
    },
    store::Write,
};

/// A note that is to be written.
#[derive(Clone, Debug, Serialize)]
pub struct Noting {
    pub id: ServiceRequestId,
    pub text: String,
    /// At which version the writer saw the request; none if that does not matter.
    pub expected_version: Option<i64>,
}

/// A request that is to be closed.
#[derive(Clone, Debug, Serialize)]
pub struct Closing {
    pub id: ServiceRequestId,
    /// At which version the closer saw the request; none if that does not matter.
    pub expected_version: Option<i64>,
}

/// Opening a request.
pub const OPEN: Act = Act { name: "open", needs: Permission::OpenServiceRequest };
/// Writing a note on a request.
pub const NOTE: Act = Act { name: "note", needs: Permission::NoteServiceRequest };
/// Closing a request.
pub const CLOSE: Act = Act { name: "close", needs: Permission::CloseServiceRequest };

// Each gives the request that it was about, and writes its record together with what it does. One that is sent again
// under the same key does nothing and gives the same request. What its sender can mend is an `Invalid`, or an error of one input.
impl Actions {
    /// Opens a request.
    pub async fn open_service_request(
        &self,
        viewer: &Viewer,
        key: String,
        filing: Filing,
        record: AuditRecord,
    ) -> Result<ServiceRequestId> {
        let now = self.clock.now();
        let once = Once::new(viewer, key, &OPEN, &filing)?;
        let id = ServiceRequestId::entered(viewer.scope.partner, &once.key, now);
        let request = ServiceRequest::open(id, filing, now)?;
        let mut write = self.store.scoped(&viewer.scope).begin().await?;
        if let Some(done) = once.done_before(&mut write, now).await? {
            return done_before(write, done.into(), record).await;
        }
        check_links(&write, &viewer.scope, &request).await?;
        finish(write, &once, (request, Vec::new()), record, now).await
    }

    /// Writes a note on a request, whatever its status.
    pub async fn note_service_request(
        &self,
        viewer: &Viewer,
        key: String,
        noting: Noting,
        record: AuditRecord,
    ) -> Result<ServiceRequestId> {
        let now = self.clock.now();
        let once = Once::new(viewer, key, &NOTE, &noting)?;
        let id = ServiceRequestNoteId::entered(noting.id, &once.key, now);
        let note = ServiceRequestNote::write(id, noting.id, &viewer.name, &noting.text, now)?;
        let mut write = self.store.scoped(&viewer.scope).begin().await?;
        if let Some(done) = once.done_before(&mut write, now).await? {
            return done_before(write, done.into(), record).await;
        }
        let request = present(&write, noting.id, noting.expected_version).await?;
        finish(write, &once, (request, vec![note]), record, now).await
    }

    /// Closes a request.
    pub async fn close_service_request(
        &self,
        viewer: &Viewer,
        key: String,
        closing: Closing,
        record: AuditRecord,
    ) -> Result<ServiceRequestId> {
        let now = self.clock.now();
        let once = Once::new(viewer, key, &CLOSE, &closing)?;
        let mut write = self.store.scoped(&viewer.scope).begin().await?;
        if let Some(done) = once.done_before(&mut write, now).await? {
            return done_before(write, done.into(), record).await;
        }
        let mut request = present(&write, closing.id, closing.expected_version).await?;
        request.close(now).map_err(|error| error.of_input("id"))?;
        finish(write, &once, (request, Vec::new()), record, now).await
    }
}

/// The request, if it is as its sender saw it.
async fn present(write: &Write, id: ServiceRequestId, expected_version: Option<i64>) -> Result<ServiceRequest> {
    let request = write.service_request(id).await.map_err(|error| error.of_input("id"))?;
    request.expect_version(expected_version)?;
    Ok(request)
}

/// Refuses links to what is not there, or is another customer's.
async fn check_links(write: &Write, scope: &Scope, request: &ServiceRequest) -> Result<()> {
    // Who sees some customers alone does not find the partner itself, no more than a customer who is not there.
    let nobody = (!scope.reaches(None)).then(CustomerId::default);
    if let Some(customer) = request.customer_id.or(nobody) {
        write.customer(customer).await.map_err(|error| error.of_input("customerId"))?;
    }
    if let Some(incident) = request.incident_id {
        write.incident(incident).await.map_err(|error| error.of_input("incidentId"))?;
    }
    if let Some(subscription) = request.subscription_id {
        let subscription = write.subscription(subscription).await.map_err(|error| error.of_input("subscriptionId"))?;
        if request.customer_id != Some(subscription.customer_id) {
            let reason = "another customer holds this subscription; give its holder as `customerId`";
            return Err(Error::invalid("subscriptionId", reason));
        }
    }
    Ok(())
}

/// Records that this was done when it was sent before.
async fn done_before(mut write: Write, id: ServiceRequestId, record: AuditRecord) -> Result<ServiceRequestId> {
    write.record(&record.about_entity(id).ended(AuditOutcome::DoneBefore)).await?;
    write.end().await?;
    Ok(id)
}

/// Saves a request and its new notes, with the events for what changed.
async fn finish(
    mut write: Write,
    once: &Once,
    (request, notes): (ServiceRequest, Vec<ServiceRequestNote>),
    record: AuditRecord,
    now: DateTime<Utc>,
) -> Result<ServiceRequestId> {
    let (id, customer) = (request.id, request.customer_id);
    let batch = Batch { changes: vec![Change::ServiceRequest { request, notes }], ..Batch::default() };
    let (_, events) = write.apply(batch, "an act", now).await?;
    once.remember(&mut write, (id.0, customer), now).await?;
    write.record(&record.about_entity(id)).await?;
    write.commit(events).await?;
    Ok(id)
}
