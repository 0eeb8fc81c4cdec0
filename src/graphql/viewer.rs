//! `Viewer`: who asks, and what that one may do.

use std::sync::Arc;

use async_graphql::Enum;

use super::{context::Ask, loaders::ThePartner};
use crate::{
    domain::{
        self,
        access::{self, Permissions},
        event::EntityKind,
    },
    engine::{Described, Object},
};

/// Who is asking, as the viewer sees itself.
#[derive(Clone)]
pub struct ViewerSelf {
    name: String,
    roles: Arc<[access::Role]>,
    permissions: Permissions,
    is_restricted: bool,
}

impl From<&access::Viewer> for ViewerSelf {
    fn from(viewer: &access::Viewer) -> Self {
        Self {
            name: viewer.name.clone(),
            roles: Arc::clone(&viewer.roles),
            permissions: viewer.permissions,
            is_restricted: viewer.scope.customers.is_some(),
        }
    }
}

impl Described for ViewerSelf {
    const NAME: &'static str = "Viewer";
    const NEEDS: Option<access::Permission> = None;
    const MADE_FROM: &'static [EntityKind] = &[];

    fn describe(object: &mut Object<Self>) {
        object.about("Who is asking, and what that one may see. Source: the request's credentials.");
        object.text("name", "How the viewer is called.", |v| &v.name);
        object.words::<Role>("roles", "What the viewer is; several roles add up.", |v| {
            v.roles.iter().map(|role| role.into()).collect()
        });
        object.words::<Permission>("permissions", "What the viewer may see and do, by its roles.", |v| {
            v.permissions.iter().map(Into::into).collect()
        });
        object.flag("isRestrictedToCustomers", "Whether the viewer sees some of the partner's customers only.", |v| {
            v.is_restricted
        });
        object.nullable_one(
            "partner",
            "The partner whose data the viewer sees. Null before anything of it was imported.",
            |_| Some(()),
            |context, _| Ok(ThePartner { store: context.store() }),
        );
    }
}

/// What somebody may be. What each role may see and do stands in `docs/ROLES.md`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
#[graphql(remote = "domain::access::Role")]
pub enum Role {
    /// Everything of the partner.
    GlobalAdmin,
    /// Who works for the partner, and with which keys.
    UserManagementAdmin,
    /// Helps customers: health, requests and what they bought, without prices.
    HelpdeskAgent,
    /// Manages customers and subscriptions, and acts for customers.
    AdminAgent,
    /// Sells: customers, subscriptions, prices and health, without what people wrote in requests.
    SalesAgent,
    /// Invoices and prices: customers, subscriptions and offerings.
    BillingAdmin,
    /// Works for a customer, and sees its own tenant alone.
    CustomerUser,
}

/// What a field or an act needs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
#[graphql(remote = "domain::access::Permission")]
pub enum Permission {
    /// The partner's own name and profile.
    ReadProfile,
    /// Customers, who serves them, what they bought, and what they were promised.
    ReadCustomers,
    /// Services, their health, incidents and messages.
    ReadHealth,
    /// Service requests: what about, how severe, which state.
    ReadServiceRequests,
    /// What people wrote in service requests, and the names, addresses and numbers of people.
    ReadPersonalData,
    /// The partner's support plans, their kinds and response targets.
    ReadSupportPlans,
    /// Prices of offerings.
    ReadPrices,
    /// Who did what: the audit log.
    ReadAudit,
    /// Opens service requests.
    OpenServiceRequest,
    /// Writes notes on service requests.
    NoteServiceRequest,
    /// Closes service requests.
    CloseServiceRequest,
    /// Issues, lists and revokes API keys.
    ManageApiKeys,
}
