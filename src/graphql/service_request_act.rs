//! What can be done with service requests: the fields of `Mutation`, their inputs and payloads.

use std::{collections::HashMap, marker::PhantomData};

use async_graphql::{ID, InputObject, InputType, dataloader::Loader};
use uuid::Uuid;

use super::{
    context::Ask,
    filter::read_id,
    loaders::ServiceRequestById,
    mutation::Mutation,
    outcome::{UserError, outcome},
    service_request::Severity,
};
use crate::{
    actions::{self, Actions, Closing, Noting},
    domain::{
        CustomerId, Error, IncidentId, Result, ServiceRequestId, SubscriptionId,
        access::{Permission, Viewer},
        audit::{AuditAction, AuditRecord},
        event::EntityKind,
        service_request_act::Filing,
    },
    engine::{Described, Object, argument},
};

pub fn describe(object: &mut Object<Mutation>) {
    act::<ServiceRequestOpenInput>(
        object,
        "serviceRequestOpen",
        "Opens a service request. It is recorded here, with `source: ENTERED`, and not sent to Microsoft: file it in \
         Partner Center, too, if Microsoft is to act.",
    );
    act::<ServiceRequestAddNoteInput>(
        object,
        "serviceRequestAddNote",
        "Writes a note on a service request, whatever its status. It is recorded here and not sent to Microsoft.",
    );
    act::<ServiceRequestCloseInput>(
        object,
        "serviceRequestClose",
        "Closes a service request that is not closed. It is recorded here and not sent to Microsoft: what Partner \
         Center says of a later change counts again.",
    );
}

fn act<A: Act>(object: &mut Object<Mutation>, name: &'static str, about: &'static str) {
    object
        .nullable_one(
            name,
            about,
            |_| Some(()),
            |context, wanted| {
                let (actions, viewer) = (context.actions().clone(), context.viewer().clone());
                let inputs = wanted.args.names_in("input");
                Ok(Acting { actions, viewer, inputs, input: wanted.args.get::<A>("input")? })
            },
        )
        .argument(argument::<A>("input", "What is to be done."));
}

/// What an input asks for.
trait Act: InputType + Clone + 'static {
    /// The payload's type in the schema.
    const PAYLOAD: &'static str;
    /// As the audit log calls it.
    const ACTION: AuditAction;

    /// What somebody needs to do it.
    const NEEDS: Permission;

    fn perform(
        self,
        actions: &Actions,
        viewer: &Viewer,
        record: AuditRecord,
    ) -> impl Future<Output = Result<ServiceRequestId>> + Send;
}

/// What an act gave.
#[derive(Clone)]
struct Payload<A> {
    service_request: Option<ServiceRequestId>,
    user_errors: Vec<UserError>,
    act: PhantomData<fn() -> A>,
}

impl<A: Act> Described for Payload<A> {
    const NAME: &'static str = A::PAYLOAD;
    const NEEDS: Option<Permission> = Some(A::NEEDS);
    const MADE_FROM: &'static [EntityKind] = &[];

    fn describe(object: &mut Object<Self>) {
        object.about("What came of it: either the service request, or what its sender has to mend.");
        object.nullable_one(
            "serviceRequest",
            "The service request as it is now, after what was done. Null if nothing was done; see `userErrors`.",
            |payload| payload.service_request,
            |context, wanted| Ok(ServiceRequestById { store: context.store(), wants: wanted.wants() }),
        );
        object
            .parts("userErrors", "What the sender has to mend. Empty if it was done.", |payload| &payload.user_errors);
    }
}

/// Acts when it is asked for the payload; the engine asks once for each field.
struct Acting<A> {
    actions: Actions,
    viewer: Viewer,
    /// Which members of the input were given.
    inputs: Vec<String>,
    input: A,
}

impl<A: Act> Loader<()> for Acting<A> {
    type Value = Payload<A>;
    type Error = Error;

    async fn load(&self, _: &[()]) -> Result<HashMap<(), Payload<A>>> {
        let record = self.actions.record(&self.viewer, A::ACTION, self.inputs.clone());
        let done = self.input.clone().perform(&self.actions, &self.viewer, record.clone()).await;
        if let Err(error) = &done {
            self.actions.not_done(record, error).await;
        }
        let (service_request, user_errors) = outcome(done)?;
        Ok(HashMap::from([((), Payload { service_request, user_errors, act: PhantomData })]))
    }
}

/// A service request that is to be opened.
#[derive(Clone, Debug, InputObject)]
pub struct ServiceRequestOpenInput {
    /// Names this very act for 24 hours: sent again with the same input, it is not done again and answers as the first
    /// did; with other input it is refused. 8 to 128 characters of ASCII without blanks, such as a new UUID.
    idempotency_key: String,
    /// For whom. Null if for the partner itself, which nobody finds who sees only some of its customers.
    customer_id: Option<ID>,
    /// Which of the customer's subscriptions it is about. Null if about none, or if it is not known.
    subscription_id: Option<ID>,
    /// Which incident caused it. Null if none did, or if it is not known.
    incident_id: Option<ID>,
    /// What it is about, in one line of up to 250 characters.
    title: String,
    /// What happened, in up to 10,000 characters.
    description: String,
    /// How bad it is. Anything but `UNKNOWN`.
    severity: Severity,
    /// The product it is about, in up to 250 characters. Null if not known.
    product_name: Option<String>,
    /// Whom to call at the partner, in up to 250 characters. Null if not known.
    contact_name: Option<String>,
    /// The contact's address. Null if not known.
    contact_email: Option<String>,
    /// The contact's number. Null if not known.
    contact_phone: Option<String>,
}

impl Act for ServiceRequestOpenInput {
    const PAYLOAD: &'static str = "ServiceRequestOpenPayload";
    const NEEDS: Permission = actions::OPEN.needs;
    const ACTION: AuditAction = AuditAction::ServiceRequestOpen;

    async fn perform(self, actions: &Actions, viewer: &Viewer, record: AuditRecord) -> Result<ServiceRequestId> {
        let filing = Filing {
            customer_id: link("customerId", self.customer_id, CustomerId::PREFIX)?,
            subscription_id: link("subscriptionId", self.subscription_id, SubscriptionId::PREFIX)?,
            incident_id: link("incidentId", self.incident_id, IncidentId::PREFIX)?,
            title: self.title,
            description: self.description,
            severity: self.severity.into(),
            product_name: self.product_name,
            contact_name: self.contact_name,
            contact_email: self.contact_email,
            contact_phone: self.contact_phone,
        };
        actions.open_service_request(viewer, self.idempotency_key, filing, record).await
    }
}

fn link<K: From<Uuid>>(input: &str, id: Option<ID>, prefix: &str) -> Result<Option<K>> {
    id.map(|id| read_id(input, &id, prefix)).transpose()
}

/// A note that is to be written.
#[derive(Clone, Debug, InputObject)]
pub struct ServiceRequestAddNoteInput {
    /// Names this very act for 24 hours: sent again with the same input, it is not done again and answers as the first
    /// did; with other input it is refused. 8 to 128 characters of ASCII without blanks, such as a new UUID.
    idempotency_key: String,
    /// On which service request.
    id: ID,
    /// What it says, in up to 10,000 characters.
    text: String,
    /// The `version` at which the writer saw the request: if it is another one now, nothing is written. Null to write
    /// whatever happened meanwhile.
    expected_version: Option<i32>,
}

impl Act for ServiceRequestAddNoteInput {
    const PAYLOAD: &'static str = "ServiceRequestAddNotePayload";
    const NEEDS: Permission = actions::NOTE.needs;
    const ACTION: AuditAction = AuditAction::ServiceRequestAddNote;

    async fn perform(self, actions: &Actions, viewer: &Viewer, record: AuditRecord) -> Result<ServiceRequestId> {
        let id = read_id("id", &self.id, ServiceRequestId::PREFIX)?;
        let noting = Noting { id, text: self.text, expected_version: self.expected_version.map(i64::from) };
        actions.note_service_request(viewer, self.idempotency_key, noting, record).await
    }
}

/// A service request that is to be closed.
#[derive(Clone, Debug, InputObject)]
pub struct ServiceRequestCloseInput {
    /// Names this very act for 24 hours: sent again with the same input, it is not done again and answers as the first
    /// did; with other input it is refused. 8 to 128 characters of ASCII without blanks, such as a new UUID.
    idempotency_key: String,
    /// Which service request.
    id: ID,
    /// The `version` at which the closer saw the request: if it is another one now, it is not closed. Null to close it
    /// whatever happened meanwhile.
    expected_version: Option<i32>,
}

impl Act for ServiceRequestCloseInput {
    const PAYLOAD: &'static str = "ServiceRequestClosePayload";
    const NEEDS: Permission = actions::CLOSE.needs;
    const ACTION: AuditAction = AuditAction::ServiceRequestClose;

    async fn perform(self, actions: &Actions, viewer: &Viewer, record: AuditRecord) -> Result<ServiceRequestId> {
        let id = read_id("id", &self.id, ServiceRequestId::PREFIX)?;
        let closing = Closing { id, expected_version: self.expected_version.map(i64::from) };
        actions.close_service_request(viewer, self.idempotency_key, closing, record).await
    }
}
