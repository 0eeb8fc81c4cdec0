//! Who asks, which rows they may reach, and what they may do.

use std::{collections::BTreeSet, net::IpAddr, sync::Arc};

use chrono::{DateTime, Utc};
use strum::{EnumIter, EnumMessage, EnumString, IntoEnumIterator as _, IntoStaticStr};
use uuid::Uuid;

use super::{CustomerId, Error, PartnerId, Result};

/// The rows that a caller may reach: one partner, and all or some of its customers.
///
/// What lies outside is not found, never forbidden, so ids cannot be probed.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Scope {
    /// The boundary of isolation.
    pub partner: PartnerId,
    /// `None` reaches every customer of the partner; a list reaches only those, and nothing that belongs to no
    /// customer but the partner itself.
    pub customers: Option<Arc<[CustomerId]>>,
}

impl Scope {
    /// Everything of one partner.
    pub fn partner(partner: PartnerId) -> Self {
        Self { partner, customers: None }
    }

    /// Some customers of one partner.
    pub fn customers(partner: PartnerId, customers: impl Into<Arc<[CustomerId]>>) -> Self {
        Self { partner, customers: Some(customers.into()) }
    }

    /// Whether it reaches what belongs to this customer of the partner; `None` is what belongs to the partner itself.
    pub fn reaches(&self, customer: Option<CustomerId>) -> bool {
        self.customers.as_ref().is_none_or(|own| customer.is_some_and(|customer| own.contains(&customer)))
    }

    /// Names the scope: the same on every node for all who reach the same rows, and another for everybody else.
    pub fn name(&self) -> Uuid {
        let Some(customers) = &self.customers else { return self.partner.0 };
        let customers: BTreeSet<CustomerId> = customers.iter().copied().collect();
        let customers: Vec<u8> = customers.into_iter().flat_map(|customer| customer.0.into_bytes()).collect();
        Uuid::new_v5(&self.partner.0, &customers)
    }
}

/// What somebody may be. Several roles add up. Those of the partner's own people are Partner Center's. Its documentation is
/// what people read in `docs/ROLES.md`.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, EnumString, IntoStaticStr, EnumIter, EnumMessage,
)]
#[strum(serialize_all = "SCREAMING_SNAKE_CASE", ascii_case_insensitive)]
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

impl Role {
    /// The roles of these names; `ALL` names every one.
    ///
    /// # Errors
    ///
    /// The first name that no role has.
    pub fn named(names: &[String]) -> Result<Vec<Self>, &str> {
        let named = |name: &String| match name.parse() {
            Ok(role) => Some(vec![role]),
            Err(_) => name.eq_ignore_ascii_case("all").then(|| Self::iter().collect()),
        };
        let mut roles = Vec::new();
        for name in names {
            roles.extend(named(name).ok_or(name.as_str())?);
        }
        Ok(roles)
    }
}

/// What a field or an act needs. Its documentation is what people read in `docs/ROLES.md`.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, EnumString, IntoStaticStr, EnumIter, EnumMessage,
)]
#[strum(serialize_all = "SCREAMING_SNAKE_CASE")]
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

impl Permission {
    /// The table of who may do what: the roles that have this permission, besides Global admin, who has all.
    ///
    /// Sources: Partner Center's roles as of 2022, and what a customer may know about itself.
    fn holders(self) -> &'static [Role] {
        use Role::{AdminAgent, BillingAdmin, CustomerUser, HelpdeskAgent, SalesAgent, UserManagementAdmin};
        match self {
            Self::ReadProfile => {
                &[UserManagementAdmin, HelpdeskAgent, AdminAgent, SalesAgent, BillingAdmin, CustomerUser]
            }
            Self::ReadCustomers => &[HelpdeskAgent, AdminAgent, SalesAgent, BillingAdmin, CustomerUser],
            Self::ReadHealth | Self::ReadServiceRequests => &[HelpdeskAgent, AdminAgent, SalesAgent, CustomerUser],
            Self::ReadPersonalData | Self::NoteServiceRequest | Self::CloseServiceRequest => {
                &[HelpdeskAgent, AdminAgent]
            }
            Self::ReadSupportPlans => &[HelpdeskAgent, AdminAgent, SalesAgent],
            Self::ReadPrices => &[AdminAgent, SalesAgent, BillingAdmin, CustomerUser],
            Self::ReadAudit => &[],
            Self::OpenServiceRequest => &[HelpdeskAgent, AdminAgent, SalesAgent],
            Self::ManageApiKeys => &[UserManagementAdmin],
        }
    }
}

/// A set of permissions: what somebody has, or what something needs.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Permissions(u32);

impl Permissions {
    /// What is open to everybody who may ask at all needs these.
    pub const NONE: Self = Self(0);

    /// This one alone.
    pub const fn only(permission: Permission) -> Self {
        Self(1 << permission as u32)
    }

    /// What somebody with all of these roles may do.
    pub fn of(roles: &[Role]) -> Self {
        let granted = |permission: &Permission| {
            roles.iter().any(|role| *role == Role::GlobalAdmin || permission.holders().contains(role))
        };
        Permission::iter().filter(granted).map(Self::only).fold(Self::NONE, Self::and)
    }

    /// These and those.
    pub const fn and(self, others: Self) -> Self {
        Self(self.0 | others.0)
    }

    pub fn contains(self, permission: Permission) -> bool {
        self.missing(Self::only(permission)).is_none()
    }

    /// The first of `needed` that is not among them.
    #[inline]
    pub fn missing(self, needed: Self) -> Option<Permission> {
        if needed.0 & !self.0 == 0 { None } else { Self(needed.0 & !self.0).iter().next() }
    }

    /// # Errors
    ///
    /// [`Error::Forbidden`] if `permission` is not among them.
    pub fn require(self, permission: Permission) -> Result<()> {
        if self.contains(permission) { Ok(()) } else { Err(Error::Forbidden(permission)) }
    }

    /// Whether everybody who has these has `others`, whichever of the roles it has; somebody may have none.
    pub fn imply(self, others: Self) -> bool {
        let everybody = Role::iter().map(|role| Self::of(&[role])).chain([Self::NONE]);
        everybody.filter(|own| own.missing(self).is_none()).all(|own| own.missing(others).is_none())
    }

    /// Each of them, in the order of the table.
    pub fn iter(self) -> impl Iterator<Item = Permission> {
        Permission::iter().filter(move |permission| self.0 & Self::only(*permission).0 != 0)
    }
}

impl From<Option<Permission>> for Permissions {
    fn from(permission: Option<Permission>) -> Self {
        permission.map_or(Self::NONE, Self::only)
    }
}

/// Which share of the server somebody uses: who exports tables must not slow those at a screen. In order: one may use a
/// later one than one's own, never an earlier one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, EnumString, IntoStaticStr, EnumIter)]
#[strum(serialize_all = "snake_case")]
pub enum Lane {
    /// Somebody waits at a screen.
    Screen,
    /// A tool reads tables.
    Bi,
    /// Somebody tries queries.
    Playground,
}

/// Who is asking.
#[derive(Clone, Debug)]
pub struct Viewer {
    /// How the viewer is shown to itself and in the audit log, e.g. `local` or `ada@partner.example`.
    pub name: String,
    /// Names the person or program for ever, whatever it shows to prove it: what budgets and the audit log go by.
    pub subject: Arc<str>,
    /// Sorted, each once.
    pub roles: Arc<[Role]>,
    /// What the roles grant.
    pub permissions: Permissions,
    /// What it may reach.
    pub scope: Scope,
    pub lane: Lane,
    /// The lane of what it showed, whatever it asked for.
    pub own_lane: Lane,
    /// Where it asks from, as far as is known: for the audit log.
    pub address: Option<IpAddr>,
    /// When what it showed of itself ends, such as a token. `None` for never.
    pub expires_at: Option<DateTime<Utc>>,
}

impl Viewer {
    /// Somebody at a screen, known for as long as the process lives.
    ///
    /// Who is a customer's user and nothing else reaches no customer unless `scope` names it: a partner's whole scope is
    /// for its own people.
    pub fn new(name: &str, subject: &str, roles: impl IntoIterator<Item = Role>, scope: Scope) -> Self {
        let roles: BTreeSet<Role> = roles.into_iter().collect();
        let roles: Arc<[Role]> = roles.into_iter().collect();
        let scope = match (&*roles, &scope.customers) {
            ([Role::CustomerUser], None) => Scope::customers(scope.partner, []),
            _ => scope,
        };
        Self {
            name: name.to_owned(),
            subject: subject.into(),
            permissions: Permissions::of(&roles),
            roles,
            scope,
            lane: Lane::Screen,
            own_lane: Lane::Screen,
            address: None,
            expires_at: None,
        }
    }

    /// The same in the lane that it asks for, or its own if that is a later one.
    pub fn in_lane(self, asked: Lane) -> Self {
        Self { lane: self.own_lane.max(asked), ..self }
    }

    /// Whether an API key proves who it is.
    pub fn shows_key(&self) -> bool {
        self.subject.starts_with("key:")
    }

    /// What is known of it.
    pub fn proven(&self) -> Arc<Proven> {
        let (name, roles) = (self.name.clone(), Arc::clone(&self.roles));
        Arc::new(Proven { partner: Some(self.scope.partner), subject: Arc::clone(&self.subject), name, roles })
    }

    /// Whether both are the same person with the same rights, whatever they showed to prove it.
    pub fn is_same(&self, other: &Self) -> bool {
        self.subject == other.subject && self.roles == other.roles && self.scope == other.scope
    }
}

/// Somebody who is known, whether it is let in or not: what the audit log says of it.
#[derive(Clone, Debug)]
pub struct Proven {
    /// `None` where it is not told for which partner.
    pub partner: Option<PartnerId>,
    /// As a [`Viewer`]'s.
    pub subject: Arc<str>,
    pub name: String,
    pub roles: Arc<[Role]>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_scope_is_named_after_what_it_reaches() {
        let partner = PartnerId::of_tenant("partner");
        let [one, other] = ["one", "other"].map(|tenant| CustomerId::of_tenant(partner, tenant));
        let name = |customers: &[CustomerId]| Scope::customers(partner, customers).name();
        assert_eq!(name(&[one, other]), name(&[other, one, other]), "in any order");
        let names = [name(&[]), name(&[one]), name(&[other]), name(&[one, other]), Scope::partner(partner).name()];
        assert_eq!(names.into_iter().collect::<BTreeSet<_>>().len(), names.len(), "{names:?}");
    }

    #[test]
    fn roles_add_up() {
        let both = Permissions::of(&[Role::HelpdeskAgent, Role::BillingAdmin]);
        assert!(both.contains(Permission::ReadPersonalData) && both.contains(Permission::ReadPrices));
        assert!(!Permissions::of(&[Role::HelpdeskAgent]).contains(Permission::ReadPrices));
        assert_eq!(Permissions::of(&[]), Permissions::NONE);
        assert_eq!(Permissions::of(&[Role::GlobalAdmin]).iter().count(), Permission::iter().count());
    }

    #[test]
    fn the_permission_that_is_missing_is_named() {
        let needed = Permissions::only(Permission::ReadCustomers).and(Permissions::only(Permission::ReadPrices));
        assert_eq!(Permissions::of(&[Role::HelpdeskAgent]).missing(needed), Some(Permission::ReadPrices));
        assert_eq!(Permissions::of(&[Role::SalesAgent]).missing(needed), None);
        let refused = Permissions::of(&[Role::HelpdeskAgent]).require(Permission::ReadPrices);
        assert!(matches!(refused, Err(Error::Forbidden(Permission::ReadPrices))));
    }

    #[test]
    fn one_permission_implies_another_if_every_role_that_has_it_has_both() {
        let (customers, health) =
            (Permissions::only(Permission::ReadCustomers), Permissions::only(Permission::ReadHealth));
        assert!(health.imply(customers) && !customers.imply(health), "a Billing admin has no health");
        assert!(!Permissions::NONE.imply(Permissions::only(Permission::ReadProfile)), "somebody may have no role");
        assert!(Permissions::NONE.imply(Permissions::NONE));
    }

    #[test]
    fn who_acts_on_something_may_see_it() {
        // An act tells whether what its input names is there.
        for (act, named) in [
            (Permission::OpenServiceRequest, Permission::ReadServiceRequests),
            (Permission::OpenServiceRequest, Permission::ReadCustomers),
            (Permission::OpenServiceRequest, Permission::ReadHealth),
            (Permission::NoteServiceRequest, Permission::ReadServiceRequests),
            (Permission::CloseServiceRequest, Permission::ReadServiceRequests),
        ] {
            assert!(Permissions::only(act).imply(Permissions::only(named)), "{act:?} {named:?}");
        }
    }

    #[test]
    fn a_customers_user_reaches_no_customer_that_nobody_named() {
        let partner = PartnerId::of_tenant("p");
        let reach = |roles: &[Role], scope| Viewer::new("a", "a", roles.iter().copied(), scope).scope.customers;
        let own = CustomerId::of_tenant(partner, "c");
        assert_eq!(reach(&[Role::CustomerUser], Scope::partner(partner)).as_deref(), Some([].as_slice()));
        assert_eq!(reach(&[Role::CustomerUser], Scope::customers(partner, [own])).as_deref(), Some([own].as_slice()));
        assert_eq!(reach(&[Role::CustomerUser, Role::HelpdeskAgent], Scope::partner(partner)), None);
    }
}
