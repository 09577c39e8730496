//! Every setting, once: its name, what it is for, what it may say, how it is read and shown.

use std::net::SocketAddr;
use std::path::PathBuf;

use super::{LogFormat, Settings, Tls, without_password};
use crate::storefront::outbox::address::Allowed;

/// One setting.
#[derive(Debug)]
pub struct Key {
    /// Its name in the file; with `TALLYMAN_` before it and in upper case, in the environment.
    pub name: &'static str,
    /// Its flag, without `--`.
    pub long: &'static str,
    /// What stands for its value in the help.
    pub value_name: &'static str,
    /// What it is for.
    pub about: &'static str,
    /// What it may say.
    pub allowed: &'static str,
    /// Reads it; `None` where the text isn't allowed.
    pub set: fn(&mut Settings, &str) -> Option<()>,
    /// Shows it, without secrets; `None` where the database keeps it.
    pub show: fn(&Settings) -> Option<toml::Value>,
}

impl Key {
    /// Its flag.
    #[must_use]
    pub fn flag(&self) -> String {
        format!("--{}", self.long)
    }
}

impl PartialEq for Key {
    fn eq(&self, other: &Self) -> bool {
        self.name == other.name
    }
}

fn text(value: &(impl ToString + ?Sized)) -> Option<toml::Value> {
    Some(toml::Value::String(value.to_string()))
}

fn filled(value: &str, most: usize) -> Option<&str> {
    let fits = !value.is_empty() && value.chars().count() <= most && !value.chars().any(char::is_control);
    fits.then_some(value)
}

fn database_url(value: &str) -> Option<String> {
    let known = value.strip_prefix("sqlite:").is_some_and(|path| !path.trim_start_matches('/').is_empty())
        || ["postgres://", "postgresql://"]
            .iter()
            .any(|scheme| value.len() > scheme.len() && value.starts_with(scheme));
    // SQLite would take these for a database without a file.
    let fleeting = value.contains(":memory:") || value.contains('?') && value.starts_with("sqlite:");
    (known && !fleeting).then(|| value.to_owned())
}

/// The settings, in the order in which they are applied and shown.
pub const KEYS: &[Key] = &[
    Key {
        name: "data_folder",
        long: "data-folder",
        value_name: "FOLDER",
        about: "Where the database file and the key file are kept",
        allowed: "the name of a folder",
        set: |settings, value| {
            let folder = PathBuf::from(filled(value, 4096)?);
            *settings = Settings::of_folder(&folder);
            Some(())
        },
        show: |settings| text(&settings.data_folder.display()),
    },
    Key {
        name: "database_url",
        long: "database-url",
        value_name: "URL",
        about: "The database: sqlite:FILE, or postgres://USER:PASSWORD@HOST/NAME",
        allowed: "sqlite:FILE (a file, no options) or postgres://USER:PASSWORD@HOST:PORT/NAME",
        set: |settings, value| database_url(value).map(|url| settings.database_url = url),
        show: |settings| text(&without_password(&settings.database_url)),
    },
    Key {
        name: "key_file",
        long: "key-file",
        value_name: "FILE",
        about: "The 32 bytes that seal personal data; made on the first start",
        allowed: "the name of a file",
        set: |settings, value| filled(value, 4096).map(|file| settings.key_file = PathBuf::from(file)),
        show: |settings| text(&settings.key_file.display()),
    },
    Key {
        name: "listen",
        long: "listen",
        value_name: "ADDRESS",
        about: "Where the service listens; 0.0.0.0:8080 lets other machines in",
        allowed: "an IP address and a port, for example 127.0.0.1:8080 or [::]:8080",
        set: |settings, value| value.parse::<SocketAddr>().ok().map(|address| settings.listen = address),
        show: |settings| text(&settings.listen),
    },
    Key {
        name: "tls",
        long: "tls",
        value_name: "HOW",
        about: "HTTPS: off, own (a small authority of our own in the data folder), or files",
        allowed: "off, own or files",
        set: |settings, value| Tls::from_code(value).map(|tls| settings.tls = tls),
        show: |settings| text(settings.tls.code()),
    },
    Key {
        name: "tls_names",
        long: "tls-names",
        value_name: "LIST",
        about: "Names and addresses that the own certificate is for, with commas; besides this machine's name and localhost",
        allowed: "host names and IP addresses, with commas",
        set: |settings, value| {
            let names: Vec<&str> = value.split(',').map(str::trim).filter(|name| !name.is_empty()).collect();
            let fits = |name: &&str| {
                name.len() <= 253
                    && name.chars().all(|character| character.is_ascii_alphanumeric() || ".-:*".contains(character))
            };
            names.iter().all(fits).then(|| settings.tls_names = names.into_iter().map(str::to_owned).collect())
        },
        show: |settings| text(&settings.tls_names.join(",")),
    },
    Key {
        name: "tls_certificate",
        long: "tls-certificate",
        value_name: "FILE",
        about: "The certificate and those above it, as PEM, where tls is files; read again when it changes",
        allowed: "the name of a file",
        set: |settings, value| filled(value, 4096).map(|file| settings.tls_certificate = Some(PathBuf::from(file))),
        show: |settings| settings.tls_certificate.as_ref().and_then(|file| text(&file.display())),
    },
    Key {
        name: "tls_key",
        long: "tls-key",
        value_name: "FILE",
        about: "The key of the certificate, as PEM, where tls is files",
        allowed: "the name of a file",
        set: |settings, value| filled(value, 4096).map(|file| settings.tls_key = Some(PathBuf::from(file))),
        show: |settings| settings.tls_key.as_ref().and_then(|file| text(&file.display())),
    },
    Key {
        name: "max_connections",
        long: "max-connections",
        value_name: "COUNT",
        about: "Most connections to PostgreSQL",
        allowed: "a whole number from 2 to 500",
        set: |settings, value| {
            let count = value.parse::<u32>().ok().filter(|count| (2..=500).contains(count))?;
            settings.max_connections = count;
            Some(())
        },
        show: |settings| Some(toml::Value::Integer(i64::from(settings.max_connections))),
    },
    Key {
        name: "outbox_allow_private_hosts",
        long: "outbox-allow-private-hosts",
        value_name: "LIST",
        about: "Private hosts and networks that shops may be told at, also without HTTPS; with commas",
        allowed: "host names, addresses and networks with commas, for example shop.lan,10.0.0.0/8",
        set: |settings, value| {
            let list: Vec<String> =
                value.split(',').map(|entry| entry.trim().to_owned()).filter(|entry| !entry.is_empty()).collect();
            Allowed::parse(&list).ok()?;
            settings.outbox_allow_private_hosts = list;
            Some(())
        },
        show: |settings| text(&settings.outbox_allow_private_hosts.join(",")),
    },
    Key {
        name: "label_folder",
        long: "label-folder",
        value_name: "FOLDER",
        about: "A folder with label layouts (*.toml), fonts (*.otf, *.ttf) and pictures (*.png) of your own",
        allowed: "the name of a folder",
        set: |settings, value| filled(value, 4096).map(|folder| settings.label_folder = Some(PathBuf::from(folder))),
        show: |settings| settings.label_folder.as_ref().and_then(|folder| text(&folder.display())),
    },
    Key {
        name: "log_level",
        long: "log-level",
        value_name: "LEVEL",
        about: "From which level on log lines are written",
        allowed: "error, warn, info, debug or trace",
        set: |settings, value| {
            let known = ["error", "warn", "info", "debug", "trace"].contains(&value);
            known.then(|| value.clone_into(&mut settings.log_level))
        },
        show: |settings| text(&settings.log_level),
    },
    Key {
        name: "log_format",
        long: "log-format",
        value_name: "FORMAT",
        about: "How log lines look: text for people, json for programs",
        allowed: "text or json",
        set: |settings, value| LogFormat::from_code(value).map(|format| settings.log_format = format),
        show: |settings| text(&settings.log_format),
    },
    Key {
        name: "warehouse_name",
        long: "warehouse-name",
        value_name: "NAME",
        about: "The warehouse's name, as labels name the sender",
        allowed: "1 to 100 characters in one line",
        set: |settings, value| filled(value, 100).map(|name| settings.warehouse_name = Some(name.to_owned())),
        show: |settings| settings.warehouse_name.as_ref().and_then(text),
    },
    Key {
        name: "time_zone",
        long: "time-zone",
        value_name: "ZONE",
        about: "The warehouse's time zone, for labels and for dates that name none",
        allowed: "a name of the IANA time zone database, for example Asia/Shanghai or Europe/Berlin",
        set: |settings, value| jiff::tz::TimeZone::get(value).ok().map(|_| settings.time_zone = Some(value.to_owned())),
        show: |settings| settings.time_zone.as_ref().and_then(text),
    },
];
