//! HTTPS: the certificate, the listener, and an own small authority for warehouses that have none.
//!
//! A handheld trusts the authority once; certificates of the service come and go under it. Nothing here waits for a client: a slow
//! handshake holds up nobody else.

mod identity;
mod listener;
mod own;

pub use identity::{Identity, open};
pub use listener::TlsListener;
