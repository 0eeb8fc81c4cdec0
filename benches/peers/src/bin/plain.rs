//! The usual way: async-graphql's resolvers with its own data loader, made for each request, everything at its defaults.

use std::error::Error;

use async_graphql::{
    EmptyMutation, EmptySubscription, Request, Response, Schema,
    dataloader::DataLoader,
    runtime::{TokioSpawner, TokioTimer},
};
use axum::{Json, Router, extract::State, routing::post};
use peers::Database;

#[path = "plain/loaders.rs"]
mod loaders;
#[path = "plain/schema.rs"]
mod schema;

type PlainSchema = Schema<schema::Query, EmptyMutation, EmptySubscription>;

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    peers::serve(|database| {
        let schema = Schema::build(schema::Query, EmptyMutation, EmptySubscription).finish();
        Router::new().route("/graphql", post(answer)).with_state((schema, database))
    })
    .await
}

async fn answer(
    State((schema, database)): State<(PlainSchema, Database)>,
    Json(request): Json<Request>,
) -> Json<Response> {
    let loader = DataLoader::new(loaders::Loaders(database), TokioSpawner::current(), TokioTimer::default());
    Json(schema.execute(request.data(loader)).await)
}
