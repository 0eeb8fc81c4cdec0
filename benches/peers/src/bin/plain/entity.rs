//! The tables: each row whole, and the object that it is for a client. What is not for clients is skipped.

pub mod customer;
pub mod incident;
pub mod incident_post;
pub mod incident_visibility;
pub mod partner;
pub mod service;
pub mod service_health;
pub mod service_request;
pub mod subscription;
pub mod support_plan;
pub mod support_plan_kind;
