//! Printers, scanners and scales by the product's own drivers over a real kernel: USB devices that the kernel itself
//! pretends, and an FTDI adapter of the machine. `vm/run` starts it in a small machine of its own; elsewhere the tests say so
//! and end, unless `VM_REQUIRED` is set. One test at a time.

#![allow(clippy::await_holding_lock, reason = "the lock is for one test at a time")]
#![allow(clippy::disallowed_methods, reason = "they measure how long devices take")]

mod lines;
mod machine;
mod printers;
mod program;
mod rights;
mod scanners;
mod scripted;
