//! Stations whose devices hang on a packing PC of their own. There `tallyman station` runs ([`run`]): it connects out to
//! the service, owns the scanner and the scale, prints what it is given, and keeps in a [`spool`] what the service has not
//! heard yet. The service's side is [`host`] and [`keep`], and
//! [`wire`] is what the two say.
//!
//! A label is given out once, as an attempt that the service has claimed. The station writes down that bytes are about to
//! leave before they do, and how the attempt ended until the service has noted it. So whatever is killed, the answer to
//! "is it on paper?" is never a guess: not begun, ended in this way, or in doubt.

mod connect;
pub mod host;
pub mod keep;
pub mod run;
pub mod spool;
pub mod wire;

pub use host::Agents;

/// Waits until a signal turns true, or its sender is gone, which is the same end.
pub async fn turned_true(signal: &mut tokio::sync::watch::Receiver<bool>) {
    drop(signal.wait_for(|on| *on).await);
}
