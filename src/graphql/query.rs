//! The root fields: where every query begins.

use std::collections::HashMap;

use async_graphql::{ID, dataloader::Loader, registry::Registry};
use futures::future::FutureExt;

use super::{
    context::Ask,
    filter::{check_text, read_id},
    live::prefix,
    loaders::*,
    viewer::ViewerSelf,
};
use crate::{
    domain::{
        CustomerId, Error, Result, access::Permission, customer::Customer, event::EntityKind, incident::Incident,
        page::Wants, service_health::Service, service_request::ServiceRequest, subscription::Subscription,
    },
    engine::{Described, NodeRef, Object, Wanted, argument, parse_id, union_of},
    store::ScopedStore,
};

/// `Query`, the root of all reads.
#[derive(Clone, Default)]
pub struct Query;

impl Described for Query {
    const NAME: &'static str = "Query";
    const NEEDS: Option<Permission> = None;
    const MADE_FROM: &'static [EntityKind] = &[];

    fn describe(object: &mut Object<Self>) {
        object.about(
            "Everything that can be read: the customers of a CSP partner, what they bought, the plans that cover it, the \
             state of Microsoft's services, the incidents that hit them, and the tickets about them.",
        );
        by_id(object);
        object
            .one(
                "viewer",
                "Who is asking, and what that one may see.",
                |_| Some(()),
                |context, _| Ok(TheViewer(context.viewer().into())),
            )
            .takes(0);
        object.nullable_one(
            "partner",
            "The partner whose data this is. Null before anything of it was imported.",
            |_| Some(()),
            |context, _| Ok(ThePartner { store: context.store() }),
        );
        object
            .nullable_one(
                "customer",
                "One customer, by exactly one of its names. Null if there is none, or if it may not be seen.",
                |_| Some(()),
                |context, wanted| customer_by(context.store(), wanted),
            )
            .argument(argument::<Option<ID>>("id", "Its global id."))
            .argument(argument::<Option<String>>("tenantId", "Its Entra tenant, in either letter case."))
            .argument(argument::<Option<String>>("domain", "Any of its domains, in either letter case."));
        lists(object);
        object
            .refs_of("search", SEARCH, "SearchResult", search_result, |context, wanted| {
                async move {
                    let text: String = wanted.args.get("text")?;
                    check_text("text", &text)?;
                    let may_see = |needs: Option<Permission>| context.permissions.missing(needs.into()).is_none();
                    let kinds: Vec<EntityKind> =
                        SEARCHED.iter().filter(|(_, needs)| may_see(*needs)).map(|(kind, _)| *kind).collect();
                    let found = context.store().search(&text, &kinds, hits(wanted)?).await?;
                    Ok(found.into_iter().map(|(kind, id)| Some((prefix(kind).to_owned(), id))).collect())
                }
                .boxed()
            })
            // One to find each of five types, and one to load what was found of each.
            .takes(10)
            .argument(argument::<String>("text", "What the caller said: a name, a domain, a number."))
            .argument(argument::<Option<i32>>("first", "How many at most, up to 50.").defaults_to("10"));
    }
}

const SEARCH: &str = "What is called so, best first: a tenant, domain or number that matches exactly, then names that \
                      begin with the text, then those that contain it. Customers, incidents, service requests, services \
                      and subscriptions, as far as the viewer may see such things.";

/// What is searched, in the order of equal hits, and what is needed to see it.
const SEARCHED: [(EntityKind, Option<Permission>); 5] = [
    (EntityKind::Customer, Customer::NEEDS),
    (EntityKind::Incident, Incident::NEEDS),
    (EntityKind::ServiceRequest, ServiceRequest::NEEDS),
    (EntityKind::Service, Service::NEEDS),
    (EntityKind::Subscription, Subscription::NEEDS),
];

fn by_id(object: &mut Object<Query>) {
    object
        .nullable_ref(
            "node",
            "The object with this global id. Null if there is none, or if it may not be seen.",
            |_, wanted| async move { Ok(vec![reference(&wanted.args.get::<ID>("id")?)]) }.boxed(),
        )
        .takes(1)
        .argument(argument::<ID>("id", "A global id."));
    object
        .refs_or_null(
            "nodes",
            "The objects with these global ids, in this order; null in the place of each that does not exist or may not \
             be seen.",
            |_, wanted| {
                async move {
                    let ids: Vec<ID> = wanted.args.get("ids")?;
                    if ids.len() > wanted.page_size as usize {
                        let reason = format!("{} ids are too many, at most {} are allowed", ids.len(), wanted.page_size);
                        return Err(Error::invalid("ids", reason));
                    }
                    Ok(ids.iter().map(reference).collect())
                }
                .boxed()
            },
        )
        .argument(argument::<Vec<ID>>("ids", "Global ids, of any types."));
}

fn lists(object: &mut Object<Query>) {
    object.page(
        "customers",
        "The partner's customers; by name unless ordered otherwise.",
        |_| (),
        |context, list| TheCustomers { store: context.store(), list },
    );
    object.page(
        "subscriptions",
        "What all customers bought; by name unless ordered otherwise.",
        |_| (),
        |context, list| TheSubscriptions { store: context.store(), list },
    );
    object.page(
        "supportPlans",
        "The partner's contracts and benefits with Microsoft; by name unless ordered otherwise.",
        |_| (),
        |context, list| TheSupportPlans { store: context.store(), list },
    );
    object.many(
        "supportPlanKinds",
        "All kinds of support plans that supportgraph knows, by code.",
        |_| Some(()),
        |context, _| Ok(TheSupportPlanKinds { store: context.store() }),
    );
    object.page(
        "services",
        "Microsoft's services that customers have or that incidents name; by name unless ordered otherwise.",
        |_| (),
        |context, list| TheServices { store: context.store(), list },
    );
    object.page(
        "incidents",
        "Incidents and advisories, whoever sees them; last changed first unless ordered otherwise.",
        |_| (),
        |context, list| TheIncidents { store: context.store(), list },
    );
    object.page(
        "messages",
        "Announcements of the message center; last changed first unless ordered otherwise.",
        |_| (),
        |context, list| TheMessages { store: context.store(), list },
    );
    object.page(
        "serviceRequests",
        "Tickets of the partner to Microsoft; newest first unless ordered otherwise.",
        |_| (),
        |context, list| TheServiceRequests { store: context.store(), list },
    );
    object.page(
        "auditRecords",
        "The audit log: who did what, when, from where; newest first unless ordered otherwise.",
        |_| (),
        |context, list| {
            context.answer_is_for_now();
            TheAuditRecords { store: context.store(), list }
        },
    );
}

/// What a global id refers to; a text that is none refers to nothing.
fn reference(id: &ID) -> Option<NodeRef> {
    parse_id(id).map(|(prefix, id)| (prefix.to_owned(), id))
}

fn hits(wanted: &Wanted<'_>) -> Result<u32> {
    match wanted.args.get::<Option<i32>>("first")?.unwrap_or(10) {
        first @ 0..=50 => Ok(first as u32),
        first => Err(Error::invalid("first", format!("{first} is not between 0 and 50"))),
    }
}

fn search_result(registry: &mut Registry) -> String {
    let about = "Anything that `search` finds.";
    let members = ["Customer", "CustomerSubscription", "Incident", "Service", "ServiceRequest"];
    format!("[{}!]!", union_of(registry, "SearchResult", about, &members))
}

fn customer_by(store: ScopedStore, wanted: &Wanted<'_>) -> Result<TheCustomer> {
    let id: Option<ID> = wanted.args.get("id")?;
    let tenant: Option<String> = wanted.args.get("tenantId")?;
    let domain: Option<String> = wanted.args.get("domain")?;
    let called = |argument, name: String| {
        check_text(argument, &name)?;
        Ok(TheCustomer::Called(store.clone(), name))
    };
    match (id, tenant, domain) {
        (Some(id), None, None) => Ok(TheCustomer::WithId(store.clone(), read_id("id", &id, CustomerId::PREFIX).ok())),
        (None, Some(name), None) => called("tenantId", name),
        (None, None, Some(name)) => called("domain", name),
        _ => Err(Error::invalid("customer", "give exactly one of `id`, `tenantId` and `domain`")),
    }
}

/// One customer by one of its names.
enum TheCustomer {
    /// An id that is none of a customer's finds nothing.
    WithId(ScopedStore, Option<CustomerId>),
    Called(ScopedStore, String),
}

impl Loader<()> for TheCustomer {
    type Value = Customer;
    type Error = Error;

    async fn load(&self, _: &[()]) -> Result<HashMap<(), Customer>> {
        let found = match self {
            Self::WithId(store, Some(id)) => store.customers_by_id(&[*id], &Wants::Everything).await?.pop(),
            Self::WithId(_, None) => None,
            Self::Called(store, name) => store.customer_by_tenant_or_domain(name).await?,
        };
        Ok(found.map(|customer| ((), customer)).into_iter().collect())
    }
}

/// The viewer itself; nothing is read for it.
struct TheViewer(ViewerSelf);

impl Loader<()> for TheViewer {
    type Value = ViewerSelf;
    type Error = Error;

    async fn load(&self, _: &[()]) -> Result<HashMap<(), ViewerSelf>> {
        Ok(HashMap::from([((), self.0.clone())]))
    }
}
