//! The root of all that changes something.

use super::service_request_act;
use crate::{
    domain::{access::Permission, event::EntityKind},
    engine::{Described, Object},
};

/// `Mutation`: fields that do something, one after the other.
#[derive(Clone, Default)]
pub struct Mutation;

impl Described for Mutation {
    const NAME: &'static str = "Mutation";
    const NEEDS: Option<Permission> = None;
    const MADE_FROM: &'static [EntityKind] = &[];
    const ONE_BY_ONE: bool = true;

    fn describe(object: &mut Object<Self>) {
        object.about(
            "Everything that can be changed. The fields of one request run one after the other, each with all that is \
             selected below it; what one has done stays done if a later one fails. What the sender can mend stands in \
             `userErrors`, and then nothing was done; a payload is null only if something failed that is in `errors`.",
        );
        service_request_act::describe(object);
    }
}
