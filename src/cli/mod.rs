//! The command line: one file per command. What a person reads is in their language where the catalogue has it.

mod config;
mod demo;
mod devices;
mod import;
mod label;
mod serve;
mod station;
mod token;
mod verify;

use std::io::IsTerminal as _;
use std::io::Write as _;
use std::process::ExitCode;
use std::sync::Arc;

use clap::{Parser, Subcommand};
use tracing_subscriber::EnvFilter;

use crate::config::{Config, ConfigError, Flags, LogFormat, Origin, Settings};
use crate::kernel::clock::SystemClock;
use crate::kernel::random::SystemRandom;
use crate::messages::{self, Language};
use crate::refusal::Refusal;
use crate::setup::{self, Administrator, Opened, StartError};

/// Runs the warehouse of an online shop: orders in, stock by lot, waves, picking, packing, labels, hand-over.
#[derive(Parser)]
#[command(name = "tallyman", version, arg_required_else_help = true, max_term_width = 110)]
struct Tallyman {
    #[command(subcommand)]
    command: Command,
    #[command(flatten)]
    flags: Flags,
}

#[derive(Subcommand)]
enum Command {
    /// Run the service until it is told to end (Ctrl-C or SIGTERM).
    Serve,
    Demo(demo::Demo),
    Import(import::Import),
    Devices(devices::Devices),
    Station(station::Station),
    /// Print the udev rules that let a group use printers, scanners and scales.
    UdevRules(devices::UdevRules),
    #[command(subcommand)]
    Label(label::Label),
    /// Make, list and end tokens, with which people's devices and programs use the API.
    #[command(subcommand)]
    Token(token::Token),
    /// Rebuild every balance from the ledger and compare; exit 1 where anything disagrees.
    Verify(verify::Verify),
    /// Show the settings in effect and where each came from, as TOML; never a password.
    Config,
}

/// Why a command failed.
#[derive(Debug)]
enum Failure {
    /// The settings can't be used.
    Config(ConfigError),
    /// Something was refused; the catalogue has the sentence.
    Refused(Box<dyn Refusal>),
    /// A sentence.
    Said(String),
    /// Everything was said already.
    Told,
}

impl<E: Refusal> From<E> for Failure {
    fn from(refusal: E) -> Self {
        Self::Refused(Box::new(refusal))
    }
}

/// Runs the command of this process.
#[must_use]
pub fn main() -> ExitCode {
    let language = language(|name| std::env::var(name).ok());
    let Tallyman { command, flags } = Tallyman::parse();
    let failure = match Config::load(&flags, std::env::vars()) {
        Ok(config) => match run(command, &config, language) {
            Ok(()) => return ExitCode::SUCCESS,
            Err(failure) => failure,
        },
        Err(error) => Failure::Config(error),
    };
    let (code, sentence) = match failure {
        Failure::Config(error) => (2, error.to_string()),
        Failure::Refused(refusal) => (1, sentence(refusal.as_ref(), language)),
        Failure::Said(sentence) => (1, sentence),
        Failure::Told => (1, String::new()),
    };
    if !sentence.is_empty() {
        complain(&sentence);
    }
    ExitCode::from(code)
}

fn run(command: Command, config: &Config, language: Language) -> Result<(), Failure> {
    match &command {
        Command::Config => return config::run(config),
        Command::Label(label) => return label::run(&config.settings, label, language),
        Command::UdevRules(asked) => return devices::rules(asked),
        _ => {}
    }
    let said = config.origins.get("log_level").is_some_and(|origin| *origin != Origin::Default);
    // The demo tells its own story; each request of its people would drown it.
    let quiet = matches!(command, Command::Demo(_) | Command::Devices(_) | Command::Station(_));
    let level = if quiet && !said { "warn" } else { &config.settings.log_level };
    start_log(level, config.settings.log_format);
    for name in &config.strange {
        tracing::warn!(name, "this environment variable looks like a setting, and there is none of that name");
    }
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build();
    let runtime = runtime.map_err(|error| Failure::Said(error.to_string()))?;
    runtime.block_on(async {
        match command {
            Command::Serve => serve::run(&config.settings, language).await,
            Command::Demo(demo) => demo::run(config, demo, language).await,
            Command::Import(import) => import::run(&config.settings, import, language).await,
            Command::Token(token) => token::run(&config.settings, token, language).await,
            Command::Verify(verify) => verify::run(&config.settings, &verify, language).await,
            Command::Devices(asked) => devices::run(asked, language).await,
            Command::Station(asked) => station::run(asked, language).await,
            // They were run above: they need no database.
            Command::Config | Command::Label(_) | Command::UdevRules(_) => Ok(()),
        }
    })
}

/// A refusal's sentence; a failure of the database says itself what is wrong, because here the administrator reads it.
fn sentence(refusal: &dyn Refusal, language: Language) -> String {
    match refusal.database() {
        Some(error) => error.to_string(),
        None => messages::say(language, refusal.code(), &refusal.facts()),
    }
}

/// The language of the environment, as programs of a terminal choose it.
fn language(variable: impl Fn(&str) -> Option<String>) -> Language {
    let chosen = ["LC_ALL", "LC_MESSAGES", "LANG"].into_iter().filter_map(variable).find(|value| !value.is_empty());
    match chosen {
        Some(locale) if locale.to_ascii_lowercase().starts_with("zh") => Language::ZhCn,
        _ => Language::En,
    }
}

fn start_log(level: &str, format: LogFormat) {
    let filter = EnvFilter::new(format!(
        "{level},sqlx=warn,hyper=warn,h2=warn,rustls=warn,reqwest=warn,rustls_platform_verifier=off"
    ));
    let colours = std::io::stderr().is_terminal();
    let log = tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr).with_ansi(colours);
    // Fails where a log was started before, which is fine.
    match format {
        LogFormat::Text => drop(log.try_init()),
        LogFormat::Json => drop(log.json().flatten_event(true).try_init()),
    }
}

/// Opens the warehouse for a command that ends by itself.
async fn open(settings: &Settings, language: Language) -> Result<crate::app::App, StartError> {
    let Opened { app, administrator } = setup::open(settings, Arc::new(SystemClock), Arc::new(SystemRandom)).await?;
    if let Some(administrator) = &administrator {
        welcome(administrator, language);
    }
    Ok(app)
}

/// Tells the administrator's token, the one time.
fn welcome(administrator: &Administrator, language: Language) {
    let facts = [
        ("number", administrator.number.to_owned()),
        ("password", administrator.password.clone()),
        ("token", administrator.token.clone()),
    ];
    complain(&messages::say(language, "cli.first_start", &facts));
}

/// Writes a line of result. A reader that is gone is no error.
fn say(line: &str) {
    drop(writeln!(std::io::stdout().lock(), "{line}"));
}

/// Writes a line that is no result.
fn complain(line: &str) {
    drop(writeln!(std::io::stderr().lock(), "{line}"));
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory as _;

    use super::*;

    #[test]
    fn the_command_line_is_sound() {
        Tallyman::command().debug_assert();
    }

    #[test]
    fn the_language_is_the_terminals() {
        let of = |given: &[(&str, &str)]| {
            language(|name| given.iter().find(|(key, _)| *key == name).map(|(_, value)| (*value).to_owned()))
        };
        assert_eq!(of(&[("LANG", "zh_CN.UTF-8")]), Language::ZhCn);
        assert_eq!(of(&[("LANG", "zh_CN.UTF-8"), ("LC_ALL", "en_GB.UTF-8")]), Language::En);
        assert_eq!(of(&[("LANG", "zh_CN"), ("LC_ALL", "")]), Language::ZhCn);
        assert_eq!(of(&[]), Language::En);
    }
}
