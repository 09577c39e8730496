//! Moves bytes to and from a device, and says how far it came.
//!
//! Both traits can be made into objects, so that a station picks serial, USB or TCP when it reads its settings. Their
//! methods give boxed futures that are `Send`: a device is slower than an allocation by orders of magnitude.

mod address;
mod blocking;
mod error;
mod file;
mod serial;
mod tcp;
mod usb;

pub use address::Address;
pub use error::{ErrorKind, TransportError};
pub use file::DeviceFile;
pub use serial::{Line, Parity, Serial};
pub(crate) use tcp::Stream;
pub use tcp::Tcp;
pub use usb::{Usb, UsbFound, UsbIdentity, UsbInterface, UsbKind, Which, plugged_in};

use std::{future::Future, pin::Pin, time::Duration};

/// A future that a trait object can return and any worker thread can finish.
pub type Pending<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// Where a device is, and how to reach it.
pub trait Connect: Send + Sync {
    /// Opens the way to the device, within `limit`.
    fn connect(&self, limit: Duration) -> Pending<'_, Result<Box<dyn Transport>, TransportError>>;

    /// The device's address as a person would write it, for logs and screens.
    fn address(&self) -> String;
}

/// An open way to a device, bytes in both directions. Dropping it closes it.
pub trait Transport: Send {
    /// Hands over `bytes`, all of them or as many as the device took within `limit`. An error after the first byte is a
    /// doubt and not a failure, so the answer always carries the offset.
    fn write<'a>(&'a mut self, bytes: &'a [u8], limit: Duration) -> Pending<'a, Written>;

    /// Waits for at least one byte and returns how many came: never zero. The end of the stream is
    /// [`ErrorKind::Closed`], nothing within `limit` is [`ErrorKind::TimedOut`]. Dropping the future loses no bytes.
    fn read<'a>(&'a mut self, into: &'a mut [u8], limit: Duration) -> Pending<'a, Result<usize, TransportError>>;

    /// Takes everything that already arrived, without waiting for more. To be called before a question, or an old
    /// answer is taken for the new one. An error says that the way is gone.
    fn drain(&mut self) -> Pending<'_, Result<Vec<u8>, TransportError>>;

    /// Closes in good order: everything handed over still reaches the device. Waits at most `limit` for its side.
    fn shutdown(self: Box<Self>, limit: Duration) -> Pending<'static, ()>;
}

/// How far a write came, and how it ended.
#[derive(Debug, Clone, PartialEq, Eq)]
#[must_use]
pub struct Written {
    /// Bytes that left this process. That the device read them is not said.
    pub handed_over: usize,
    /// What stopped it before the end.
    pub ended: Result<(), TransportError>,
}
