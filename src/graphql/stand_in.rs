//! Stands in for the schema while it is being written: `lib.rs` names this file instead of `mod.rs`.

use futures::FutureExt;
use strum::VariantArray as _;

use crate::{
    domain::{access::Viewer, clock::Clock, event::EntityKind},
    engine::{Context, CursorKey, Described, Engine, Limits, Object, Settings},
    store::Store,
};

/// Builds the schema. `response_bytes` is how much memory the response cache may take; none turns it off.
pub fn build(limits: Limits, documents: usize, response_bytes: Option<usize>, cursor_key: [u8; 32]) -> Engine {
    let cursor_key = CursorKey::new(cursor_key);
    let read_versions = |_: &Context| async { Ok([0; EntityKind::VARIANTS.len()]) }.boxed();
    Engine::new::<QueryRoot>(Settings { limits, documents, response_bytes, cursor_key, read_versions })
}

/// The context of one request of `viewer`.
pub fn context(_store: &Store, clock: &Clock, viewer: Viewer, correlation_id: String) -> Context {
    let realm = viewer.scope.partner.0;
    Context::new(correlation_id, clock.now(), format!("{:?}", viewer.scope), realm, ())
}

#[derive(Clone, Default)]
struct QueryRoot;

impl Described for QueryRoot {
    const NAME: &'static str = "Query";
    const MADE_FROM: &'static [EntityKind] = &[];

    fn describe(object: &mut Object<Self>) {
        object.about("Everything that can be asked.");
        object.flag("answers", "Stands in until there is more to ask.", |_| true);
    }
}
