//! Looking at waves.

use std::collections::BTreeMap;

use serde::Serialize;
use utoipa::ToSchema;

use super::{WaveError, WaveState, sql};
use crate::db::Tx;
use crate::kernel::Timestamp;
use crate::kernel::ids::{OrderId, WarehouseId, WaveId};
use crate::order::model::OrderState;
use crate::{args, row};

row! {
    /// A wave in a list.
    #[derive(Debug, Clone, Serialize, ToSchema)]
    pub struct WaveSummary {
        /// Its id.
        pub id: WaveId,
        /// Its number.
        pub number: String,
        /// Where it stands.
        pub state: WaveState,
        /// What it is for.
        pub note: String,
        /// When it was made.
        pub created_at: Timestamp,
        /// When it was released.
        pub released_at: Option<Timestamp>,
        /// When it was closed or cancelled.
        pub closed_at: Option<Timestamp>,
    }
}

row! {
    /// An order of a wave.
    #[derive(Debug, Clone, Serialize, ToSchema)]
    pub struct Member {
        /// The order.
        pub order_id: OrderId,
        /// Its number.
        pub number: String,
        /// Where the order stands.
        pub order_state: OrderState,
        /// `in`, `taken_out` or `done`.
        pub state: String,
        /// Why it was taken out.
        pub reason: String,
    }
}

/// A wave with its progress.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct WaveView {
    /// The wave.
    #[serde(flatten)]
    pub wave: WaveSummary,
    /// Orders by their state in the wave.
    pub orders: BTreeMap<String, i64>,
    /// Pieces allocated.
    pub allocated: i64,
    /// Pieces picked.
    pub picked: i64,
    /// Pieces that weren't there.
    pub short: i64,
    /// Pieces taken out.
    pub taken_out: i64,
}

/// Reads a wave with its progress.
///
/// # Errors
/// [`WaveError::NotFound`], or a failure of the database.
pub async fn wave_view(tx: &mut Tx<'_>, warehouse: WarehouseId, wave: WaveId) -> Result<WaveView, WaveError> {
    let found: Option<WaveSummary> = tx.opt(sql::SELECT_VIEW, args![warehouse, wave]).await?;
    let summary = found.ok_or_else(|| WaveError::NotFound { what: "wave", code: wave.to_string() })?;
    let orders: Vec<(String, i64)> = tx.all(sql::COUNT_MEMBERS, args![wave]).await?;
    let (allocated, picked, short, taken_out): (i64, i64, i64, i64) =
        tx.one("sums", sql::SELECT_SUMS, args![wave]).await?;
    Ok(WaveView { wave: summary, orders: orders.into_iter().collect(), allocated, picked, short, taken_out })
}

/// Waves, the newest first, before `before` where given.
///
/// # Errors
/// A failure of the database.
pub async fn list(
    tx: &mut Tx<'_>,
    warehouse: WarehouseId,
    state: Option<WaveState>,
    before: Option<WaveId>,
    limit: i64,
) -> Result<Vec<WaveSummary>, WaveError> {
    let state = state.map_or("", WaveState::code);
    let before = before.map_or(0, |wave| wave.0);
    Ok(tx.all(sql::LIST, args![warehouse, state, before, limit.clamp(1, 1000)]).await?)
}

/// The orders of a wave, behind `after`.
///
/// # Errors
/// A failure of the database.
pub async fn members(tx: &mut Tx<'_>, wave: WaveId, after: OrderId, limit: i64) -> Result<Vec<Member>, WaveError> {
    Ok(tx.all(sql::LIST_ORDERS, args![wave, after, limit.clamp(1, 1000)]).await?)
}
