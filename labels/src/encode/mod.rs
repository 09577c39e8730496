//! Encoders: one file per language.

pub mod pdf;
pub mod png;
pub mod zpl;
