//! The labels as a printer, a scanner and a packer meet them.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, reason = "tests")]

mod decoding;
mod garbage;
mod golden;
mod judges;
mod kinds;
mod printers;
mod properties;
mod renderers;
mod samples;
mod symbols;
