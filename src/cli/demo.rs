//! `tallyman demo`.

use std::path::PathBuf;
use std::time::Duration;

use clap::Args;

use super::serve::Signals;
use super::{Failure, say};
use crate::config::{Config, Origin};
use crate::demo::{self, Options, Report};
use crate::messages::{self, Language};

/// Orders of the first wave.
const ORDERS: u64 = 50;
/// Orders of each later one.
const TRICKLE: u64 = 3;
/// Pause between two waves.
const PAUSE: Duration = Duration::from_secs(5);
/// After how many waves new goods come in.
const RESTOCK_EVERY: u64 = 20;

/// Show a warehouse at work: the service with 200 SKUs in three aisles, a shop that posts signed orders and checks what it
/// is told, a label printer, and pickers and packers who do everything over the network.
///
/// Works in a temporary folder; with --database-url postgres://... in a schema of its own there. Both are removed at the
/// end.
#[derive(Args)]
pub(super) struct Demo {
    /// One wave of 50 orders to the hand-over, then end; exit 1 where anything doesn't add up.
    #[arg(long)]
    once: bool,
    /// Print what was done as one JSON object.
    #[arg(long, requires = "once")]
    json: bool,
    /// Keep what was printed in this folder, as ZPL and PNG.
    #[arg(long, value_name = "FOLDER")]
    labels: Option<PathBuf>,
}

pub(super) async fn run(config: &Config, args: Demo, language: Language) -> Result<(), Failure> {
    let mut signals = Signals::new().map_err(|error| Failure::Said(error.to_string()))?;
    let options = options(config, &args, language)?;
    let mut demo = demo::Demo::open(&options).await.map_err(failed)?;
    let outcome = if args.once {
        tokio::select! {
            report = demo.wave(ORDERS) => report.map(Some),
            () = signals.next() => Ok(None),
        }
    } else {
        greet(&demo, language);
        let bench = demo.bench();
        tokio::select! {
            ended = trickle(&mut demo, language) => ended.map(|()| None),
            ended = played(&bench) => ended.map(|()| None),
            () = signals.next() => Ok(None),
        }
    };
    demo.close().await.map_err(failed)?;
    let Some(report) = outcome.map_err(failed)? else {
        // A demo that goes on ends this way; one wave that was broken off proves nothing.
        return if args.once { Err(Failure::Told) } else { Ok(()) };
    };
    show(&report, args.json, language);
    if report.wrong.is_empty() { Ok(()) } else { Err(Failure::Told) }
}

fn failed(error: anyhow::Error) -> Failure {
    match error.downcast::<crate::setup::StartError>() {
        Ok(error) => error.into(),
        Err(error) => Failure::Said(format!("{error:#}")),
    }
}

fn options(config: &Config, args: &Demo, language: Language) -> Result<Options, Failure> {
    let mut settings = config.settings.clone();
    if args.once {
        settings.listen = std::net::SocketAddr::from(([127, 0, 0, 1], 0));
    }
    // Only a database that is named for this very run: never the one that a file names for the service.
    let named = matches!(config.origins.get("database_url"), Some(Origin::Flag(_) | Origin::Environment(_)));
    let postgres = match settings.database_file() {
        Some(_) if named => return Err(Failure::Said(messages::say(language, "cli.demo_file", &[]))),
        None if named => Some(settings.database_url.clone()),
        _ => None,
    };
    Ok(Options { settings, postgres, labels: args.labels.clone() })
}

async fn trickle(demo: &mut demo::Demo, language: Language) -> anyhow::Result<()> {
    show(&demo.wave(ORDERS).await?, false, language);
    for number in 1_u64.. {
        tokio::time::sleep(PAUSE).await;
        if number.is_multiple_of(RESTOCK_EVERY) {
            demo.restock().await?;
        }
        show(&demo.wave(TRICKLE).await?, false, language);
    }
    Ok(())
}

/// Does with the devices what a person types.
async fn played(bench: &demo::Bench) -> anyhow::Result<()> {
    let (into, mut lines) = tokio::sync::mpsc::channel(1);
    // A read of the terminal can't be broken off: its thread ends with the program.
    std::thread::spawn(move || {
        for line in std::io::stdin().lines().map_while(Result::ok) {
            if into.blocking_send(line).is_err() {
                return;
            }
        }
    });
    while let Some(line) = lines.recv().await {
        if line.trim().is_empty() {
            continue;
        }
        match bench.does(&line).await? {
            Some(told) => told.iter().for_each(|line| say(&format!("    {line}"))),
            None => demo::Bench::words().iter().for_each(|words| say(&format!("    {words}"))),
        }
    }
    // Nobody types: the demo goes on.
    std::future::pending().await
}

fn greet(demo: &demo::Demo, language: Language) {
    let address = demo.address();
    say(&messages::say(language, "cli.serving", &[("address", address.clone())]));
    if let Some((number, password)) = demo.login() {
        let facts = [("number", number.to_owned()), ("password", password.to_owned())];
        say(&messages::say(language, "cli.demo_login", &facts));
    }
    let tokens = demo.tokens();
    for (number, token) in &tokens {
        say(&format!("  {number:<6} {token}"));
    }
    let token = tokens.first().map(|(_, token)| token.as_str()).unwrap_or_default();
    for path in ["orders?state=shipped&limit=5", "waves", "stock?sku=TEA-01-1", "print-jobs?limit=5"] {
        say(&format!("  curl -H 'Authorization: Bearer {token}' '{address}/api/v1/{path}'"));
    }
    say(&messages::say(language, "cli.demo_bench", &[]));
    demo::Bench::words().iter().for_each(|words| say(&format!("    {words}")));
    say(&messages::say(language, "cli.demo_end", &[]));
}

fn show(report: &Report, json: bool, language: Language) {
    if json {
        say(&serde_json::to_string(report).unwrap_or_default());
        return;
    }
    let facts = [
        ("orders", report.orders.to_string()),
        ("lines", report.lines.to_string()),
        ("shipped", report.shipped.to_string()),
        ("part", report.shipped_in_part.to_string()),
        ("pieces", report.pieces_shipped.to_string()),
        ("short", report.short.to_string()),
        ("labels", report.labels_printed.to_string()),
        ("webhooks", report.webhooks_delivered.to_string()),
        ("wrong_scans", report.wrong_scans_refused.to_string()),
        ("verify", report.verify.clone()),
        ("seconds", format!("{}.{:03}", report.seconds.0 / 1000, report.seconds.0 % 1000)),
    ];
    say(&messages::say(language, "cli.demo_wave", &facts));
    for wrong in &report.wrong {
        say(&messages::say(language, "cli.demo_wrong", &[("what", wrong.clone())]));
    }
}
