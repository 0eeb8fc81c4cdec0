//! The usual way, by the books of async-graphql and SeaORM: the rows are the objects, their fields are resolvers, and
//! async-graphql's own data loader, made for each request, reads what lies below. Everything at its defaults.

use async_graphql::{
    EmptyMutation, EmptySubscription, Schema,
    dataloader::DataLoader,
    runtime::{TokioSpawner, TokioTimer},
};
use async_graphql_axum::{GraphQLRequest, GraphQLResponse};
use axum::{Router, extract::State, routing::post};

mod database;
mod entity;
mod loaders;
mod schema;

use database::Database;
use loaders::Loaders;

type PlainSchema = Schema<schema::Query, EmptyMutation, EmptySubscription>;

#[tokio::main]
async fn main() -> peers::Result<()> {
    peers::serve(async |url| {
        let schema = Schema::build(schema::Query, EmptyMutation, EmptySubscription).finish();
        let database = Database::connect(url).await?;
        Ok(Router::new().route("/graphql", post(answer)).with_state((schema, database)))
    })
    .await
}

async fn answer(State((schema, database)): State<(PlainSchema, Database)>, request: GraphQLRequest) -> GraphQLResponse {
    let loader = DataLoader::new(Loaders(database), TokioSpawner::current(), TokioTimer::default());
    schema.execute(request.into_inner().data(loader)).await.into()
}
