//! `tallyman station`: the program of a packing PC. Without a warehouse and without a database.

use std::path::PathBuf;
use std::sync::Arc;

use clap::Args;
use tokio::sync::watch;

use super::serve::Signals;
use super::{Failure, complain, say};
use crate::kernel::clock::SystemClock;
use crate::kernel::random::SystemRandom;
use crate::messages::{self, Language};
use crate::station::agent::run::{self, Options, Told};
use crate::station::attempt::Outcome;
use crate::station::devices::{DeviceRole, DeviceState, Happened, StationEvent};
use crate::station::faults;

/// Be the packing PC of a station: own its scanner and scale, print its labels, and stay connected to the service.
#[derive(Args)]
pub(super) struct Station {
    /// Where the service is, as http://192.168.1.10:8080 or https://tallyman.example.
    #[arg(long, value_name = "URL")]
    server: String,
    /// The token of a person with the role station; better in the environment, where no list of programs shows it.
    #[arg(long, env = "TALLYMAN_TOKEN", hide_env_values = true)]
    token: String,
    /// Which station this is; the only one that has a packing PC where it isn't said.
    #[arg(long, value_name = "CODE")]
    station: Option<String>,
    /// Where scans and print jobs are kept that the service has not heard of yet.
    #[arg(long, value_name = "FOLDER", default_value = "tallyman-station")]
    spool: PathBuf,
}

pub(super) async fn run(asked: Station, language: Language) -> Result<(), Failure> {
    let mut signals = Signals::new().map_err(|error| Failure::Said(error.to_string()))?;
    let (stop, told) = watch::channel(false);
    let options = Options {
        server: asked.server,
        token: asked.token.trim().to_owned(),
        station: asked.station,
        spool: asked.spool,
        language,
    };
    let tells = Arc::new(move |told| tell(told, language));
    let mut running = Box::pin(run::run(options, Arc::new(SystemClock), Arc::new(SystemRandom), tells, told));
    let ended = tokio::select! {
        ended = &mut running => ended,
        () = signals.next() => {
            complain(&messages::say(language, "cli.station_stopping", &[]));
            stop.send_replace(true);
            tokio::select! {
                ended = &mut running => ended,
                () = signals.next() => std::process::exit(130),
            }
        }
    };
    ended.map_err(|error| Failure::Said(error.to_string()))
}

fn tell(told: Told, language: Language) {
    let word = |code: &str, facts: &[(&'static str, String)]| messages::say(language, code, facts);
    match told {
        Told::Here { station, version } => {
            say(&word("cli.station_here", &[("station", station), ("version", version)]));
        }
        Told::Away { why } => complain(&word("cli.station_away", &[("why", why)])),
        Told::Refused(sentence) => complain(&sentence),
        Told::Stands(role, state) => stands(role, state, language),
        Told::Event(event) => happened(&event, language),
        Told::Full(event) => {
            complain(&word("cli.station_full", &[("scan", event.text.unwrap_or_default())]));
        }
        Told::Ended(attempt, outcome) => {
            let job = [("job", attempt.job.to_string())];
            match outcome {
                Outcome::Printed { .. } => say(&word("cli.job_printed", &job)),
                Outcome::Sent => say(&word("cli.job_sent", &job)),
                Outcome::InDoubt { .. } => complain(&word("cli.job_doubt", &job)),
                Outcome::Held { fault, .. } => {
                    complain(&format!("{} {}", word("cli.job_held", &job), faults::sentence(&fault, language)));
                }
                Outcome::Unprintable { error } => complain(&error),
            }
        }
        Told::Disk(why) => complain(&word("cli.station_disk", &[("why", why)])),
    }
}

fn stands(role: DeviceRole, state: Option<DeviceState>, language: Language) {
    let name = messages::say(language, &format!("device.{}", role.code()), &[]);
    match state {
        Some(DeviceState { address, fault, .. }) if fault.is_empty() => say(&format!("+ {name}  {address}")),
        Some(DeviceState { address, fault, .. }) => {
            complain(&format!("- {name}  {address}  {}", faults::sentence(&fault, language)));
        }
        None => say(&format!("- {name}")),
    }
}

fn happened(event: &StationEvent, language: Language) {
    match (event.event, &event.text, event.grams) {
        (Happened::Scan, Some(text), _) => say(&format!("    {}", text.replace('\u{1d}', "<GS>"))),
        (Happened::Unreadable, ..) => complain(&messages::say(language, "cli.scan_unreadable", &[])),
        (Happened::Weight, _, Some(grams)) => {
            say(&messages::say(language, "cli.weight", &[("weight", format!("{grams} g"))]));
        }
        (Happened::Empty, ..) => say(&messages::say(language, "cli.scale_empty", &[])),
        (Happened::Silent, ..) => complain(&messages::say(language, "cli.scale_silent", &[])),
        _ => {}
    }
}
