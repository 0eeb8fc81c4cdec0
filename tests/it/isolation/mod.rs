//! Nobody finds out anything of others, on any path.
//!
//! Whatever can be asked is asked in two worlds: in one with everybody, and in one where whoever asks is alone. Both give
//! the same answers, to the letter, for the same number of statements. So no row, count, id, cursor, error text or kept
//! answer tells of others, and what is foreign answers exactly like what does not exist. What can be asked comes from the
//! schema itself: a new field, argument, mutation or live feed is asked as soon as it is there.

mod feeds;
mod paths;
mod reads;
mod wall;
mod writes;

use serde_json::Value;
use supportgraph::{
    app,
    config::Config,
    domain::access::{Role, Scope, Viewer},
    engine::{Allowed, Engine, Opened, Request, Response},
};

use crate::support::{
    Listener, TestApp,
    arguments::Values,
    given::{ADATUM, BELLOWS, CONTOSO, FABRIKAM, Given},
    walk::Walk,
};

/// Somebody who asks: two partners that have the same two tenants as customers, and users of these.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Who {
    Fabrikam,
    Contoso,
    /// Contoso's customer.
    Adatum,
    /// Contoso's customer.
    Bellows,
    /// The same tenant as Fabrikam's customer.
    AdatumOfFabrikam,
}

const EVERYBODY: [Who; 4] = [Who::Fabrikam, Who::Contoso, Who::Adatum, Who::Bellows];

impl Who {
    fn given(self, app: &TestApp) -> Given {
        match self {
            Self::Fabrikam | Self::AdatumOfFabrikam => Given::new(FABRIKAM, "fabrikam", app.clock.now()),
            Self::Contoso | Self::Adatum | Self::Bellows => Given::new(CONTOSO, "contoso", app.clock.now()),
        }
    }

    /// The customer whose user this is.
    fn tenant(self) -> Option<&'static str> {
        match self {
            Self::Fabrikam | Self::Contoso => None,
            Self::Adatum | Self::AdatumOfFabrikam => Some(ADATUM),
            Self::Bellows => Some(BELLOWS),
        }
    }

    /// What all texts of this one's own have in them.
    fn word(self) -> &'static str {
        match self {
            Self::Fabrikam => "fabrikam",
            Self::Contoso => "contoso",
            Self::Adatum => "contoso adatum",
            Self::Bellows => "contoso bellows",
            Self::AdatumOfFabrikam => "fabrikam adatum",
        }
    }

    /// Adatum's user may do everything that a role can allow; that of Bellows what customers may.
    fn viewer(self, app: &TestApp) -> Viewer {
        let given = self.given(app);
        let scope = match self.tenant() {
            Some(tenant) => Scope::customers(given.id, [given.customer_id(tenant)]),
            None => Scope::partner(given.id),
        };
        let role = if self == Self::Bellows { Role::CustomerUser } else { Role::GlobalAdmin };
        Viewer::new("somebody", "somebody", [role], scope)
    }

    /// Puts into a database what this one may know of, and nothing else.
    async fn furnish(self, app: &TestApp) {
        let given = self.given(app);
        let changes = self.tenant().map_or_else(|| given.changes(), |tenant| given.changes_of(&[tenant]));
        app.apply(given.id, changes).await;
        if self.tenant().is_none() {
            app.store().record(&[given.record()]).await.expect("it is recorded");
        }
    }
}

/// Puts two partners with all that they have into a database.
async fn furnish_for_all(app: &TestApp) {
    Given::put(app, FABRIKAM, "fabrikam").await;
    Given::put(app, CONTOSO, "contoso").await;
}

/// A server with a database of its own.
pub struct World {
    pub app: TestApp,
    engine: Engine,
}

/// An answer and the statements that it took.
#[derive(Debug, PartialEq, Eq)]
struct Answered {
    text: String,
    statements: u64,
}

impl World {
    /// A world without anybody. Cursors are sealed alike in all of them.
    async fn empty() -> Self {
        let app = TestApp::with(without_limits).await;
        let mut config = Config::default();
        without_limits(&mut config);
        Self { app, engine: app::schema(&config, [7; 32]) }
    }

    /// With two partners and all that they have.
    pub async fn of_all() -> Self {
        let world = Self::empty().await;
        furnish_for_all(&world.app).await;
        world
    }

    /// With nothing but what `who` may know of.
    async fn of(who: Who) -> Self {
        let world = Self::empty().await;
        who.furnish(&world.app).await;
        world
    }

    async fn ask(&self, who: Who, query: &str, variables: Value) -> Answered {
        let context = self.app.context(who.viewer(&self.app));
        let answering = self.engine.execute(request(query, variables), Allowed::Everything, context);
        let (answer, statements) = self.app.statements(answering).await;
        Answered { text: text_of(&answer), statements }
    }

    /// Begins to listen; else the answer.
    async fn listen(&self, who: Who, query: &str, variables: Value) -> Result<Listener, String> {
        let context = self.app.context(who.viewer(&self.app));
        match self.engine.open(request(query, variables), Allowed::Live, context).await {
            Opened::Live(feed) => Ok(Listener::new(feed)),
            Opened::Answered(answer) => Err(text_of(&answer)),
        }
    }
}

fn request(query: &str, variables: Value) -> Request {
    Request { query: Some(query.to_owned()), variables: variables.as_object().cloned(), ..Request::default() }
}

fn text_of(answer: &Response) -> String {
    String::from_utf8(answer.body.to_vec()).expect("text")
}

fn without_limits(config: &mut Config) {
    config.limits.cost = 1_000_000_000;
    config.limits.selections = 1_000_000;
    config.limits.tokens = 1_000_000;
    config.limits.aliases = 1_000_000;
    config.limits.depth = 100;
}

/// The world with everybody, and for each the world without others.
struct Worlds {
    all: World,
    alone: [(Who, World); 4],
    walk: Walk,
    /// Every id in the world with everybody, sorted.
    ids: Vec<String>,
}

impl Worlds {
    async fn new() -> Self {
        let all = World::of_all().await;
        let [fabrikam, contoso, adatum, bellows] = EVERYBODY;
        let alone = [
            (fabrikam, World::of(fabrikam).await),
            (contoso, World::of(contoso).await),
            (adatum, World::of(adatum).await),
            (bellows, World::of(bellows).await),
        ];
        let walk = Walk::of(&all.app).await;
        let mut ids = Vec::new();
        for tenant in [FABRIKAM, CONTOSO] {
            for root in walk.roots().into_iter().filter(|root| !root.arguments.iter().any(|one| one.is_required())) {
                // By another door than everybody's, so that no answer is kept for them.
                ids_in(&all.app.as_partner(tenant).query(&walk.query(root, "", 2)).await.json(), &mut ids);
            }
        }
        ids.sort();
        ids.dedup();
        let types: Vec<&str> = ids.iter().map(|id| &id[..3]).collect();
        let types = types.chunk_by(|one, other| one == other).count();
        assert_eq!(types, walk.node_types().len(), "something of every type with an id is met: {ids:?}");
        Self { all, alone, walk, ids }
    }

    /// Asks as everybody, one right after the other. Whoever is alone gets the same answer for the same statements.
    async fn ask(&self, query: &str, variables: &Value) {
        self.ask_as(&EVERYBODY, query, variables).await;
    }

    /// The same for some.
    async fn ask_as(&self, asking: &[Who], query: &str, variables: &Value) {
        for (who, alone) in self.alone.iter().filter(|(who, _)| asking.contains(who)) {
            let among_others = self.all.ask(*who, query, variables.clone()).await;
            assert_eq!(
                among_others,
                alone.ask(*who, query, variables.clone()).await,
                "{who:?} asks {query} {variables}"
            );
        }
    }

    fn values(&self) -> Values<'_> {
        let words = [
            "fabrikam",
            "bellows",
            "contoso adatum",
            "contoso",
            "contoso bellows",
            "contoso bellows mail",
            "fabrikam adatum mail is delayed",
            "adatum.fabrikam.example",
            "bellows.contoso.example",
            "fabrikam-adatum-EX1",
            "contoso-bellows-EX1",
            "contoso-bellows-1",
            "contoso-bellows-add-on",
            BELLOWS,
            CONTOSO,
        ];
        Values { schema: &self.walk.0, ids: self.ids.clone(), words: words.map(str::to_owned).into() }
    }
}

/// Every `id` in an answer.
fn ids_in(answer: &Value, ids: &mut Vec<String>) {
    match answer {
        Value::Object(members) => members.iter().for_each(|(name, value)| match value {
            Value::String(id) if name == "id" => ids.push(id.clone()),
            value => ids_in(value, ids),
        }),
        Value::Array(items) => items.iter().for_each(|item| ids_in(item, ids)),
        _ => {}
    }
}
