//! What the floor's screens do: one scan after another, each answered with a signal, a sentence and the next step.
//!
//! The step lives here and not on the device. A scan is one operation: it finds the person's step, sees what was scanned, does
//! what the domains offer for it, and writes down the step that follows. It decides nothing about stock itself.

mod amiss;
pub mod batch;
pub mod code;
pub mod elsewhere;
pub mod model;
pub mod out;
pub mod pack;
pub mod pick;
pub mod scan;
pub mod sql;
pub mod station_view;
pub mod stow;
pub mod view;
pub mod wall;

use crate::db::DbError;
use crate::refusal::Refusal;
use code::Code;
use model::Said;

/// Why a scan leads to nothing: the sentence that the person reads, or a failure of the database.
#[derive(Debug)]
pub enum FloorError {
    /// What was scanned isn't what the step wants, or a domain refuses.
    Refused(Said),
    /// The database failed.
    Db(DbError),
}

impl From<DbError> for FloorError {
    fn from(error: DbError) -> Self {
        Self::Db(error)
    }
}

impl crate::db::AsDbError for FloorError {
    fn as_db(&self) -> Option<&DbError> {
        match self {
            Self::Db(error) => Some(error),
            Self::Refused(_) => None,
        }
    }
}

/// A refusal of the floor itself.
pub(crate) fn refused(id: &'static str, facts: &[(&'static str, &dyn std::fmt::Display)]) -> FloorError {
    FloorError::Refused(Said::new(id, facts))
}

/// What was scanned, and what the step wants instead.
fn wrong_kind(code: &Code, wanted: &'static str) -> FloorError {
    match code {
        Code::Unknown(text) => refused("floor.unknown_code", &[("code", text), ("wanted", &wanted)]),
        Code::Command(_) | Code::Choice(..) => refused("floor.not_here", &[]),
        other => refused("floor.wrong_kind", &[("kind", &other.kind()), ("wanted", &wanted)]),
    }
}

/// A domain's refusal as the sentence that the person reads.
fn of_domain(refusal: &dyn Refusal) -> FloorError {
    let facts = refusal.facts().into_iter().map(|(name, value)| (name.to_owned(), value)).collect();
    FloorError::Refused(Said { id: refusal.code().to_owned(), facts })
}

macro_rules! domains {
    ($($path:ident :: $error:ident),+ $(,)?) => { $(
        impl From<crate::$path::$error> for FloorError {
            fn from(error: crate::$path::$error) -> Self {
                match error {
                    crate::$path::$error::Db(error) => Self::Db(error),
                    refusal => of_domain(&refusal),
                }
            }
        }
    )+ };
}

domains!(
    picking::PickError,
    packing::PackError,
    stock::StockError,
    people::PeopleError,
    shipping::ShippingError,
    station::StationError,
    wall::WallError,
    putaway::PutAwayError
);
