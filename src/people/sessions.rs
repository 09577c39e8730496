//! Somebody at a screen: a session begins with a login, and ends by itself, by its owner, or by whoever may end it.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{PeopleError, sql};
use crate::db::{Command, DbError, Op, Operation, Tx};
use crate::kernel::Timestamp;
use crate::kernel::actor::Right;
use crate::kernel::ids::{PersonId, SessionId, WarehouseId};
use crate::{args, row};

crate::codes! {
    /// How somebody logged in.
    pub enum Way {
        /// With a badge, and a PIN where their rights are strong.
        Badge = "badge",
        /// With number and password.
        Password = "password",
    }
}

impl Way {
    /// How long a session may go without a sign of its owner: half an hour on the floor, half a day in the office.
    #[must_use]
    pub const fn idle_ms(self) -> i64 {
        match self {
            Self::Badge => 30 * 60 * 1000,
            Self::Password => LONGEST_MS,
        }
    }
}

/// No session lasts longer than twelve hours.
pub const LONGEST_MS: i64 = 12 * 60 * 60 * 1000;
/// A sign of life is written down at most this often.
pub const TOUCH_MS: i64 = 60 * 1000;

crate::codes! {
    /// How a person's screens look.
    pub enum Theme {
        /// As the screen is made: dark on handhelds, light in the office.
        Own = "",
        /// Light on dark.
        Dark = "dark",
        /// Dark on light.
        Light = "light",
    }
}

crate::codes! {
    /// The hand whose thumb works the lower bar.
    pub enum Hand {
        /// The right one.
        Right = "right",
        /// The left one.
        Left = "left",
    }
}

/// What is known of a session besides its person.
#[derive(Clone, Debug)]
pub struct Session {
    /// Its id.
    pub id: SessionId,
    /// How it began.
    pub way: Way,
    /// How its screens look.
    pub theme: Theme,
    /// The hand whose thumb works the lower bar.
    pub hand: Hand,
    /// The station that the browser stands at; empty for none.
    pub station: String,
    /// When its owner was last seen, to the minute.
    pub seen_at: Timestamp,
}

/// Begins a session for the person who acts. The attempt was looked at before.
#[derive(Debug, Serialize)]
pub struct BeginSession {
    /// How they logged in.
    pub way: Way,
    /// What the browser calls itself.
    pub device: String,
    /// SHA-256 of the cookie.
    #[serde(skip)]
    pub hash: String,
}

/// A session that has begun.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct SessionBegun {
    /// Its id.
    pub session_id: SessionId,
}

impl Operation for BeginSession {
    const KIND: &'static str = "session.begin";
    type Answer = SessionBegun;
    type Error = DbError;

    async fn run(&self, op: &mut Op<'_, '_>) -> Result<SessionBegun, DbError> {
        let (person, at) = (op.person(), op.at());
        let device: String = self.device.chars().take(200).collect();
        op.tx.exec(sql::FORGIVE, args![person]).await?;
        let values = args![person, &self.hash, self.way, &device, at, at.plus_ms(LONGEST_MS)];
        let (session_id,): (SessionId,) = op.tx.one("session", sql::INSERT_SESSION, values).await?;
        let data = serde_json::json!({ "session": session_id, "way": self.way, "device": device });
        op.record("session.begun", ("person", person.0), &data);
        Ok(SessionBegun { session_id })
    }
}

/// Ends a session by its cookie: its owner logs out.
#[derive(Debug, Serialize)]
pub struct LogOut {
    /// SHA-256 of the cookie.
    pub hash: String,
}

/// A session has ended.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct SessionEnded {
    /// False where it had ended before.
    pub ended: bool,
}

impl Operation for LogOut {
    const KIND: &'static str = "session.log_out";
    type Answer = SessionEnded;
    type Error = DbError;

    async fn run(&self, op: &mut Op<'_, '_>) -> Result<SessionEnded, DbError> {
        let at = op.at();
        let ended: Option<(PersonId, SessionId)> = op.tx.opt(sql::END_SESSION_BY_HASH, args![&self.hash, at]).await?;
        if let Some((person, session)) = ended {
            op.record("session.ended", ("person", person.0), &serde_json::json!({ "session": session }));
        }
        Ok(SessionEnded { ended: ended.is_some() })
    }
}

/// Ends a session, by somebody who may.
#[derive(Debug, Serialize)]
pub struct EndSession {
    /// Which.
    pub session: SessionId,
}

impl Operation for EndSession {
    const KIND: &'static str = "session.end";
    type Answer = SessionEnded;
    type Error = PeopleError;

    async fn run(&self, op: &mut Op<'_, '_>) -> Result<SessionEnded, PeopleError> {
        if !op.may(Right::PeopleManage) {
            return Err(PeopleError::Forbidden { right: Right::PeopleManage.code() });
        }
        let (warehouse, at) = (op.warehouse(), op.at());
        let found: Option<(PersonId,)> = op.tx.opt(sql::SELECT_SESSION_PERSON, args![warehouse, self.session]).await?;
        let Some((person,)) = found else {
            return Err(PeopleError::NotFound { what: "session", code: self.session.to_string() });
        };
        // Nothing below may fail for a business reason.
        let ended = op.tx.exec(sql::END_SESSION, args![self.session, at]).await? == 1;
        op.record("session.ended", ("person", person.0), &serde_json::json!({ "session": self.session }));
        Ok(SessionEnded { ended })
    }
}

/// Writes down that somebody is still there.
pub struct Touch {
    /// Whose session.
    pub session: SessionId,
    /// Now.
    pub at: Timestamp,
}

impl Command for Touch {
    type Out = u64;
    type Error = DbError;

    async fn run(&self, tx: &mut Tx<'_>) -> Result<u64, DbError> {
        tx.exec(sql::TOUCH_SESSION, args![self.session, self.at]).await
    }
}

/// Binds the browser of a session to the station that it stands at.
#[derive(Debug, Serialize)]
pub struct StandAt {
    /// The session.
    pub session: SessionId,
    /// The station's code; empty to leave it.
    pub station: String,
}

impl Operation for StandAt {
    const KIND: &'static str = "session.station";
    type Answer = super::ops::PersonChanged;
    type Error = PeopleError;

    async fn run(&self, op: &mut Op<'_, '_>) -> Result<super::ops::PersonChanged, PeopleError> {
        let warehouse = op.warehouse();
        if !self.station.is_empty() {
            let values = args![warehouse, &self.station];
            let known: Option<(crate::kernel::ids::StationId,)> =
                op.tx.opt(crate::station::sql::SELECT_STATION_ID, values).await?;
            known.ok_or_else(|| PeopleError::NotFound { what: "station", code: self.station.clone() })?;
        }
        // Nothing below may fail for a business reason.
        op.tx.exec(sql::SET_SESSION_STATION, args![self.session, &self.station]).await?;
        Ok(super::ops::PersonChanged {})
    }
}

row! {
    /// A session as a list shows it.
    #[derive(Debug, Clone, Serialize, ToSchema)]
    pub struct SessionView {
        /// Its id.
        pub id: SessionId,
        /// Whose it is.
        pub person: String,
        /// How it began.
        pub way: Way,
        /// What the browser calls itself.
        pub device: String,
        /// The station that it stands at.
        pub station: String,
        /// Since when.
        pub created_at: Timestamp,
        /// When its owner was last seen, to the minute.
        pub seen_at: Timestamp,
        /// When it ends by itself.
        pub expires_at: Timestamp,
    }
}

/// The open sessions of a warehouse, the liveliest first.
///
/// # Errors
/// A failure of the database.
pub async fn list(tx: &mut Tx<'_>, warehouse: WarehouseId, now: Timestamp) -> Result<Vec<SessionView>, DbError> {
    tx.all(sql::LIST_SESSIONS, args![warehouse, now]).await
}
