//! From settings to an open warehouse: folders, key file, database, and what a first start makes.

pub mod first;
pub mod key;
pub mod sql;

use std::path::Path;
use std::sync::Arc;

use crate::app::App;
use crate::args;
use crate::config::{Settings, without_password};
use crate::db::{Command, Db, DbError, Services, Tx};
use crate::kernel::clock::SharedClock;
use crate::kernel::ids::WarehouseId;
use crate::kernel::random::SharedRandom;
use crate::kernel::vault::Vault;
use crate::station::layouts::{self, LayoutsError};
use tallyman_labels::Layouts;

pub use first::Administrator;

crate::refusals! {
    /// Why the program can't start.
    pub enum StartError {
        /// Another process works on the database file.
        Locked { file: String } = 500 "start.locked",
        /// The database doesn't answer, or refuses.
        Unreachable { database: String, why: String } = 500 "start.unreachable",
        /// The tables are from another version of the program.
        OtherVersion { database: String, why: String } = 500 "start.other_version",
        /// A file or folder can't be read or made.
        File { file: String, why: String } = 500 "start.file",
        /// The database was made with a key file that isn't there.
        KeyMissing { key_file: String, database: String } = 500 "start.key_missing",
        /// The key file is another database's.
        KeyWrong { key_file: String, database: String } = 500 "start.key_wrong",
        /// The key file doesn't hold 32 bytes.
        KeyForm { key_file: String } = 500 "start.key_form",
        /// The certificate or its key can't be used.
        Certificate { file: String, why: String } = 500 "start.certificate",
        /// Somebody else listens there.
        PortTaken { address: String } = 500 "start.port_taken",
        /// The address can't be listened on.
        Listen { address: String, why: String } = 500 "start.listen",
        /// Shops can't be told of anything.
        Courier { why: String } = 500 "start.courier",
        /// A file of the label folder can't be used.
        Layouts { file: String, why: String } = 500 "start.layouts",
        /// The machine gives no random numbers.
        Random { why: String } = 500 "start.random",
    }
}

/// An open warehouse.
pub struct Opened {
    /// The program's shared parts.
    pub app: App,
    /// Who was made on a first start, with the one sight of their token.
    pub administrator: Option<Administrator>,
}

/// Opens the warehouse of these settings; makes it where there is none yet.
///
/// # Errors
/// [`StartError`]; nothing is left open then.
pub async fn open(settings: &Settings, clock: SharedClock, random: SharedRandom) -> Result<Opened, StartError> {
    let layouts = layouts::load(settings.label_folder.as_deref())
        .map_err(|LayoutsError { file, why }| StartError::Layouts { file, why })?;
    let database = without_password(&settings.database_url);
    make_folder(&settings.data_folder)?;
    for file in [Some(settings.key_file.as_path()), settings.database_file()].into_iter().flatten() {
        file.parent().map_or(Ok(()), make_folder)?;
    }
    let db = Db::open(&settings.database()).await.map_err(|error| explained(&database, error))?;
    match with_key(settings, (&database, &db), &clock, &random, layouts).await {
        Ok(opened) => Ok(opened),
        Err(error) => {
            db.close().await;
            Err(error)
        }
    }
}

async fn with_key(
    settings: &Settings,
    (database, db): (&str, &Db),
    clock: &SharedClock,
    random: &SharedRandom,
    layouts: Layouts,
) -> Result<Opened, StartError> {
    let known = fingerprint(db).await?;
    let key = match key::read(&settings.key_file)? {
        Some(key) => key,
        None if known.is_none() => key::make(&settings.key_file, random.as_ref())?,
        None => {
            let (key_file, database) = (settings.key_file.display().to_string(), database.to_owned());
            return Err(StartError::KeyMissing { key_file, database });
        }
    };
    let vault = Vault::new(&key);
    let print = vault.fingerprint(key::CHECKED);
    let services = Arc::new(Services { vault, random: Arc::clone(random), layouts });
    let app = App::new(db.clone(), services, Arc::clone(clock));
    let administrator = match &known {
        Some(_) => None,
        None => first::start(&app, &print).await?,
    };
    if fingerprint(db).await?.as_deref() != Some(print.as_str()) {
        let (key_file, database) = (settings.key_file.display().to_string(), database.to_owned());
        return Err(StartError::KeyWrong { key_file, database });
    }
    let (name, time_zone) = (settings.warehouse_name.clone(), settings.time_zone.clone());
    if name.is_some() || time_zone.is_some() {
        db.execute(NameWarehouse { warehouse: WarehouseId(1), name, time_zone }).await?;
    }
    Ok(Opened { app, administrator })
}

async fn fingerprint(db: &Db) -> Result<Option<String>, DbError> {
    let read = db.read(|tx| Box::pin(async move { tx.opt::<(String,)>(sql::SELECT_INSTALLATION, args![]).await }));
    Ok(read.await?.map(|(fingerprint,)| fingerprint))
}

/// The warehouse's time zone, as the database has it; UTC where this program doesn't know it.
///
/// # Errors
/// A failure of the database.
pub async fn time_zone(tx: &mut Tx<'_>, warehouse: WarehouseId) -> Result<jiff::tz::TimeZone, DbError> {
    let (name,): (String,) = tx.one("warehouse", sql::SELECT_TIME_ZONE, args![warehouse]).await?;
    Ok(jiff::tz::TimeZone::get(&name).unwrap_or(jiff::tz::TimeZone::UTC))
}

struct NameWarehouse {
    warehouse: WarehouseId,
    name: Option<String>,
    time_zone: Option<String>,
}

impl Command for NameWarehouse {
    type Out = ();
    type Error = DbError;

    async fn run(&self, tx: &mut Tx<'_>) -> Result<(), DbError> {
        let values = args![self.warehouse, self.name.as_deref(), self.time_zone.as_deref()];
        tx.exec_one("warehouse", sql::NAME_WAREHOUSE, values).await
    }
}

pub(crate) fn make_folder(folder: &Path) -> Result<(), StartError> {
    if folder.as_os_str().is_empty() || folder.is_dir() {
        return Ok(());
    }
    std::fs::create_dir_all(folder)
        .map_err(|error| StartError::File { file: folder.display().to_string(), why: error.to_string() })
}

/// The sentence behind a failure to open the database.
fn explained(database: &str, error: DbError) -> StartError {
    match error {
        DbError::Locked(file) => StartError::Locked { file },
        DbError::File(text) => StartError::File { file: database.to_owned(), why: text },
        DbError::Migrate(error) => StartError::OtherVersion { database: database.to_owned(), why: error.to_string() },
        error => StartError::Unreachable { database: database.to_owned(), why: error.to_string() },
    }
}
