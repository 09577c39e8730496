//! What one model of printer can do, and how long to wait for it.

use super::{StatusProtocol, zpl::ZplStatus};
use serde::{Deserialize, Serialize};
use std::time::Duration;

/// What is known of one model of printer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PrinterProfile {
    /// The language of the bytes it takes.
    pub language: Language,
    /// How long to wait for it.
    pub limits: Limits,
}

/// A printer language.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Language {
    /// Zebra's, spoken by many others.
    Zpl,
}

impl Language {
    /// How this language asks for the status.
    pub fn status_protocol(self) -> &'static dyn StatusProtocol {
        match self {
            Self::Zpl => &ZplStatus,
        }
    }
}

/// How long to wait for what. A test gives short ones.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// For the connection.
    pub connect: Duration,
    /// For the answer to one question; then the printer is silent.
    pub answer: Duration,
    /// For one piece of the job (4 KiB) to be taken; a slow printer that goes on reading is not stopped.
    pub stall: Duration,
    /// Between two questions after the last byte.
    pub ask_every: Duration,
    /// From the last byte until the printer says that it is idle.
    pub idle: Duration,
    /// For the printer to close its side.
    pub close: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            connect: Duration::from_secs(3),
            answer: Duration::from_millis(300),
            stall: Duration::from_secs(10),
            ask_every: Duration::from_millis(250),
            idle: Duration::from_secs(30),
            close: Duration::from_millis(300),
        }
    }
}

impl PrinterProfile {
    /// A printer that speaks ZPL, with the usual limits.
    pub fn zpl() -> Self {
        Self { language: Language::Zpl, limits: Limits::default() }
    }
}
