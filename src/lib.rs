//! Tallyman.
