//! `SupportOffering`: what the partner promises its customers.

use super::subscription::ProductFamily;
use crate::{
    domain::{access::Permission, event::EntityKind, support_offering::SupportOffering},
    engine::{Described, Object},
};

impl Described for SupportOffering {
    const NAME: &'static str = "SupportOffering";
    const NEEDS: Option<Permission> = Some(Permission::ReadCustomers);
    const MADE_FROM: &'static [EntityKind] = &[EntityKind::SupportOffering];

    fn describe(object: &mut Object<Self>) {
        object.about(
            "What the partner promises its customers: the four things that a CSP partner has to tell them, which are \
             scope, hours, contact and price. Source: the partner's own entry as it was last imported.",
        );
        object.text("name", "What the partner calls it.", |o| &o.name);
        object.words::<ProductFamily>("covers", "Product families that it covers.", |o| {
            o.covers.iter().map(|family| (*family).into()).collect()
        });
        object.text("hours", "When somebody answers, in words and with the time zone.", |o| &o.hours);
        object.nullable_text("contactEmail", "Where to write. Null if mail is not offered.", |o| {
            o.contact_email.as_deref()
        });
        object.nullable_text("contactPhone", "Where to call. Null if calls are not offered.", |o| {
            o.contact_phone.as_deref()
        });
        object
            .nullable_text("contactWebsite", "Where to look. Null if there is none.", |o| o.contact_website.as_deref());
        object
            .nullable_int(
                "pricePerMonthMinor",
                "Price a month, in hundredths of `currency`. Null if it is free of charge.",
                |o| o.price_minor,
            )
            .needs(Permission::ReadPrices);
        object
            .nullable_text("currency", "Three letters, ISO 4217. Null if it is free of charge.", |o| {
                o.currency.as_deref()
            })
            .needs(Permission::ReadPrices);
        object.nullable_text("provider", "Who does the work. Null if the partner itself does.", |o| {
            o.provider.as_deref()
        });
        object.date("validFrom", "First day it is offered.", |o| o.valid_from);
        object.nullable_date("validUntil", "Last day it is offered, inclusive. Null while no end is known.", |o| {
            o.valid_until
        });
    }
}
