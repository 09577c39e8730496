//! The `tallyman` program.

fn main() {}
