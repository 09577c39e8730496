//! `tallyman label`: labels without a printer and without a database.

use std::path::{Path, PathBuf};

use clap::{Args, Subcommand};

use super::{Failure, complain, say};
use crate::config::Settings;
use crate::messages::{self, Language};
use crate::station::layouts;
use crate::station::preview::{Asked, draw, kind};
use tallyman_labels::{Kind, LabelError, Sentence, check_layout};

/// Draw labels of any kind, and check layout files.
#[derive(Subcommand)]
pub(super) enum Label {
    /// List the kinds of labels, and the stocks they have layouts for.
    Kinds,
    /// Print the sample of a kind as JSON: what its data looks like.
    Sample {
        /// The kind, as `kinds` lists it.
        kind: String,
    },
    /// Print the layout of a kind that is in the program, to begin one's own with.
    Layout {
        /// The kind, as `kinds` lists it.
        kind: String,
        /// The stock, in millimetres; the first one of the kind where it isn't said.
        #[arg(long)]
        stock: Option<String>,
    },
    /// Check layout files: every fault with its line.
    Check {
        /// The files.
        #[arg(required = true)]
        files: Vec<PathBuf>,
    },
    Preview(Preview),
}

/// Draw a label into a file; the ending of its name says what: png, svg, pdf, zpl, tspl, epl, cpcl, escpos.
#[derive(Args)]
pub(super) struct Preview {
    /// The kind, as `kinds` lists it.
    kind: String,
    /// A JSON file with what the label says; the kind's sample where it isn't given.
    #[arg(long)]
    data: Option<PathBuf>,
    /// The file to write. Of several pages as pictures each gets a number.
    #[arg(long)]
    out: PathBuf,
    /// The stock in millimetres, as 100x150, 80xroll or A4; the first one of the kind where it isn't said.
    #[arg(long)]
    stock: Option<String>,
    /// Dots an inch: 203, 300 or 600.
    #[arg(long, default_value_t = 203)]
    dpi: i64,
}

pub(super) fn run(settings: &Settings, label: &Label, language: Language) -> Result<(), Failure> {
    match label {
        Label::Kinds => {
            let layouts = folder(settings)?;
            let widest = Kind::ALL.iter().map(|kind| kind.name().len()).max().unwrap_or_default();
            for kind in Kind::ALL {
                say(&format!("{:widest$}  {}", kind.name(), layouts.stocks(*kind).join(", ")));
            }
            Ok(())
        }
        Label::Sample { kind: name } => {
            say(kind(name)?.sample_json().trim_end());
            Ok(())
        }
        Label::Layout { kind: name, stock } => layout(name, stock.as_deref()),
        Label::Check { files } => check(files, language),
        Label::Preview(asked) => preview(settings, asked, language),
    }
}

fn folder(settings: &Settings) -> Result<tallyman_labels::Layouts, Failure> {
    layouts::load(settings.label_folder.as_deref()).map_err(|error| Failure::Said(error.to_string()))
}

fn layout(name: &str, stock: Option<&str>) -> Result<(), Failure> {
    let kind = kind(name)?;
    for (_, text) in kind.layout_files() {
        let stocks = check_layout(text).map(|head| head.stocks).unwrap_or_default();
        if stock.is_none_or(|wanted| stocks.iter().any(|stock| stock == wanted)) {
            say(text.trim_end());
            return Ok(());
        }
    }
    let known = tallyman_labels::Layouts::default().stocks(kind).join(", ");
    let (kind, stock) = (kind.name(), stock.unwrap_or_default().to_owned());
    Err(crate::station::preview::PreviewError::from(LabelError::NoLayout { kind, stock, known }).into())
}

fn check(files: &[PathBuf], language: Language) -> Result<(), Failure> {
    let mut sound = true;
    for file in files {
        let name = file.display().to_string();
        let text = std::fs::read_to_string(file).map_err(|error| Failure::Said(format!("{name}: {error}")))?;
        match check_layout(&text) {
            Ok(head) => {
                let facts = [("file", name), ("kind", head.kind.name().to_owned()), ("stocks", head.stocks.join(", "))];
                say(&messages::say(language, "cli.layout_sound", &facts));
            }
            Err(faults) => {
                sound = false;
                for fault in faults {
                    let why = messages::say(language, fault.reason.code(), &fault.reason.facts());
                    complain(&format!("{name}:{}: {why}", fault.line));
                }
            }
        }
    }
    if sound { Ok(()) } else { Err(Failure::Told) }
}

fn preview(settings: &Settings, asked: &Preview, language: Language) -> Result<(), Failure> {
    let data = match &asked.data {
        None => None,
        Some(file) => {
            let named = |why: String| Failure::Said(format!("{}: {why}", file.display()));
            let text = std::fs::read_to_string(file).map_err(|error| named(error.to_string()))?;
            Some(serde_json::from_str(&text).map_err(|error| named(error.to_string()))?)
        }
    };
    let ending = asked.out.extension().and_then(|ending| ending.to_str()).unwrap_or_default();
    let (kind, stock, dpi) = (asked.kind.clone(), asked.stock.clone(), asked.dpi);
    let drawn =
        draw(&folder(settings)?, &Asked { kind, data, stock, dpi, format: ending.to_ascii_lowercase(), page: None })?;
    for (bytes, number) in drawn.files.iter().zip(1..) {
        let file = if drawn.files.len() == 1 { asked.out.clone() } else { numbered(&asked.out, number) };
        std::fs::write(&file, bytes).map_err(|error| Failure::Said(format!("{}: {error}", file.display())))?;
        let facts = [("file", file.display().to_string()), ("bytes", bytes.len().to_string())];
        say(&messages::say(language, "cli.label_written", &facts));
    }
    if !drawn.truncated.is_empty() {
        complain(&messages::say(language, "cli.label_truncated", &[("fields", drawn.truncated.join(", "))]));
    }
    Ok(())
}

/// `slip.png` as `slip-2.png`.
fn numbered(file: &Path, number: usize) -> PathBuf {
    let part = |part: Option<&std::ffi::OsStr>| part.and_then(|part| part.to_str()).unwrap_or_default().to_owned();
    file.with_file_name(format!("{}-{number}.{}", part(file.file_stem()), part(file.extension())))
}
