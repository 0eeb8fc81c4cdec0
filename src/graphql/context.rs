//! What loaders and acts need of a request.

use chrono::NaiveDate;

use crate::{
    actions::Actions,
    domain::{
        access::{Lane, Viewer},
        clock::Clock,
    },
    engine::{Context, Rehearsal, next_midnight},
    live::Live,
    store::{ScopedStore, Store},
};

#[derive(Clone)]
struct Surroundings {
    store: ScopedStore,
    actions: Actions,
    viewer: Viewer,
    live: Live,
}

/// The context of one request of `viewer`.
pub fn context(store: &Store, clock: &Clock, live: &Live, viewer: Viewer, correlation_id: String) -> Context {
    let scope = &viewer.scope;
    // Scope and roles decide everything that an answer may hold; the name is shown by `viewer`.
    let audience = format!("{}\n{:?}\n{:?}\n{:?}", viewer.name, viewer.roles, scope.partner.0, scope.customers);
    let (realm, name, permissions) = (scope.partner.0, scope.name(), viewer.permissions);
    let actions = Actions::new(store, clock, &correlation_id);
    let store = match viewer.lane {
        Lane::Screen => store.scoped(scope),
        Lane::Bi | Lane::Playground => store.scoped(scope).in_background(),
    };
    let live = live.clone();
    let surroundings = Surroundings { store, actions, viewer, live };
    Context::new(correlation_id, clock.now(), audience, realm, name, permissions, surroundings)
}

/// The same request, whose loaders run no statement.
pub(super) fn rehearse(context: &Context) -> Rehearsal {
    let surroundings = context.get::<Surroundings>();
    let (store, noted) = surroundings.store.noting();
    let context = context.with(Surroundings { store, ..surroundings.clone() });
    Rehearsal { context, noted: Box::new(move || noted.take()) }
}

/// What a loader may ask its context for.
pub(super) trait Ask {
    fn store(&self) -> ScopedStore;
    fn actions(&self) -> &Actions;
    fn viewer(&self) -> &Viewer;
    fn live(&self) -> &Live;
    /// The present day; tells the context that the answer is good for this day only.
    fn today(&self) -> NaiveDate;
}

impl Ask for Context {
    fn store(&self) -> ScopedStore {
        self.get::<Surroundings>().store.clone()
    }

    fn actions(&self) -> &Actions {
        &self.get::<Surroundings>().actions
    }

    fn viewer(&self) -> &Viewer {
        &self.get::<Surroundings>().viewer
    }

    fn live(&self) -> &Live {
        &self.get::<Surroundings>().live
    }

    fn today(&self) -> NaiveDate {
        next_midnight(self.now).into_iter().for_each(|midnight| self.answer_changes_at(midnight));
        self.now.date_naive()
    }
}
