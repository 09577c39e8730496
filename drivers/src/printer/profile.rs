//! What one model of printer can do, and how long to wait for it.

use super::{StatusProtocol, cpcl::CpclStatus, epl::EplStatus, escpos::EscPosStatus, tspl::TsplStatus, zpl::ZplStatus};
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
    /// TSC's, spoken by most label printers from China.
    Tspl,
    /// Eltron's: older Zebra printers.
    Epl2,
    /// Comtec's: mobile printers.
    Cpcl,
    /// Epson's: receipt printers.
    EscPos,
}

impl Language {
    /// All of them.
    pub const ALL: [Language; 5] = [Self::Zpl, Self::Tspl, Self::Epl2, Self::Cpcl, Self::EscPos];

    /// Its name in settings.
    pub fn code(self) -> &'static str {
        match self {
            Self::Zpl => "zpl",
            Self::Tspl => "tspl",
            Self::Epl2 => "epl2",
            Self::Cpcl => "cpcl",
            Self::EscPos => "esc_pos",
        }
    }

    /// How this language asks for the status.
    pub fn status_protocol(self) -> &'static dyn StatusProtocol {
        match self {
            Self::Zpl => &ZplStatus,
            Self::Tspl => &TsplStatus,
            Self::Epl2 => &EplStatus,
            Self::Cpcl => &CpclStatus,
            Self::EscPos => &EscPosStatus,
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
    /// A printer that speaks a language, with the usual limits.
    pub fn of(language: Language) -> Self {
        Self { language, limits: Limits::default() }
    }

    /// A printer that speaks ZPL, with the usual limits.
    pub fn zpl() -> Self {
        Self::of(Language::Zpl)
    }
}
