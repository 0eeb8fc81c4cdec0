//! The schema: what each type says; nothing that decides anything.

use futures::FutureExt;
use strum::VariantArray as _;

use crate::{
    config::{CacheConfig, LimitsConfig},
    domain::{access::Viewer, clock::Clock, event::EntityKind},
    engine::{self, CursorKey, Described, Engine, Limits, Object, Settings},
    store::Store,
};

/// The schema, ready to be asked.
pub fn build(limits: &LimitsConfig, cache: &CacheConfig, cursor_key: [u8; 32]) -> Engine {
    let usize = |number: u64| usize::try_from(number).unwrap_or(usize::MAX);
    Engine::new::<QueryRoot>(Settings {
        limits: Limits {
            tokens: usize(limits.tokens),
            depth: limits.depth,
            aliases: limits.aliases,
            directives: limits.directives,
            root_fields: limits.root_fields,
            selections: limits.selections,
            cost: limits.cost,
            page_size: u32::try_from(limits.page_size).unwrap_or(u32::MAX),
        },
        documents: usize(cache.documents),
        response_bytes: cache.enabled.then(|| usize(cache.response_bytes)),
        cursor_key: CursorKey::new(cursor_key),
        read_versions: |_| async { Ok([0; EntityKind::VARIANTS.len()]) }.boxed(),
    })
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

/// What one request needs besides its document.
pub struct Context;

impl Context {
    #[expect(clippy::new_ret_no_self, reason = "the engine's context, filled with what the schema needs")]
    pub fn new(_store: &Store, clock: &Clock, viewer: Viewer, correlation_id: String) -> engine::Context {
        let realm = viewer.scope.partner.0;
        engine::Context::new(correlation_id, clock.now(), format!("{:?}", viewer.scope), realm, ())
    }
}
