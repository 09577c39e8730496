//! `tallyman import`.

use std::io::Read as _;
use std::path::{Path, PathBuf};

use clap::Args;
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use sha2::{Digest, Sha256};

use super::{Failure, complain, open, say};
use crate::app::App;
use crate::config::Settings;
use crate::db::{Context, OperationKey};
use crate::import::{self, Errors, ImportError, Imported, What};
use crate::kernel::actor::Actor;
use crate::kernel::hex;
use crate::kernel::ids::{ChannelId, WarehouseId};
use crate::kernel::random::uuid_v7;
use crate::messages::{self, Language};
use crate::order::query;
use crate::setup;

const WAREHOUSE: WarehouseId = WarehouseId(1);

/// Take a CSV file into the warehouse, whole or not at all.
///
/// The file is UTF-8, UTF-16 or GB18030, with commas, semicolons or tabs; its first row names the columns, in English or
/// Chinese. `tallyman import skus --template` shows an example with every column. What is wrong is listed by row and
/// column, and then nothing is changed. SKUs and locations that are there are changed, orders are made as the file says.
/// The same file of stock is taken once.
#[derive(Args)]
pub(super) struct Import {
    /// What the file holds: skus, locations, stock or orders.
    what: What,
    /// The file; - reads from standard input.
    #[arg(required_unless_present = "template")]
    file: Option<PathBuf>,
    /// Only look at the file and say what is wrong with it.
    #[arg(long)]
    dry_run: bool,
    /// Print an example of such a file and end.
    #[arg(long)]
    template: bool,
    /// The code of the channel that orders belong to.
    #[arg(long, default_value = "api")]
    channel: String,
    /// Print what was done, or what is wrong, as one JSON object.
    #[arg(long)]
    json: bool,
}

pub(super) async fn run(settings: &Settings, args: Import, language: Language) -> Result<(), Failure> {
    if args.template {
        say(import::template(args.what).trim_end());
        return Ok(());
    }
    let file = args.file.clone().unwrap_or_default();
    let bytes = read(&file).map_err(|error| Failure::Said(format!("{}: {error}", file.display())))?;
    let app = open(settings, language).await?;
    let done = take(&app, &args, bytes).await;
    app.db.clone().close().await;
    match done {
        Ok(Taken::Now(imported)) => {
            show(&imported, &args, language);
            Ok(())
        }
        Ok(Taken::Before) => {
            complain(&messages::say(language, "cli.imported_before", &[("file", file.display().to_string())]));
            Ok(())
        }
        Err(ImportError::Rows(errors)) => {
            show_errors(&errors, args.json, language);
            Err(Failure::Told)
        }
        Err(other) => {
            Err(other.refusal().map_or(Failure::Told, |refusal| Failure::Said(super::sentence(refusal, language))))
        }
    }
}

fn read(file: &Path) -> std::io::Result<Vec<u8>> {
    if file == Path::new("-") {
        let mut bytes = Vec::new();
        std::io::stdin().lock().read_to_end(&mut bytes)?;
        return Ok(bytes);
    }
    std::fs::read(file)
}

enum Taken {
    Now(Imported),
    /// This very file of stock was taken before.
    Before,
}

async fn take(app: &App, args: &Import, bytes: Vec<u8>) -> Result<Taken, ImportError> {
    let what = args.what;
    let context = context(app, what, &bytes);
    if what == What::Stock && !args.dry_run && was_done(app, &context).await? {
        return Ok(Taken::Before);
    }
    let channel = match what {
        What::Orders => {
            let code = args.channel.clone();
            app.db.read(|tx| Box::pin(async move { query::channel(tx, WAREHOUSE, &code).await })).await?
        }
        _ => ChannelId(0),
    };
    let zone = app.db.read(|tx| Box::pin(setup::time_zone(tx, WAREHOUSE))).await?;
    let bar = bar();
    let seen = bar.clone();
    let parsed = tokio::task::spawn_blocking(move || {
        import::parse(what, &bytes, &zone, &mut |done, all| {
            seen.set_length(all as u64);
            seen.set_position(done as u64);
        })
    });
    let parsed = parsed.await.map_err(|_| ImportError::Db(crate::db::DbError::Panicked))?.map_err(ImportError::Rows);
    bar.finish_and_clear();
    let parsed = parsed?;
    let writing = spinner(parsed.row_count);
    let imported = import::write(app, context, channel, parsed, args.dry_run).await;
    writing.finish_and_clear();
    imported.map(Taken::Now)
}

/// Stock would come in a second time where the same file is taken again by mistake, so its content is the key. The
/// others make things what the file says, however often.
fn context(app: &App, what: What, bytes: &[u8]) -> Context {
    let unique = match what {
        What::Stock => hex::encode(&Sha256::digest(bytes)),
        _ => uuid_v7(app.services.random.as_ref(), app.clock.now()).map_or_else(|_| String::new(), |id| id.to_string()),
    };
    app.context(WAREHOUSE, Actor::system(), OperationKey::internal(&["import", what.code(), &unique]))
}

async fn was_done(app: &App, context: &Context) -> Result<bool, crate::db::DbError> {
    app.db.was_done(&context.key).await
}

/// Drawn only where a person looks on.
fn bar() -> ProgressBar {
    let bar = ProgressBar::with_draw_target(Some(0), ProgressDrawTarget::stderr());
    let style = ProgressStyle::with_template("{bar:40} {bytes}/{total_bytes} {eta}");
    bar.with_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()))
}

fn spinner(rows: u64) -> ProgressBar {
    let spinner = ProgressBar::with_draw_target(None, ProgressDrawTarget::stderr()).with_message(rows.to_string());
    let style = ProgressStyle::with_template("{spinner} {msg} {elapsed}");
    spinner.enable_steady_tick(std::time::Duration::from_millis(120));
    spinner.with_style(style.unwrap_or_else(|_| ProgressStyle::default_spinner()))
}

fn show(imported: &Imported, args: &Import, language: Language) {
    if args.json {
        say(&serde_json::to_string(imported).unwrap_or_default());
        return;
    }
    let facts = [
        ("rows", imported.rows.to_string()),
        ("encoding", imported.encoding.clone()),
        ("records", imported.records.to_string()),
        ("what", args.what.to_string()),
        ("barcodes", imported.barcodes.to_string()),
        ("pieces", imported.pieces.to_string()),
        ("promised", imported.promised.to_string()),
        ("short", imported.short.to_string()),
        ("held", imported.held.to_string()),
    ];
    let code = match args.what {
        _ if imported.dry_run => "cli.would_import",
        What::Skus => "cli.imported_skus",
        What::Locations => "cli.imported_locations",
        What::Stock => "cli.imported_stock",
        What::Orders => "cli.imported_orders",
    };
    say(&messages::say(language, code, &facts));
}

fn show_errors(errors: &Errors, json: bool, language: Language) {
    let shown: Vec<_> = errors.list.iter().map(|error| error.shown(language)).collect();
    if json {
        say(&serde_json::json!({ "count": errors.count, "errors": shown }).to_string());
        return;
    }
    for error in &shown {
        let facts = [
            ("row", error.row.to_string()),
            ("column", error.column.clone()),
            ("value", error.value.clone()),
            ("detail", error.detail.clone()),
        ];
        let code = if error.row == 0 { "cli.file_error" } else { "cli.row_error" };
        complain(&messages::say(language, code, &facts));
    }
    complain(&messages::say(language, "import.refused", &[("count", errors.count.to_string())]));
}
