//! `tallyman serve`.

use super::{Failure, complain, say, welcome};
use crate::config::Settings;
use crate::messages::{self, Language};
use crate::serve::{self, Running};

pub(super) async fn run(settings: &Settings, language: Language) -> Result<(), Failure> {
    // Before the start, so that a signal during it isn't lost.
    let mut signals = Signals::new().map_err(|error| Failure::Said(error.to_string()))?;
    let mut running: Running = tokio::select! {
        running = serve::start(settings) => running?,
        () = signals.next() => return Ok(()),
    };
    if let Some(administrator) = &running.administrator {
        welcome(administrator, language);
    }
    say(&messages::say(
        language,
        "cli.serving",
        &[("address", format!("{}://{}", if running.secure { "https" } else { "http" }, running.address))],
    ));
    let broken = tokio::select! {
        () = signals.next() => None,
        why = running.broken() => Some(why),
    };
    if broken.is_none() {
        complain(&messages::say(language, "cli.stopping", &[]));
    }
    let ended = tokio::select! {
        ended = running.stop() => ended,
        () = signals.next() => std::process::exit(130),
    };
    match broken {
        Some(why) => Err(Failure::Said(why)),
        None if ended => Ok(()),
        None => Err(Failure::Said(messages::say(language, "cli.broken_off", &[]))),
    }
}

/// The signals that end the program.
pub(super) struct Signals {
    #[cfg(unix)]
    terminate: tokio::signal::unix::Signal,
    #[cfg(unix)]
    interrupt: tokio::signal::unix::Signal,
}

impl Signals {
    #[cfg(unix)]
    pub(super) fn new() -> std::io::Result<Self> {
        use tokio::signal::unix::{SignalKind, signal};
        Ok(Self { terminate: signal(SignalKind::terminate())?, interrupt: signal(SignalKind::interrupt())? })
    }

    #[cfg(not(unix))]
    pub(super) fn new() -> std::io::Result<Self> {
        Ok(Self {})
    }

    /// Waits for the next one.
    #[cfg(unix)]
    pub(super) async fn next(&mut self) {
        tokio::select! {
            _ = self.terminate.recv() => {}
            _ = self.interrupt.recv() => {}
        }
    }

    /// Waits for the next one.
    #[cfg(not(unix))]
    pub(super) async fn next(&mut self) {
        drop(tokio::signal::ctrl_c().await);
    }
}
