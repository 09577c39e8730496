//! How fast the service is beside the bare database: `cargo bench --bench floor`. Prints; never fails a build.
//!
//! Each work is timed twice in the same run on the same machine: through the service, and as a floor, where the same
//! rows are written just as durably by hand-made statements with no HTTP, no checks and no reads in between.
//! `--json` prints one JSON object instead of the table, `--quick` a tenth of the work, `--only WORK` one of
//! `wave`, `confirm`, `intake`, `ship`, `--database sqlite|postgres` one of the databases. PostgreSQL is looked for at
//! `TALLYMAN_TEST_PG`; `tests/run bench` starts one.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a bench stops at the first fault"
)]
#![allow(
    clippy::float_arithmetic,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "figures for people"
)]

mod bare;
mod confirm;
mod http;
mod intake;
mod report;
mod scene;
mod ship;
mod wave;

use report::Report;
use scene::Target;

/// What the command line asks for.
pub struct Asked {
    /// One JSON object instead of the table.
    pub json: bool,
    /// A tenth of the work.
    pub quick: bool,
    only: Option<String>,
    database: Option<String>,
}

impl Asked {
    fn read() -> Self {
        let arguments: Vec<String> = std::env::args().skip(1).collect();
        let has = |name: &str| arguments.iter().any(|argument| argument == name);
        let after = |name: &str| {
            let at = arguments.iter().position(|argument| argument == name)?;
            arguments.get(at + 1).cloned()
        };
        Self { json: has("--json"), quick: has("--quick"), only: after("--only"), database: after("--database") }
    }

    fn wants(&self, work: &str) -> bool {
        self.only.as_deref().is_none_or(|only| only == work)
    }
}

#[tokio::main]
async fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    if let [release, kind, url] = arguments.as_slice()
        && release == "--release"
    {
        return wave::release(if kind == "sqlite" { "sqlite" } else { "postgres" }, url).await;
    }
    let asked = Asked::read();
    let mut report = Report::new(asked.json);
    for kind in ["sqlite", "postgres"] {
        if asked.database.as_deref().is_some_and(|wanted| wanted != kind) {
            continue;
        }
        if !scene::reachable(kind).await {
            eprintln!("no PostgreSQL at TALLYMAN_TEST_PG; `tests/run bench` starts one");
            continue;
        }
        if asked.wants("wave") {
            wave::run(kind, &asked, &mut report).await;
        }
        if asked.wants("confirm") {
            confirm::run(kind, &asked, &mut report).await;
        }
        if asked.wants("intake") {
            intake::run(kind, &asked, &mut report).await;
        }
        if asked.wants("ship") {
            ship::run(kind, &asked, &mut report).await;
        }
    }
    report.end();
}

/// The machine's monotonic clock, in microseconds.
#[expect(clippy::disallowed_methods, reason = "a bench measures the clock on the wall")]
pub fn micros() -> u64 {
    use std::sync::OnceLock;
    use std::time::Instant;
    static START: OnceLock<Instant> = OnceLock::new();
    START.get_or_init(Instant::now).elapsed().as_micros() as u64
}
