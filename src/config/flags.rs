//! The settings as flags of the command line, made from the table of settings.

use std::path::PathBuf;

use clap::{Arg, ArgMatches, Args, Command, FromArgMatches};

use super::{KEYS, Key};

/// What the command line says about settings.
#[derive(Clone, Debug, Default)]
pub struct Flags {
    /// The file to read.
    pub config: Option<PathBuf>,
    /// Settings that are given as flags.
    pub given: Vec<(&'static Key, String)>,
}

const HEADING: &str = "Settings (also in tallyman.toml, and as TALLYMAN_... in the environment)";

impl Args for Flags {
    fn augment_args(command: Command) -> Command {
        let file = Arg::new("config_file")
            .long("config")
            .value_name("FILE")
            .help("The file with settings; tallyman.toml in this folder where it isn't said")
            .help_heading(HEADING)
            .global(true);
        KEYS.iter().fold(command.arg(file), |command, key| {
            let flag = Arg::new(key.name).long(key.long).value_name(key.value_name).help(key.about);
            command.arg(flag.help_heading(HEADING).global(true))
        })
    }

    fn augment_args_for_update(command: Command) -> Command {
        Self::augment_args(command)
    }
}

impl FromArgMatches for Flags {
    fn from_arg_matches(matches: &ArgMatches) -> Result<Self, clap::Error> {
        let config = matches.get_one::<String>("config_file").map(PathBuf::from);
        let given = KEYS.iter().filter_map(|key| Some((key, matches.get_one::<String>(key.name)?.clone()))).collect();
        Ok(Self { config, given })
    }

    fn update_from_arg_matches(&mut self, matches: &ArgMatches) -> Result<(), clap::Error> {
        *self = Self::from_arg_matches(matches)?;
        Ok(())
    }
}
