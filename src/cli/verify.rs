//! `tallyman verify`.

use clap::Args;

use super::{Failure, open, say};
use crate::app::App;
use crate::config::Settings;
use crate::messages::{self, Language};
use crate::stock::verify::{Report, verify};

/// What to show.
#[derive(Args)]
pub(super) struct Verify {
    /// Print one JSON object.
    #[arg(long)]
    json: bool,
}

pub(super) async fn run(settings: &Settings, args: &Verify, language: Language) -> Result<(), Failure> {
    if let Some(file) = settings.database_file().filter(|file| !file.exists()) {
        let facts = [("file", file.display().to_string())];
        return Err(Failure::Said(messages::say(language, "cli.no_database", &facts)));
    }
    let app = open(settings, language).await?;
    let report = read(&app).await;
    app.db.clone().close().await;
    let report = report?;
    show(&report, args.json, language);
    if report.findings.is_empty() { Ok(()) } else { Err(Failure::Told) }
}

async fn read(app: &App) -> Result<Report, crate::db::DbError> {
    app.db.read(|tx| Box::pin(verify(tx))).await
}

fn show(report: &Report, json: bool, language: Language) {
    if json {
        say(&serde_json::to_string(report).unwrap_or_default());
        return;
    }
    for finding in &report.findings {
        let facts = [
            ("rule", finding.rule.clone()),
            ("id", finding.id.to_string()),
            ("found", finding.found.to_string()),
            ("expected", finding.expected.to_string()),
        ];
        say(&messages::say(language, "cli.finding", &facts));
    }
    let facts = [
        ("movements", report.movements.to_string()),
        ("cells", report.cells.to_string()),
        ("findings", report.findings.len().to_string()),
    ];
    say(&messages::say(language, "cli.verified", &facts));
}
