//! HTTP: the JSON API under `/api/v1`, deliveries of storefronts under `/in`, health and metrics.
//!
//! Handlers parse, call one operation, render. Every error is an RFC 9457 problem with a stable code and a sentence in
//! the caller's language.

pub mod api;
pub mod assets;
pub mod auth;
mod authority;
pub mod cookie;
pub mod document;
pub mod extract;
mod floor;
mod health;
pub mod inbound;
pub mod line;
mod live;
mod login;
pub mod metrics;
mod observe;
mod office;
pub mod page;
mod pda;
pub mod problem;
pub mod router;
pub mod secure;
mod station;
pub mod tls;

pub use auth::{Caller, Viewer};
pub use extract::{Json, Path, Query};
pub use page::{Look, Reader};
pub use problem::{Problem, WebError};
pub use secure::Secure;
