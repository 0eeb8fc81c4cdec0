//! A library of authors and books, some of which fail: the schema that the engine is tested on.

use std::{
    collections::HashMap,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
};

use async_graphql::dataloader::Loader;
use futures::{StreamExt, future::FutureExt, stream};
use uuid::Uuid;

use super::super::*;
use crate::domain::{
    Error, Result,
    access::{Permission, Permissions},
    event::EntityKind,
    page::{KeyValue, List, Listed, Order, Page},
};

/// How often loaders were asked.
pub(in crate::engine) type Asked = Arc<AtomicUsize>;

#[derive(Clone, Default)]
struct Library;

#[derive(Clone)]
struct Author {
    number: u128,
    name: String,
}

#[derive(Clone)]
struct Book {
    number: u128,
    author: u128,
}

impl Described for Library {
    const NAME: &'static str = "Query";
    const NEEDS: Option<Permission> = None;
    const MADE_FROM: &'static [EntityKind] = &[];

    fn describe(object: &mut Object<Self>) {
        object.about("A library.");
        object
            .nullable_one(
                "author",
                "One.",
                |_| Some(()),
                |context, wanted| Ok(One(asked(context), wanted.args.get("number")?)),
            )
            .argument(argument::<i32>("number", "Which."));
        object
            .one(
                "required",
                "One that is there.",
                |_| Some(()),
                |context, wanted| Ok(One(asked(context), wanted.args.get("number")?)),
            )
            .argument(argument::<i32>("number", "Which."));
        object.many("authors", "All.", |_| Some(()), |context, _| Ok(All(asked(context))));
        object.page("books", "A page.", |_| (), |context, list| Shelf(asked(context), list));
        object.page("allBooks", "Too many to count.", |_| (), |_, _| Archive);
        object
            .refs_or_null("nodes", "Some.", |_, wanted| {
                async move {
                    let ids: Vec<async_graphql::ID> = wanted.args.get("ids")?;
                    Ok(ids.iter().map(|id| parse_id(id).map(|(prefix, id)| (prefix.to_owned(), id))).collect())
                }
                .boxed()
            })
            .argument(argument::<Vec<async_graphql::ID>>("ids", "Which."));
    }
}

/// Where each act appends a digit to the number that all share, slowly.
#[derive(Clone, Default)]
struct Desk;

#[derive(Clone)]
struct Written {
    total: usize,
    remarks: Vec<Book>,
}

impl Described for Desk {
    const NAME: &'static str = "Mutation";
    const NEEDS: Option<Permission> = None;
    const MADE_FROM: &'static [EntityKind] = &[];
    const ONE_BY_ONE: bool = true;

    fn describe(object: &mut Object<Self>) {
        object.about("A desk.");
        object
            .nullable_one(
                "write",
                "Appends.",
                |_| Some(()),
                |context, wanted| Ok(Write(asked(context), wanted.args.get("digit")?)),
            )
            .argument(argument::<usize>("digit", "Which; 0 fails."));
        object
            .one(
                "mustWrite",
                "Appends.",
                |_| Some(()),
                |context, wanted| Ok(Write(asked(context), wanted.args.get("digit")?)),
            )
            .argument(argument::<usize>("digit", "Which; 0 fails."));
    }
}

impl Described for Written {
    const NAME: &'static str = "Written";
    const NEEDS: Option<Permission> = None;
    const MADE_FROM: &'static [EntityKind] = &[];

    fn describe(object: &mut Object<Self>) {
        object.about("What was written.");
        object.int("total", "After it.", |w| w.total as i64);
        object.parts("remarks", "As many as its digit.", |w| &w.remarks);
        object.nullable_one("now", "When this is read.", |_| Some(()), |context, _| Ok(Now(asked(context))));
    }
}

/// The live root: all books, printed at once.
#[derive(Clone)]
struct Printing;

impl Described for Printing {
    const NAME: &'static str = "Subscription";
    const NEEDS: Option<Permission> = None;
    const MADE_FROM: &'static [EntityKind] = &[];

    fn describe(object: &mut Object<Self>) {
        object.about("What is printed.");
        object
            .live::<Book>("printed", "Each book.", |listening| {
                async move {
                    if let Some(after) = listening.args.get::<Option<String>>("after")? {
                        return Err(Error::invalid("after", after));
                    }
                    let bodies = listening.answers.answer(books(), chrono::DateTime::UNIX_EPOCH).await;
                    Ok(stream::iter(bodies).map(|body| Ok(Payload { body, cursor: None })).boxed())
                }
                .boxed()
            })
            .argument(argument::<Option<String>>("after", "Where to begin."));
    }
}

impl Described for Author {
    const NAME: &'static str = "Author";
    const NEEDS: Option<Permission> = None;
    const MADE_FROM: &'static [EntityKind] = &[EntityKind::Customer];

    fn describe(object: &mut Object<Self>) {
        object.about("Who writes.");
        object.node("aut", |a| Uuid::from_u128(a.number), |context| ById(asked(context)));
        object.text("name", "How called.", |a| &a.name);
        object.many("books", "Fails for nobody.", |a| Some(a.number), |context, _| Ok(BooksOf(asked(context))));
        object.nullable_one("muse", "Fails, and may be null.", |a| Some(a.number), |_, _| Ok(Failing));
        object.one("agent", "Fails, and must not be null.", |a| Some(a.number), |_, _| Ok(Failing));
    }
}

impl Described for Book {
    const NAME: &'static str = "Book";
    const NEEDS: Option<Permission> = None;
    const MADE_FROM: &'static [EntityKind] = &[EntityKind::Subscription];

    fn describe(object: &mut Object<Self>) {
        object.about("What is written.");
        object.int("number", "Which.", |b| b.number as i64);
        object.int("letters", "Too many from the third on.", letters);
        object.nullable_int("debt", "Too deep from the fourth on.", |b| Some(-letters(b) + 715_827_882));
        object.large_int("allLetters", "As many as there are.", letters);
        object.nullable_one(
            "author",
            "Who.",
            |b| Some(Uuid::from_u128(b.author)),
            |context, _| Ok(ById(asked(context))),
        );
    }
}

impl Listed for Book {
    type Predicate = ();
    type Key = ();
    const DEFAULT_ORDER: &'static [Order<()>] = &[];

    fn row_id(&self) -> Uuid {
        Uuid::from_u128(self.number)
    }

    fn key(&self, (): ()) -> KeyValue {
        KeyValue::Null
    }
}

impl Paged for Book {}

fn asked(context: &Context) -> Asked {
    context.get::<Asked>().clone()
}

fn author(number: u128) -> Option<Author> {
    (1..=3).contains(&number).then(|| Author { number, name: format!("Author {number}") })
}

fn books() -> Vec<Book> {
    (1..=6).map(|number| Book { number, author: (number - 1) % 3 + 1 }).collect()
}

/// Just within 32 bits for the second book.
fn letters(book: &Book) -> i64 {
    book.number as i64 * 715_827_883 + 715_827_881
}

macro_rules! loader {
    ($name:ident, $key:ty => $value:ty, |$loader:ident, $keys:ident| $load:expr) => {
        impl Loader<$key> for $name {
            type Value = $value;
            type Error = Error;

            async fn load(&self, $keys: &[$key]) -> Result<HashMap<$key, $value>> {
                let $loader = self;
                $load
            }
        }
    };
}

struct One(Asked, i32);
struct All(Asked);
struct ById(Asked);
struct BooksOf(Asked);
struct Shelf(Asked, List<Book>);
struct Archive;
struct Failing;
struct Write(Asked, usize);
struct Now(Asked);

loader!(One, () => Author, |it, _keys| {
    it.0.fetch_add(1, Ordering::Relaxed);
    Ok(author(it.1 as u128).map(|author| ((), author)).into_iter().collect())
});
loader!(All, () => Vec<Author>, |it, _keys| {
    it.0.fetch_add(1, Ordering::Relaxed);
    Ok(HashMap::from([((), (1..=3).filter_map(author).collect())]))
});
loader!(ById, Uuid => Author, |it, keys| {
    it.0.fetch_add(1, Ordering::Relaxed);
    Ok(keys.iter().filter_map(|key| Some((*key, author(key.as_u128())?))).collect())
});
loader!(BooksOf, u128 => Vec<Book>, |it, keys| {
    it.0.fetch_add(1, Ordering::Relaxed);
    Ok(keys.iter().map(|key| (*key, books().into_iter().filter(|book| book.author == *key).collect())).collect())
});
loader!(Shelf, () => Page<Book>, |it, _keys| {
    it.0.fetch_add(1, Ordering::Relaxed);
    Ok(HashMap::from([((), it.1.page(books(), Some(6)))]))
});
loader!(Archive, () => Page<Book>, |_it, _keys| {
    Ok(HashMap::from([((), Page { items: Vec::new(), has_next: true, has_previous: false, total: Some(1 << 31) })]))
});
loader!(Failing, u128 => Author, |_it, _keys| Err(Error::internal("the disk is gone")));

loader!(Write, () => Written, |it, _keys| {
    let before = it.0.load(Ordering::Relaxed);
    tokio::task::yield_now().await;
    if it.1 == 0 {
        return Err(Error::internal("the pen is broken"));
    }
    let total = before * 10 + it.1;
    it.0.store(total, Ordering::Relaxed);
    Ok(HashMap::from([((), Written { total, remarks: books().into_iter().take(it.1).collect() })]))
});
loader!(Now, () => Written, |it, _keys| {
    tokio::task::yield_now().await;
    Ok(HashMap::from([((), Written { total: it.0.load(Ordering::Relaxed), remarks: Vec::new() })]))
});

pub(in crate::engine) fn engine() -> Engine {
    let limits = Limits {
        tokens: 10_000,
        depth: 20,
        aliases: 100,
        directives: 100,
        root_fields: 100,
        selections: 10_000,
        cost: 100_000,
        answer_bytes: 64 * 1024,
        page_size: 100,
    };
    let settings = Settings {
        limits,
        documents: 10,
        automatic_bytes: 0,
        find_document: |_, _| async { Ok(None) }.boxed(),
        response_bytes: None,
        cursor_key: CursorKey::new([1; 32]),
        read_versions: |_| async { Ok(Versions::default()) }.boxed(),
        rehearse: |context| Rehearsal {
            context: context.with(context.get::<Asked>().clone()),
            noted: Box::new(Vec::new),
        },
    };
    Engine::new::<Library, Desk, Printing>(settings)
}

pub(in crate::engine) fn context(asked: &Asked) -> Context {
    Context::new(
        "c-1".to_owned(),
        chrono::DateTime::UNIX_EPOCH,
        String::new(),
        Uuid::nil(),
        Uuid::nil(),
        Permissions::NONE,
        asked.clone(),
    )
}
