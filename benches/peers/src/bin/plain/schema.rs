//! What the objects share, and the root.

use async_graphql::{
    Context, ID, InputObject, InputValueError, InputValueResult, Object, Result, Scalar, ScalarType, SimpleObject,
    Value, dataloader::DataLoader,
};
use chrono::{DateTime, SecondsFormat, Utc};
use peers::GlobalId;
use sea_orm::DeriveValueType;
use uuid::Uuid;

use super::{
    database::Database,
    entity::{customer, incident, service_health, service_request, subscription},
    loaders::Loaders,
};

/// A time as supportgraph writes it, with `Z`.
#[derive(Clone, Copy, Debug, PartialEq, DeriveValueType)]
pub struct Timestamp(pub DateTime<Utc>);

#[Scalar(name = "DateTime")]
impl ScalarType for Timestamp {
    fn parse(value: Value) -> InputValueResult<Self> {
        match &value {
            Value::String(text) => Ok(Self(text.parse()?)),
            _ => Err(InputValueError::expected_type(value)),
        }
    }

    fn to_value(&self) -> Value {
        Value::String(self.0.to_rfc3339_opts(SecondsFormat::AutoSi, true))
    }
}

/// A list of words as it lies in a column.
pub fn words(text: &str) -> Vec<String> {
    serde_json::from_str(text).unwrap_or_default()
}

pub fn global_id(prefix: &[u8; 3], id: Uuid) -> ID {
    GlobalId::new(prefix, id).as_str().into()
}

pub fn loader<'a>(context: &Context<'a>) -> &'a DataLoader<Loaders> {
    context.data_unchecked()
}

/// Declares connections.
macro_rules! connections {
    ($($name:ident of $node:ty;)+) => {$(
        #[derive(SimpleObject)]
        pub struct $name {
            nodes: Vec<$node>,
            page_info: PageInfo,
        }

        impl $name {
            /// The first so many of rows that were read with one more.
            pub fn first(mut nodes: Vec<$node>, first: u64) -> Self {
                let has_next_page = nodes.len() as u64 > first;
                nodes.truncate(first as usize);
                Self { nodes, page_info: PageInfo { has_next_page } }
            }
        }
    )+};
}

connections! {
    CustomerConnection of customer::Model;
    CustomerSubscriptionConnection of subscription::Model;
    ServiceHealthConnection of service_health::Model;
    IncidentConnection of incident::Model;
    ServiceRequestConnection of service_request::Model;
}

#[derive(SimpleObject)]
pub struct PageInfo {
    has_next_page: bool,
}

#[derive(InputObject)]
pub struct IncidentFilter {
    pub is_open: bool,
}

#[derive(InputObject)]
pub struct ServiceRequestFilter {
    pub is_open: bool,
}

pub struct Query;

#[Object]
impl Query {
    async fn customers(
        &self,
        context: &Context<'_>,
        #[graphql(default = 20)] first: u64,
    ) -> Result<CustomerConnection> {
        Ok(CustomerConnection::first(database(context).customers(first + 1).await?, first))
    }

    async fn customer(&self, context: &Context<'_>, id: ID) -> Result<Option<customer::Model>> {
        match GlobalId::parse("cus", &id) {
            Some(id) => Ok(database(context).customer(id).await?),
            None => Ok(None),
        }
    }

    async fn incidents(
        &self,
        context: &Context<'_>,
        #[graphql(default = 20)] first: u64,
    ) -> Result<IncidentConnection> {
        Ok(IncidentConnection::first(database(context).incidents(first + 1).await?, first))
    }
}

fn database<'a>(context: &Context<'a>) -> &'a Database {
    &loader(context).loader().0
}
