//! The settings: defaults, then one TOML file, then the environment (`TALLYMAN_...`), then flags; the later wins.
//!
//! Each setting stands once in [`keys::KEYS`]; file, environment, flags, help and `tallyman config` are made from it. A
//! bad value names its key, where it came from, what it says, and what is allowed. Secrets are never shown.

mod flags;
mod keys;

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};

pub use flags::Flags;
pub use keys::{KEYS, Key};

/// The file that is read where none is named, if it is there.
pub const USUAL_FILE: &str = "tallyman.toml";
/// What names of environment variables begin with.
const PREFIX: &str = "TALLYMAN_";

crate::codes! {
    /// How log lines look.
    pub enum LogFormat {
        /// For people.
        Text = "text",
        /// For programs: one JSON object a line.
        Json = "json",
    }
}

crate::codes! {
    /// Whether the service speaks HTTPS, and by which certificate.
    pub enum Tls {
        /// It doesn't.
        Off = "off",
        /// By one of an own small authority in the data folder.
        Own = "own",
        /// By given files.
        Files = "files",
    }
}

/// What the program runs with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Settings {
    /// Where the database file and the key file are, unless they are named by themselves.
    pub data_folder: PathBuf,
    /// `sqlite:FILE` or `postgres://...`; may hold a password.
    pub database_url: String,
    /// The 32 bytes that seal personal data.
    pub key_file: PathBuf,
    /// Where the service listens.
    pub listen: SocketAddr,
    /// Whether it speaks HTTPS.
    pub tls: Tls,
    /// Names and addresses that the own certificate is for, besides this machine's.
    pub tls_names: Vec<String>,
    /// The certificate's file, where files are given.
    pub tls_certificate: Option<PathBuf>,
    /// Its key's file.
    pub tls_key: Option<PathBuf>,
    /// Most connections to PostgreSQL.
    pub max_connections: u32,
    /// Hosts and networks in private networks that shops may be told at.
    pub outbox_allow_private_hosts: Vec<String>,
    /// A folder with the firm's own label layouts, fonts and pictures.
    pub label_folder: Option<PathBuf>,
    /// From which level on log lines are written.
    pub log_level: String,
    /// How they look.
    pub log_format: LogFormat,
    /// The warehouse's name, as labels name the sender; as the database has it where not given.
    pub warehouse_name: Option<String>,
    /// The warehouse's time zone, for labels and for dates without one; as the database has it where not given.
    pub time_zone: Option<String>,
}

impl Default for Settings {
    fn default() -> Self {
        Self::of_folder(Path::new("tallyman-data"))
    }
}

impl Settings {
    /// The defaults, with everything in one folder.
    #[must_use]
    pub fn of_folder(folder: &Path) -> Self {
        Self {
            data_folder: folder.to_owned(),
            database_url: format!("sqlite:{}", folder.join("tallyman.db").display()),
            key_file: folder.join("tallyman.key"),
            listen: SocketAddr::from(([127, 0, 0, 1], 8080)),
            tls: Tls::Off,
            tls_names: Vec::new(),
            tls_certificate: None,
            tls_key: None,
            max_connections: 16,
            outbox_allow_private_hosts: Vec::new(),
            label_folder: None,
            log_level: "info".to_owned(),
            log_format: LogFormat::Text,
            warehouse_name: None,
            time_zone: None,
        }
    }

    /// What the database layer needs of them.
    #[must_use]
    pub fn database(&self) -> crate::db::Settings {
        crate::db::Settings { url: self.database_url.clone(), max_connections: self.max_connections }
    }

    /// The database file, where the database is one.
    #[must_use]
    pub fn database_file(&self) -> Option<&Path> {
        self.database_url.strip_prefix("sqlite:").map(|path| Path::new(path.trim_start_matches("//")))
    }
}

/// Where a value came from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Origin {
    /// Nobody said anything.
    Default,
    /// The file.
    File(PathBuf),
    /// An environment variable.
    Environment(String),
    /// A flag of the command line.
    Flag(String),
}

impl std::fmt::Display for Origin {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Default => formatter.write_str("default"),
            Self::File(path) => write!(formatter, "file {}", path.display()),
            Self::Environment(name) => write!(formatter, "environment {name}"),
            Self::Flag(name) => write!(formatter, "flag {name}"),
        }
    }
}

/// Why the settings can't be used.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// A value isn't allowed.
    #[error("{key} = `{value}` (from {origin}) can't be used; allowed is {allowed}")]
    BadValue {
        /// The setting.
        key: &'static str,
        /// What it says; without passwords.
        value: String,
        /// Where it came from.
        origin: Origin,
        /// What it may say.
        allowed: &'static str,
    },
    /// The file names a setting that doesn't exist.
    #[error("{}: there is no setting `{key}`; there are {}", file.display(), names())]
    Unknown {
        /// The file.
        file: PathBuf,
        /// What it names.
        key: String,
    },
    /// The file can't be read.
    #[error("{}: can't be read: {why}", file.display())]
    Unreadable {
        /// The file.
        file: PathBuf,
        /// Why not.
        why: String,
    },
    /// The file is no TOML.
    #[error("{}: is no TOML: {why}", file.display())]
    NotToml {
        /// The file.
        file: PathBuf,
        /// Where and why.
        why: String,
    },
}

fn names() -> String {
    KEYS.iter().map(|key| key.name).collect::<Vec<_>>().join(", ")
}

/// The settings that are in effect, with where each came from.
#[derive(Clone, Debug)]
pub struct Config {
    /// The settings.
    pub settings: Settings,
    /// Where each came from, by its key.
    pub origins: BTreeMap<&'static str, Origin>,
    /// Environment variables that look like settings and are none. No error, because others may set such names too.
    pub strange: Vec<String>,
}

impl Config {
    /// Puts the settings together. `environment` are names and values.
    ///
    /// # Errors
    /// The first value that can't be used.
    pub fn load(flags: &Flags, environment: impl IntoIterator<Item = (String, String)>) -> Result<Self, ConfigError> {
        let (mut variables, mut strange, mut named_file) = (Vec::new(), Vec::new(), flags.config.clone());
        for (name, value) in environment {
            let Some(rest) = name.strip_prefix(PREFIX) else { continue };
            match KEYS.iter().find(|key| key.name == rest.to_ascii_lowercase()) {
                Some(key) => variables.push((key, value, Origin::Environment(name))),
                None if rest == "CONFIG" => named_file = named_file.or(Some(PathBuf::from(value))),
                // Flags of single commands, and of tests.
                None if rest == "TOKEN" || rest.starts_with("TEST_") => {}
                None => strange.push(name),
            }
        }
        strange.sort();
        let mut values = match named_file {
            Some(file) => read_file(&file)?,
            None if Path::new(USUAL_FILE).exists() => read_file(Path::new(USUAL_FILE))?,
            None => Vec::new(),
        };
        values.extend(variables);
        values.extend(flags.given.iter().map(|(key, value)| (*key, value.clone(), Origin::Flag(key.flag()))));
        let (settings, origins) = apply(values)?;
        Ok(Self { settings, origins, strange })
    }

    /// The settings as a TOML file, each with where it came from. Passwords are left out.
    #[must_use]
    pub fn to_toml(&self) -> String {
        let mut out = String::new();
        for key in KEYS {
            let origin = self.origins.get(key.name).unwrap_or(&Origin::Default);
            let line = match (key.show)(&self.settings) {
                // A value that isn't shown whole must not be read back as if it were.
                Some(value) if value.to_string().contains(HIDDEN) => format!("# {} = {value}", key.name),
                Some(value) => format!("{} = {value}", key.name),
                None => format!("# {} = not given", key.name),
            };
            out.push_str(&format!("# {}\n# from: {origin}\n{line}\n\n", key.about));
        }
        out.truncate(out.trim_end().len());
        out
    }
}

type Given = (&'static Key, String, Origin);

fn read_file(file: &Path) -> Result<Vec<Given>, ConfigError> {
    let unreadable = |error: std::io::Error| ConfigError::Unreadable { file: file.to_owned(), why: error.to_string() };
    let text = std::fs::read_to_string(file).map_err(unreadable)?;
    let not_toml = |error: toml::de::Error| {
        let line = error.span().map_or(1, |span| text.get(..span.start).unwrap_or_default().matches('\n').count() + 1);
        // The message only: the whole error shows the line itself, which may hold a password.
        ConfigError::NotToml { file: file.to_owned(), why: format!("line {line}: {}", error.message()) }
    };
    let table: toml::Table = toml::from_str(&text).map_err(not_toml)?;
    let value = |(name, value): (String, toml::Value)| {
        let unknown = || ConfigError::Unknown { file: file.to_owned(), key: name.clone() };
        let key = KEYS.iter().find(|key| key.name == name).ok_or_else(unknown)?;
        let text = match value {
            toml::Value::String(text) => text,
            other => other.to_string(),
        };
        Ok((key, text, Origin::File(file.to_owned())))
    };
    table.into_iter().map(value).collect()
}

fn apply(values: Vec<Given>) -> Result<(Settings, BTreeMap<&'static str, Origin>), ConfigError> {
    let mut effective: BTreeMap<&'static str, (&'static Key, String, Origin)> = BTreeMap::new();
    for (key, value, origin) in values {
        effective.insert(key.name, (key, value, origin));
    }
    let mut settings = Settings::default();
    let mut origins = BTreeMap::new();
    // In the order of the table: the folder stands first, because other defaults follow from it.
    for key in KEYS {
        let Some((_, value, origin)) = effective.remove(key.name) else { continue };
        if (key.set)(&mut settings, value.trim()).is_none() {
            let value = without_password(&value);
            return Err(ConfigError::BadValue { key: key.name, value, origin, allowed: key.allowed });
        }
        origins.insert(key.name, origin);
    }
    Ok((settings, origins))
}

/// What stands for a password.
const HIDDEN: &str = "***";

/// A text with the password of a URL replaced.
#[must_use]
pub fn without_password(text: &str) -> String {
    let hide_query = |rest: &str| {
        let (head, query) = rest.split_once('?').map_or((rest, None), |(head, query)| (head, Some(query)));
        let Some(query) = query else { return head.to_owned() };
        let part = |part: &str| match part.split_once('=') {
            Some((name, _)) if name.eq_ignore_ascii_case("password") => format!("{name}={HIDDEN}"),
            _ => part.to_owned(),
        };
        format!("{head}?{}", query.split('&').map(part).collect::<Vec<_>>().join("&"))
    };
    let Some((scheme, rest)) = text.split_once("://") else { return text.to_owned() };
    let Some((person, host)) = rest.rsplit_once('@') else { return format!("{scheme}://{}", hide_query(rest)) };
    let person = match person.split_once(':') {
        Some((name, _)) => format!("{name}:{HIDDEN}"),
        None => person.to_owned(),
    };
    format!("{scheme}://{person}@{}", hide_query(host))
}

#[cfg(test)]
mod tests;
